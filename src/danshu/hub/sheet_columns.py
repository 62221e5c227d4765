"""Which column is which field: proposed from the names of the columns, then chosen."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta, Struct

from danshu.hub.fields import PLAIN
from danshu.hub.sheet_kinds import fold
from danshu.kernel.errors import InputError
from danshu.kernel.limits import SHEET_HEADER_ROWS, SHEET_VALUE_CHARS, TABLE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.hub.sheet_kinds import Field, Kind

_Text = Annotated[str, Meta(max_length=SHEET_VALUE_CHARS, pattern=PLAIN)]
# The unit stands in brackets or after a stroke, as in 重量(kg) and 价格/元.
_UNIT: Final = re.compile(r"^(.*?)\s*(?:[((\[【]\s*([^))\]】]*)\s*[))\]】]|/\s*(\S{1,8}))\s*$")


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a field comes from: column `at` (from 0) in `unit`, or `fixed` for every row."""

    at: Annotated[int, Meta(ge=-1, lt=TABLE_COLUMNS)] = -1
    unit: Annotated[str, Meta(max_length=16)] = ""
    fixed: _Text = ""


Columns = dict[str, Source]


class Chosen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a sheet is to be read: the row of the names (from 1), the tab, and the columns.

    Without `columns` they are proposed again, for another tab or row of names.
    """

    header_row: Annotated[int, Meta(ge=1, le=SHEET_HEADER_ROWS)] = 1
    sheet: _Text = ""
    columns: Annotated[dict[str, Source], Meta(max_length=64)] | None = None


def signature(kind: Kind, header: Sequence[str]) -> bytes:
    """Name a sheet by its columns, so that the next one like it is read the same way."""
    return hashlib.sha256("\x1f".join((kind.name, *header)).encode()).digest()


def find_header_row(kind: Kind, first: Sequence[Sequence[str]]) -> int:
    """Find the row that names the columns, from 1: titles may stand above it."""
    scores = [
        sum(_match(kind, cell) is not None for cell in row) if any(row) else -1 for row in first
    ]
    best = max(scores, default=0)
    return scores.index(best) + 1 if scores else 1


def propose(kind: Kind, header: Sequence[str], samples: Sequence[Sequence[str]]) -> Columns:
    """Propose a column for each field that can be recognised; each column once."""
    found: dict[str, tuple[int, Source]] = {}
    for at, name in enumerate(header):
        match = _match(kind, name)
        if match is None:
            continue
        field, unit, rank = match
        if not unit and field.units:
            cells = [row[at] for row in samples if at < len(row)]
            unit = field.decimals if field.decimals and any("." in c for c in cells) else field.unit
        if field.name not in found or rank < found[field.name][0]:
            found[field.name] = (rank, Source(at=at, unit=unit))
    return {f.name: found[f.name][1] for f in kind.fields if f.name in found}


def _match(kind: Kind, name: str) -> tuple[Field, str, int] | None:
    """Give the field of a column's name with its unit, and how far down the names it stood."""
    bare, said = name, ""
    found = _UNIT.match(name)
    if found:
        bare, said = found[1], found[2] or found[3] or ""
    for rank_of_name, text in enumerate((fold(name), fold(bare))):
        if not text:
            continue
        for field in kind.fields:
            if text == fold(field.name):
                return field, field.units[0].name if field.units else "", 0
            names = [fold(n) for n in (field.zh, field.en, *field.also)]
            unit = _unit(field, said) if rank_of_name else ""
            if text in names and (not rank_of_name or unit or not field.units or not said):
                return field, unit, names.index(text) + 1
            for u in field.units:  # 重量kg, weight kg
                if any(text == n + fold(w) for n in names for w in u.words):
                    return field, u.name, len(names) + 1
    return None


def _unit(field: Field, said: str) -> str:
    word = fold(said)
    return next((u.name for u in field.units if word in map(fold, u.words)), "")


def check(kind: Kind, header: Sequence[str], columns: Mapping[str, Source]) -> None:
    """Refuse columns that do not go together. Raises InputError with the field as the place."""
    taken: dict[int, str] = {}
    known = {f.name: f for f in kind.fields}
    for name, source in columns.items():
        place = f"/columns/{name[:64]}"
        field = known.get(name)
        if field is None:
            raise InputError("bad_columns", f"{kind.name} have no field {name[:64]!r}", place)
        if (source.at >= 0) == bool(source.fixed):
            raise InputError("bad_columns", "give a column or a fixed value", place)
        if source.at >= len(header):
            raise InputError("bad_columns", f"there are {len(header)} columns", place)
        if source.at in taken:
            also = taken[source.at]
            raise InputError("bad_columns", f"the column is taken by {also!r} already", place)
        if source.at >= 0:
            taken[source.at] = name
        if field.units and source.unit not in {u.name for u in field.units}:
            units = ", ".join(u.name for u in field.units)
            raise InputError("bad_columns", f"the unit is one of {units}", place)
        if source.unit and not field.units:
            raise InputError("bad_columns", "the field has no unit", place)
    for name in kind.key:
        if name not in columns:
            raise InputError(
                "bad_columns",
                f"{name!r} tells the rows apart: choose its column",
                f"/columns/{name}",
            )
    if len(columns) == len(kind.key):
        raise InputError("bad_columns", "choose at least one column beside the key", "/columns")
