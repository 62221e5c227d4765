"""What each row of a sheet would do: add, change, nothing; or why it cannot be taken. Writes
nothing.

Empty cells and columns that were not chosen leave what is there as it is.
"""

from __future__ import annotations

import asyncio
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from danshu.hub import authorities, sheet_cells, sheet_files, sheet_targets
from danshu.hub.sheet_cells import Wrong
from danshu.hub.sheet_kinds import KEYS
from danshu.hub.sheet_targets import Key
from danshu.kernel.limits import SHEET_VALUE_CHARS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.sheet_columns import Columns
    from danshu.hub.sheet_files import Form
    from danshu.hub.sheet_kinds import Kind
    from danshu.hub.sheet_targets import Connection, Present


class Outcome(IntEnum):
    """What becomes of a row; the value is what the database keeps."""

    NEW = 1
    CHANGED = 2
    SAME = 3
    REJECTED = 4

    @property
    def word(self) -> str:
        """The word in the API."""
        return self.name.lower()


class Row(Struct, kw_only=True, eq=False):
    """A row of the sheet: what it says, what was there, what would be, or why not."""

    line: int
    key: Key = ()
    given: dict[str, Any] = {}
    before: dict[str, Any] | None = None
    after: dict[str, Any] = {}
    made: Any = None
    outcome: Outcome = Outcome.SAME
    wrong: Wrong | None = None


async def check(
    connection: Connection, tenant: int, kind: Kind, body: bytes, form: Form, columns: Columns
) -> list[Row]:
    """Read a whole sheet and say what each row would do. Raises InputError for an unreadable
    file.
    """
    references = await sheet_targets.read_references(connection, tenant, kind.name)
    rows = await asyncio.to_thread(_read, kind, body, form, columns, references)
    keys = [row.key for row in rows if row.wrong is None]
    present = await sheet_targets.read_present(connection, tenant, kind.name, keys)
    present.foreign = await authorities.read_foreign(connection, tenant, kind.name)
    await asyncio.to_thread(judge, kind, rows, present)
    return rows


def _read(
    kind: Kind,
    body: bytes,
    form: Form,
    columns: Columns,
    references: sheet_cells.References,
) -> list[Row]:
    rows: list[Row] = []
    width = len(sheet_files.header_of(body, form))
    seen: dict[Key, int] = {}
    for line, cells in sheet_files.rows(body, form):
        if any(cells[width:]):
            surplus = next(c for c in cells[width:] if c)
            wrong = Wrong(field="", reason="cells", value=surplus[:SHEET_VALUE_CHARS])
            rows.append(Row(line=line, wrong=wrong))
            continue
        given = sheet_cells.read_row(kind, columns, cells, references)
        if isinstance(given, Wrong):
            rows.append(Row(line=line, wrong=given))
            continue
        key = sheet_targets.key_of(kind.name, given)
        row = Row(line=line, key=key, given=given)
        if key in seen:
            last = KEYS[kind.name][-1]
            row.wrong = Wrong(field=last, reason="twice", value=str(key[-1]), detail=str(seen[key]))
        else:
            seen[key] = line
        rows.append(row)
    return rows


def judge(kind: Kind, rows: Sequence[Row], present: Present) -> None:
    """Say of each row what it would do to what is present."""
    room = sheet_targets.ROOM.get(kind.name, 0)
    left = room - present.total
    for row in rows:
        if row.wrong is None:
            row.wrong = _judge(kind, row, present)
        if row.wrong is None and row.outcome is Outcome.NEW and room:
            left -= 1
            if left < 0:
                row.wrong = Wrong(field=kind.key[0], reason="too_many", detail=str(room))
        if row.wrong is not None:
            row.outcome = Outcome.REJECTED


def _judge(kind: Kind, row: Row, present: Present) -> Wrong | None:
    before = present.rows.get(row.key)
    row.before = before
    values = {**before, **row.given} if before is not None else row.given
    made = sheet_cells.convert(kind, values)
    if isinstance(made, Wrong):
        return made
    row.made = made
    row.after = {name: _plain(getattr(made, name)) for name in made.__struct_fields__}
    if kind.name == "stock":
        if before is None and row.key[1] not in present.skus:
            return Wrong(field="sku", reason="unknown", value=row.key[1])
        reserved = present.reserved.get(row.key, 0)
        if row.after["on_hand"] < reserved:
            value = str(row.after["on_hand"])
            return Wrong(
                field="on_hand", reason="below_reserved", value=value, detail=str(reserved)
            )
    if kind.name == "bundles":
        wrong = _judge_part(row, present)
        if wrong is not None:
            return wrong
    if before is not None:
        for name, source in present.foreign.items():
            if row.after[name] != before[name]:
                value = str(row.after[name])[:SHEET_VALUE_CHARS]
                return Wrong(field=name, reason="authority", value=value, detail=source)
    if before is None:
        row.outcome = Outcome.NEW
    elif all(row.after[name] == before[name] for name in row.after):
        row.outcome = Outcome.SAME
    else:
        row.outcome = Outcome.CHANGED
    return None


def _judge_part(row: Row, present: Present) -> Wrong | None:
    """A component is a SKU of the merchant, and neither it nor the bundle is the other's kind."""
    bundle, sku = row.key
    if sku in present.bundles or sku == bundle:
        return Wrong(field="sku", reason="nested", value=sku)
    if bundle in present.parts:
        return Wrong(field="bundle", reason="nested", value=bundle)
    if sku not in present.skus:
        return Wrong(field="sku", reason="unknown", value=sku)
    return None


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, int) else value


def count(rows: Sequence[Row]) -> dict[str, int]:
    """Count the rows by what becomes of them."""
    counts = {o.word: 0 for o in Outcome}
    for row in rows:
        counts[row.outcome.word] += 1
    return counts
