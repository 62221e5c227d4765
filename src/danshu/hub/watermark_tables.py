"""Marks Arrow tables, invents rows in them, and reports what that does to their use.

pyarrow is imported late: a server that gives no copies never loads it.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct

from danshu.capabilities.watermark import cells, codes, embed, honey
from danshu.capabilities.watermark.cells import ABSENT
from danshu.capabilities.watermark.model import Plan
from danshu.hub import watermark_plans
from danshu.kernel.errors import ProgramError
from danshu.kernel.limits import HONEY_EVERY_ROWS, HONEY_ROWS, WATERMARK_ROWS

if TYPE_CHECKING:
    from danshu.capabilities.watermark.model import Carrier

Table = Any  # pyarrow.Table
_SPACE: Final = 1_000
"""How many times the rows a pattern's keys must be, so that no real one is met by chance."""
_SHIFT_S: Final = 1_800


class Use(Struct, frozen=True, kw_only=True):
    """What marking did to a table's use: cells that changed, by how much at most in their column's
    last digit, whether hours (of instants) and all other columns are what they were.
    """

    changed: int
    cells: int
    most: int
    same_minutes: bool
    same_others: bool


class Made(Struct, frozen=True, kw_only=True):
    """A marked table with its plan, invented rows, their keys' pattern, its digest, the report."""

    table: Table
    plan: Plan
    honey: int
    pattern: str
    digest: str
    use: Use


def make(secret: bytes, code_no: int, table: Table, plan: Plan, *, with_honey: bool = True) -> Made:
    """Mark a table with a copy's code, and add invented rows where its key can be imitated.

    Raises ProgramError for a table of more than WATERMARK_ROWS rows.
    """
    if table.num_rows > WATERMARK_ROWS:
        raise ProgramError(f"more than {WATERMARK_ROWS} rows are not marked at once")
    marked = mark_rows(secret, codes.code(secret, code_no), table, plan)
    use = compare(table, marked, plan)
    pattern, count = "", 0
    if with_honey:
        marked, count, pattern = _add_honey(secret, code_no, marked, plan)
    return Made(
        table=marked,
        plan=plan,
        honey=count,
        pattern=pattern if count else "",
        digest=digest_rows(marked),
        use=use,
    )


def mark_rows(secret: bytes, code: codes.Bits, table: Table, plan: Plan) -> Table:
    """Give the table with the code in its carriers' last digits."""
    if not plan.carriers:
        return table
    keys = [
        cells.read_keys(
            [part.kind for part in parts], [_listed(table.column(p.name)) for p in parts]
        )
        for parts in plan.keys
    ]
    digits = [_read(table.column(c.name), c) for c in plan.carriers]
    for carrier, column in zip(plan.carriers, embed.mark(secret, code, keys, digits), strict=True):
        at = table.column_names.index(carrier.name)
        made = _write(table.column(carrier.name), carrier, column)
        table = table.set_column(at, table.schema.field(at), made)
    return table


def _listed(column: Any) -> list[Any]:
    if watermark_plans.read_kind(column) == "instant":
        return [
            0 if second is None else second
            for second in watermark_plans.read_seconds(column).to_pylist()
        ]
    listed: list[Any] = column.to_pylist()
    return listed


def _read(column: Any, carrier: Carrier) -> cells.Integers:
    """Read a column's digits as whoever reads the file later will."""
    if carrier.kind == "instant":
        read = np.asarray(watermark_plans.read_seconds(column).fill_null(0)).astype(np.int64)
        return np.where(cells.is_second(read), read, ABSENT)
    return cells.read_digits(carrier, column.to_pylist())


def _write(column: Any, carrier: Carrier, digits: cells.Integers) -> Any:
    """Put marked digits back into a column of its own type; absent ones stay as they were."""
    import pyarrow as pa

    mask = digits == ABSENT
    if carrier.kind == "decimal":
        scale = 10**carrier.digits
        if pa.types.is_decimal(column.type):
            import decimal

            made = [
                None if m else decimal.Decimal(d).scaleb(-carrier.digits)
                for d, m in zip(digits.tolist(), mask.tolist(), strict=True)
            ]
            fresh = pa.array(made, column.type)
        else:
            fresh = pa.array(np.where(mask, 0, digits) / scale, column.type)
    else:
        whole = np.where(mask, 0, digits)
        if carrier.kind == "instant":
            per = 1_000
            if pa.types.is_timestamp(column.type):
                per = {"s": 1, "ms": 1_000, "us": 10**6, "ns": 10**9}[column.type.unit]
            old = np.asarray(column.cast(pa.int64()).fill_null(0)).astype(np.int64)
            whole = whole * per + old % per
        fresh = pa.array(whole, pa.int64()).cast(column.type)
    import pyarrow.compute as pc

    return pc.if_else(pa.array(mask), column, fresh)


