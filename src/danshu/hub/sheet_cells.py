"""From cells to values: numbers as people write them, units, words for classes, names for codes."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.routing.policy.fields import KINDS
from danshu.hub.fields import PLAIN
from danshu.hub.sheet_kinds import fold, words
from danshu.kernel.limits import SHEET_VALUE_CHARS, TABLE_CELL_CHARS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from danshu.hub.sheet_columns import Source
    from danshu.hub.sheet_kinds import Field, Kind

# A number with what may stand around it: ¥1,234.50 元, 500g, 24 小时
_NUMBER: Final = re.compile(r"^[¥¥$]?\s*([-+−]?(?:\d[\d,]*(?:\.\d*)?|\.\d+))\s*(\D{0,12})$")
_WHOLE: Final = re.compile(r"^[0-9]{1,9}$", re.ASCII)
_CLOCK: Final = re.compile(r"^(\d{1,2})[::](\d{2})(?:[::]00)?$")
_DAY_SHARE: Final = re.compile(r"^0?\.\d+$")  # a spreadsheet's time of day: 0.75 is 18:00
_SPLIT: Final = re.compile(r"[,,、;;/|+\s]+")
_FORMULA: Final = ("=", "@")
_PLACE: Final = re.compile(r"^(.*?) - at `\$\.?([^`]*)`$", re.DOTALL)
_MISSING: Final = re.compile(r"missing required field `(\w+)`")
_BOUND: Final = re.compile(r"(<=|>=|<|>)\s*(-?\d+)")
_PLAIN: Final = re.compile(PLAIN)


class Wrong(Struct, frozen=True, kw_only=True):
    """Why a row cannot be taken: the field, the reason's code, the cell, what would be right."""

    field: str
    reason: str
    value: str = ""
    detail: str = ""


class Names(Struct, frozen=True, kw_only=True):
    """Codes of a kind, and what they are called; None where several are called so.

    `is_open`: a code that is not among them is taken as it is.
    """

    codes: frozenset[str]
    by_name: dict[str, str | None]
    is_open: bool = False


References = dict[str, Names]


def read_row(
    kind: Kind, columns: Mapping[str, Source], cells: Sequence[str], references: References
) -> dict[str, Any] | Wrong:
    """Give what a row says: a value for each field whose cell is not empty."""
    given: dict[str, Any] = {}
    for name, source in columns.items():
        field = kind.field(name)
        cell = source.fixed if source.at < 0 else cells[source.at] if source.at < len(cells) else ""
        if not cell:
            continue
        value = _read(field, cell, source.unit, references)
        if isinstance(value, Wrong):
            return value
        given[name] = value
    for name in kind.key:
        if name not in given:
            return Wrong(field=name, reason="required")
    return given


def convert(kind: Kind, values: Mapping[str, Any]) -> Struct | Wrong:
    """Make the API's row of values, within its bounds."""
    try:
        made: Struct = msgspec.convert(dict(values), kind.row)
    except msgspec.ValidationError as error:
        return _wrong(str(error), values)
    return made


def _wrong(message: str, values: Mapping[str, Any]) -> Wrong:
    missing = _MISSING.search(message)
    if missing:
        return Wrong(field=missing[1], reason="required")
    found = _PLACE.match(message)
    what, field = (found[1], found[2]) if found else (message, "")
    value = str(values.get(field, ""))[:SHEET_VALUE_CHARS]
    bound = _BOUND.search(what)
    if bound:
        reason = "long" if "length" in what else "range"
        return Wrong(field=field, reason=reason, value=value, detail=f"{bound[1]} {bound[2]}")
    if "regex" in what:
        is_plain = _PLAIN.match(value) is not None
        return Wrong(
            field=field,
            reason="form" if is_plain else "characters",
            value=value,
            detail="a-z 0-9 -" if is_plain else "",
        )
    return Wrong(field=field, reason="form", value=value, detail=what[:SHEET_VALUE_CHARS])


