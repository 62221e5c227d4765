"""Questions to the clean room 数据洁净室: what a licensee may ask, read from a small part of SQL.

A question is not run as it was written. It is read into figures, groups and conditions over
licensed columns, and the room makes its own query of these: what cannot be said so (a row, a
subquery, a join, a function, a column that is not licensed) cannot be asked.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from danshu.kernel.errors import Refusal
from danshu.kernel.limits import CLEAN_ROOM_CHARS, CLEAN_ROOM_FILTERS, CLEAN_ROOM_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from danshu.capabilities.licensing.model import CleanRoom

Operator = Literal["eq", "ne", "lt", "le", "gt", "ge", "in"]
What = Literal["people", "rows", "sum"]
PEOPLE: Final = "people"
ROWS: Final = "rows"
_PERSON: Final = "person"
_OPERATORS: Final[dict[str, Operator]] = {
    "EQ": "eq", "NEQ": "ne", "LT": "lt", "LTE": "le", "GT": "gt", "GTE": "ge",
}  # fmt: skip


class Figure(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A figure: distinct people, rows, or the sum of a column."""

    what: What
    column: str = ""


class Condition(Struct, frozen=True, kw_only=True):
    """A condition on a licensed column."""

    column: str
    operator: Operator
    values: tuple[str | int, ...]


class RoomQuestion(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A question: figures by groups, under conditions that all hold."""

    figures: tuple[Figure, ...]
    by: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()


class BroughtKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values of a licensed column that the licensee brings: SHA-256 (hex) of the day's salt and the
    value, both UTF-8; only rows with one of these count.
    """

    column: Annotated[str, Meta(min_length=1, max_length=64)]
    hashes: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[0-9a-f]{64}(?![\s\S])")], ...],
        Meta(min_length=1, max_length=CLEAN_ROOM_KEYS),
    ]


def _no(code: str, zh: str, en: str) -> Refusal:
    return Refusal(code=code, reason=zh, reason_en=en, clause=f"clean_room.{code}")


UNREADABLE: Final = _no("unreadable", "问题无法解析", "The question cannot be read")
ONE_SELECT: Final = _no("one_select", "只能是一条 SELECT", "One SELECT and nothing else")
ONE_TABLE: Final = _no(
    "one_table", "只能查这份授权的资产,不可连接、子查询",
    "Only the licensed asset can be asked: no joins, no subqueries",
)  # fmt: skip
NO_ROWS: Final = _no(
    "aggregates_only", "只给汇总,不给明细行", "Sums and counts by groups, never rows"
)
FUNCTION: Final = _no(
    "function", "只可用 COUNT(*)、COUNT(DISTINCT person)、SUM(列)",
    "Only COUNT(*), COUNT(DISTINCT person) and SUM(column)",
)  # fmt: skip
COLUMN: Final = _no("column", "有的列不在洁净室授权之内", "A column is not licensed for this")
CONDITION: Final = _no(
    "condition", "条件只能是授权列与常量的比较,以 AND 相连",
    "Conditions compare a licensed column with constants, joined by AND",
)  # fmt: skip
TOO_LONG: Final = _no("too_long", "问题过长", "The question is too long")
FEW_KEYS: Final = _no("few_keys", "带来的键少于最小组人数", "Fewer keys than the smallest group")


def read(sql: str, asset: str, room: CleanRoom) -> RoomQuestion | Refusal:
    """Read a question about an asset; its table is called as the asset is, or `asset`."""
    import sqlglot
    from sqlglot import exp

    if len(sql) > CLEAN_ROOM_CHARS:
        return TOO_LONG
    try:
        told = sqlglot.parse(sql, read="duckdb")
    except (sqlglot.errors.SqlglotError, RecursionError):
        return UNREADABLE
    if len(told) != 1 or not isinstance(told[0], exp.Select):
        return ONE_SELECT
    select = told[0]
    known = {"kind", "expressions", "from", "from_", "where", "group", "order", "hint"}
    if any(value for name, value in select.args.items() if name not in known) or select.args.get(
        "kind"
    ):
        return ONE_TABLE if select.args.get("joins") or select.args.get("with_") else ONE_SELECT
    if not _is_asset(select, asset) or len(list(select.find_all(exp.Select))) > 1:
        return ONE_TABLE
    return _compose(select, room)


def _is_asset(select: Any, asset: str) -> bool:
    from sqlglot import exp

    tables = list(select.find_all(exp.Table))
    if len(tables) != 1 or any(v for k, v in tables[0].args.items() if k not in ("this",)):
        return False
    return isinstance(tables[0].this, exp.Identifier) and tables[0].name in (asset, "asset")