def compare(before: Table, after: Table, plan: Plan) -> Use:
    """Report what marking changed of a table's use."""
    changed = most = total = 0
    same_minutes = True
    for carrier in plan.carriers:
        was, now = (_read(t.column(carrier.name), carrier) for t in (before, after))
        seen = was != ABSENT
        moved = np.abs(now[seen] - was[seen])
        total += int(seen.sum())
        changed += int((moved != 0).sum())
        most = max(most, int(moved.max(initial=0)))
        if carrier.kind == "instant":
            same_minutes &= bool((now[seen] // 60 == was[seen] // 60).all())
    names = {carrier.name for carrier in plan.carriers}
    others = [name for name in before.column_names if name not in names]
    return Use(
        changed=changed,
        cells=total,
        most=most,
        same_minutes=same_minutes,
        same_others=bool(before.select(others).equals(after.select(others))),
    )


def digest_rows(table: Table) -> str:
    """Give the SHA-256 of a table's rows as an Arrow stream, hex."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return hashlib.sha256(sink.getvalue()).hexdigest()


def _add_honey(secret: bytes, code_no: int, table: Table, plan: Plan) -> tuple[Table, int, str]:
    """Add rows that look like others. Their money and counts are 0, so that sums stay exact."""
    import pyarrow as pa

    wanted = min(HONEY_ROWS, table.num_rows // HONEY_EVERY_ROWS)
    first = plan.keys[0] if plan.keys else ()
    if not wanted or len(first) != 1 or first[0].kind != "text":
        return table, 0, ""
    name = first[0].name
    known = {cells.read_text(v) for v in table.column(name).to_pylist()}
    pattern = honey.read_pattern([v for v in known if v])
    if honey.count_keys(pattern) < _SPACE * table.num_rows:
        return table, 0, ""
    donors = honey.choose_rows(secret, code_no, wanted, table.num_rows)
    rows = table.take(pa.array(donors)).to_pylist()
    look = _Look(secret, code_no, table, plan, name, pattern)
    made = [look.invent(number, row) for number, row in enumerate(rows)]
    fresh = [row for row in made if row[name] not in known]
    invented = pa.Table.from_pylist(fresh, schema=table.schema)
    places = np.concatenate([np.arange(table.num_rows), np.array(donors[: len(fresh)]) + 0.5])
    order = np.argsort(places, kind="stable")
    return pa.concat_tables([table, invented]).take(pa.array(order)), len(fresh), pattern


class _Look:
    """What an invented row of a table looks like."""

    def __init__(
        self, secret: bytes, code_no: int, table: Table, plan: Plan, key: str, pattern: str
    ) -> None:
        self._secret, self._code_no = secret, code_no
        self._patterns = {key: (pattern, b"key")}
        self._carriers = {c.name: c for c in plan.carriers}
        self._zeros = set()
        for field in table.schema:
            kind = watermark_plans.read_kind(table.column(field.name))
            if field.name == key or field.name in self._carriers:
                continue
            if (
                kind == "text"
                and watermark_plans.tell_apart(table, [field.name]) >= watermark_plans.UNIQUE
            ):
                texts = table.column(field.name).unique().slice(0, honey.SAMPLE).to_pylist()
                made = honey.read_pattern([t for t in texts if t])
                if made:
                    self._patterns[field.name] = (made, field.name.encode())
            elif kind in {"whole", "decimal"}:
                self._zeros.add(field.name)

    def invent(self, number: int, row: dict[str, Any]) -> dict[str, Any]:
        """Make a row of one that is there."""
        for name, (pattern, salt) in self._patterns.items():
            row[name] = honey.make_key(self._secret, self._code_no, number, pattern, salt)
        for name in self._zeros:
            row[name] = type(row[name])(0) if row[name] is not None else None
        shift = self._shift(number)
        for name, carrier in self._carriers.items():
            if row[name] and carrier.kind == "instant":
                row[name] = _later(row[name], shift)
        return row

    def _shift(self, number: int) -> int:
        told = b"shift\0%d\0%d" % (self._code_no, number)
        drawn = int.from_bytes(hmac.digest(self._secret, told, hashlib.sha256))
        return drawn % (2 * _SHIFT_S) - _SHIFT_S


def _later(at: Any, seconds: int) -> Any:
    import datetime

    if isinstance(at, datetime.datetime):
        return at + datetime.timedelta(seconds=seconds)
    return at + 1000 * seconds