def _read(field: Field, cell: str, unit: str, references: References) -> Any:
    """Give the value of a cell that is not empty, or what is wrong with it."""
    if len(cell) > TABLE_CELL_CHARS:
        return _bad(field, "long", cell, f"<= {TABLE_CELL_CHARS}")
    if cell.startswith(_FORMULA):
        return _bad(field, "formula", cell)
    if not _PLAIN.match(cell):
        return _bad(field, "characters", "")
    return _READERS[field.type](field, cell, unit, references)


def _read_text(field: Field, cell: str, unit: str, references: References) -> Any:
    return cell


def _read_code(field: Field, cell: str, unit: str, references: References) -> Any:
    names = references.get(field.of)
    if names is None or cell in names.codes:
        return cell
    found = names.by_name.get(fold(cell), "")
    if found is None:
        return _bad(field, "ambiguous", cell)
    return found or (cell if names.is_open else _bad(field, "unknown", cell))


def _number(field: Field, cell: str, unit: str) -> tuple[Decimal, str] | Wrong:
    """Read a number and its unit: the one that the cell names, else the column's."""
    found = _NUMBER.match(unicodedata.normalize("NFKC", cell))
    if not found:
        return _bad(field, "number", cell)
    said = fold(found[2])
    if said:
        unit = next((u.name for u in field.units if said in map(fold, u.words)), "")
        if not unit:
            return _bad(field, "number", cell)
    try:
        return Decimal(found[1].replace(",", "").replace("−", "-")), unit
    except InvalidOperation:
        return _bad(field, "number", cell)


def _read_integer(field: Field, cell: str, unit: str, references: References) -> Any:
    return _scaled(field, cell, unit, 1)


def _read_amount(field: Field, cell: str, unit: str, references: References) -> Any:
    return _scaled(field, cell, unit, 0)


def _scaled(field: Field, cell: str, unit: str, times: int) -> Any:
    read = _number(field, cell, unit)
    if isinstance(read, Wrong):
        return read
    number, unit = read
    times = times or next(u.times for u in field.units if u.name == unit)
    if abs(number) >= 10**15:
        return _bad(field, "range", cell, "< 1000000000000000")
    exact = number * times
    if exact != exact.to_integral_value() and not field.rounds:
        return _bad(field, "decimals", cell)
    return int(exact.to_integral_value())


def _read_storage(field: Field, cell: str, unit: str, references: References) -> Any:
    bit = words().storage.get(fold(cell), 0)
    if not bit and _WHOLE.match(cell) and int(cell) in words().storage_names:
        bit = int(cell)
    return bit or _bad(field, "word", cell, "、".join(words().storage_names.values()))


def _read_storages(field: Field, cell: str, unit: str, references: References) -> Any:
    if _WHOLE.match(cell):
        return int(cell)
    bits = 0
    for word in _SPLIT.split(cell):
        bit = words().storage.get(fold(word), 0)
        if word and not bit:
            return _bad(field, "word", word, "、".join(words().storage_names.values()))
        bits |= bit
    return bits


def _read_building(field: Field, cell: str, unit: str, references: References) -> Any:
    for value, zh, en in KINDS:
        if fold(cell) in (value, fold(zh), fold(en)):
            return value
    return _bad(field, "word", cell, "、".join(zh for _, zh, _ in KINDS))


def _read_clock(field: Field, cell: str, unit: str, references: References) -> Any:
    if _WHOLE.match(cell):
        return int(cell)
    found = _CLOCK.match(cell)
    if found and int(found[1]) <= 24 and int(found[2]) < 60:
        return int(found[1]) * 60 + int(found[2])
    if _DAY_SHARE.match(cell):
        return round(Decimal(cell) * 1440)
    return _bad(field, "form", cell, "18:00")


def _bad(field: Field, reason: str, cell: str, detail: str = "") -> Wrong:
    return Wrong(field=field.name, reason=reason, value=cell[:SHEET_VALUE_CHARS], detail=detail)


_READERS: Final[dict[str, Callable[[Field, str, str, References], Any]]] = {
    "text": _read_text,
    "code": _read_code,
    "integer": _read_integer,
    "amount": _read_amount,
    "storage": _read_storage,
    "storages": _read_storages,
    "clock": _read_clock,
    "building": _read_building,
}