def _compose(select: Any, room: CleanRoom) -> RoomQuestion | Refusal:
    by = _read_groups(select, room)
    if isinstance(by, Refusal):
        return by
    figures: list[Figure] = []
    for one in select.expressions:
        told = _read_output(one.unalias(), by, room)
        if isinstance(told, Refusal):
            return told
        if told is not None and told not in figures:
            figures.append(told)
    if not figures:
        return NO_ROWS
    where = _read_where(select, room)
    if isinstance(where, Refusal):
        return where
    return RoomQuestion(
        figures=tuple(figures),
        by=by,
        where=tuple(sorted(where, key=lambda c: (c.column, c.operator, str(c.values)))),
    )


def _read_groups(select: Any, room: CleanRoom) -> tuple[str, ...] | Refusal:
    from sqlglot import exp

    group = select.args.get("group")
    if group is None:
        return ()
    if any(value for name, value in group.args.items() if name != "expressions"):
        return FUNCTION
    names = []
    for one in group.expressions:
        if not isinstance(one, exp.Column) or one.name not in room.by:
            return COLUMN
        names.append(one.name)
    return tuple(dict.fromkeys(names))


def _read_output(one: Any, by: tuple[str, ...], room: CleanRoom) -> Figure | Refusal | None:
    from sqlglot import exp

    if isinstance(one, exp.Column):
        return None if one.name in by else NO_ROWS
    if isinstance(one, exp.Star):
        return NO_ROWS
    if isinstance(one, exp.Count):
        if isinstance(one.this, exp.Star) and not one.expressions:
            return Figure(what="rows")
        inner = one.this
        if isinstance(inner, exp.Distinct) and [_name(c) for c in inner.expressions] == [_PERSON]:
            return Figure(what="people")
        return FUNCTION
    if isinstance(one, exp.Sum):
        name = _name(one.this)
        return Figure(what="sum", column=name) if name in _sums(room) else COLUMN
    return FUNCTION


def _name(one: Any) -> str:
    from sqlglot import exp

    return one.name if isinstance(one, exp.Column) else ""


def _sums(room: CleanRoom) -> set[str]:
    return {one.column for one in room.sums}


def _read_where(select: Any, room: CleanRoom) -> list[Condition] | Refusal:
    where = select.args.get("where")
    if where is None:
        return []
    parts = _and(where.this)
    if len(parts) > CLEAN_ROOM_FILTERS:
        return TOO_LONG
    found = []
    for part in parts:
        told = _read_condition(part.unnest(), room)
        if isinstance(told, Refusal):
            return told
        found.append(told)
    return found


def _and(whole: Any) -> list[Any]:
    """Take apart what AND joins."""
    from sqlglot import exp

    if not isinstance(whole, exp.And):
        return [whole]
    return [*_and(whole.left), *_and(whole.right)]


def _read_condition(part: Any, room: CleanRoom) -> Condition | Refusal:
    from sqlglot import exp

    operator = _OPERATORS.get(type(part).__name__.upper())
    if isinstance(part, exp.In) and not part.args.get("query"):
        column, values = part.this, [_literal(v) for v in part.expressions]
        operator = "in"
    elif operator is not None:
        column, values = part.this, [_literal(part.expression)]
    else:
        return CONDITION
    if not isinstance(column, exp.Column) or not values or None in values:
        return CONDITION
    if column.name not in room.by:
        return COLUMN
    told = tuple(sorted((v for v in values if v is not None), key=lambda v: (str(type(v)), v)))
    return Condition(column=column.name, operator=operator, values=told)


def _literal(one: Any) -> str | int | None:
    from sqlglot import exp

    if isinstance(one, exp.Neg) and isinstance(one.this, exp.Literal) and one.this.is_int:
        return -int(one.this.this)
    if not isinstance(one, exp.Literal):
        return None
    if one.is_string:
        return str(one.this)
    return int(one.this) if one.is_int else None


def digest(question: RoomQuestion, keys: BroughtKeys | None, state: str) -> str:
    """Give the digest (SHA-256, hex) of a question over data in a state: the same question gets the
    same answer, so that asking again and again averages nothing out.
    """
    brought = [keys.column, sorted(keys.hashes)] if keys else None
    body = msgspec.json.encode([question, brought, state], order="sorted")
    return hashlib.sha256(body).hexdigest()


def below_of(secret: bytes, digest_: str) -> Callable[[int], int]:
    """Give uniform numbers in [0, n), n up to 2^64, that follow from a secret and a question: its
    noise is the same whenever it is asked, and nobody without the secret can tell it.
    """
    stream = _stream(secret, digest_)

    def below(n: int) -> int:
        span = 1 << 64
        bound = span - span % n
        while True:
            drawn = next(stream)
            if drawn < bound:
                return drawn % n

    return below


def _stream(secret: bytes, digest_: str) -> Iterator[int]:
    at = 0
    while True:
        block = hashlib.blake2b(f"{digest_}/{at}".encode(), key=secret[:64], digest_size=64)
        told = block.digest()
        yield from (int.from_bytes(told[i : i + 8], "big") for i in range(0, 64, 8))
        at += 1
