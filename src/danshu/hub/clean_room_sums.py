"""Sums of the clean room: exact figures by group, each person bounded; then noise on them.

One person counts in PRIVACY_CELLS groups and with a bounded value in each, so that noise of that
scale hides them (capabilities/protection/privacy.py). The noise follows from a secret and the
question, so that the same question has the same answer.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.licensing import asking
from danshu.capabilities.licensing.model import day_of
from danshu.capabilities.protection import noise
from danshu.hub import asset_extracts, asset_store, assets, data_gates
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import CLEAN_ROOM_GROUPS, PRIVACY_CELLS

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Sequence

    from danshu.capabilities.licensing.asking import (
        BroughtKeys,
        Condition,
        Figure,
        RoomQuestion,
    )
    from danshu.capabilities.licensing.model import CleanRoom, LicenceTerms

ROWS_MOST: Final = 10
"""Rows of one person that count in a group."""
TOO_MANY: Final = Refusal(
    code="too_many_groups", reason=f"一次作答最多 {CLEAN_ROOM_GROUPS} 组",
    reason_en=f"An answer has at most {CLEAN_ROOM_GROUPS} groups", clause="clean_room.groups",
)  # fmt: skip
_PERSON: Final = "_who"


class RoomGroup(Struct, frozen=True, kw_only=True):
    """A group: its keys in the order of `by`, its figures in the order that they were asked in."""

    keys: tuple[str, ...]
    figures: tuple[int, ...]


class RoomFigure(Struct, frozen=True, kw_only=True):
    """A figure as it is told: 95 of 100 answers lie within `plus_minus` of the truth."""

    what: str
    column: str
    plus_minus: int


class Told(Struct, frozen=True, kw_only=True):
    """What was worked out: exact figures by group, people first; the state of the data."""

    state: str
    cells: dict[tuple[str, ...], tuple[int, ...]]


def work_out(
    tenant: int,
    terms: LicenceTerms,
    question: RoomQuestion,
    keys: BroughtKeys | None,
    salt: str,
) -> Told | Refusal:
    """Work out exact figures, each person bounded, in a thread. Raises InputError `bad_column`."""
    room = terms.clean_room
    asset = data_gates.find_asset(terms.asset)
    most = {one.column: one.most for one in room.sums} if room else {}
    with asset_store.open_store(assets.place(), tenant) as store:
        rows = asset_extracts.name_persons(store, store.rows(asset))
        person = asset_extracts.PERSON
        rows = rows.mutate(**{_PERSON: rows[person].fill_null(rows["stream"].cast("string"))})
        must_have(rows.columns, (*question.by, *most))
        for condition in question.where:
            kept = _filter(rows, condition)
            if kept is None:
                return asking.CONDITION
            rows = rows.filter(kept)
        if keys is not None:
            wanted = _match(store, rows, keys, salt)
            rows = rows.filter(rows[keys.column].isin(wanted))
        cells = store.read(_bound(rows, question, most), CLEAN_ROOM_GROUPS + 1)
        state = store.index.state_of(asset.sources)
    if cells.num_rows > CLEAN_ROOM_GROUPS:
        return TOO_MANY
    columns = [column.to_pylist() for column in cells.columns]
    count = len(question.by)
    found = {
        tuple([str(v if v is not None else "") for v in row[:count]]): tuple(
            [int(v or 0) for v in row[count:]]
        )
        for row in zip(*columns, strict=True)
    }
    return Told(state=state, cells=found)


def must_have(columns: Sequence[str], wanted: Sequence[str]) -> None:
    """Look whether rows of detail have the columns. Raises InputError `unknown_column`."""
    missing = sorted(set(wanted) - set(columns))
    if missing:
        raise InputError("unknown_column", f"rows of detail have no column {missing[0]!r}")


def _filter(rows: Any, condition: Condition) -> Any:
    column = rows[condition.column]
    is_number = column.type().is_integer()
    if any(isinstance(value, int) != is_number for value in condition.values):
        return None
    first = condition.values[0]
    told: dict[str, Callable[[], Any]] = {
        "eq": lambda: column == first,
        "ne": lambda: column != first,
        "lt": lambda: column < first,
        "le": lambda: column <= first,
        "gt": lambda: column > first,
        "ge": lambda: column >= first,
        "in": lambda: column.isin(list(condition.values)),
    }
    return told[condition.operator]()


def _match(store: asset_store.Store, rows: Any, keys: BroughtKeys, salt: str) -> list[Any]:
    """Find the values of a column whose hashes were brought; nothing of them is kept."""
    brought = set(keys.hashes)
    values = store.read(rows.select(keys.column).distinct()).column(0).to_pylist()
    return [v for v in values if v is not None and hash_key(salt, v) in brought]


def hash_key(salt: str, value: str | int) -> str:
    """Hash a value as a licensee does: SHA-256 (hex) of the salt and the value, UTF-8."""
    return hashlib.sha256(f"{salt}{value}".encode()).hexdigest()


def _bound(rows: Any, question: RoomQuestion, most: dict[str, int]) -> Any:
    """Give the expression of people and figures by group: a person counts in PRIVACY_CELLS groups
    and with a bounded value in each.
    """
    import ibis

    by = list(question.by)
    sums = [f.column for f in question.figures if f.what == "sum"]
    per = rows.group_by([_PERSON, *by]).aggregate(
        _n=rows.count(), **{f"_s{at}": rows[name].sum() for at, name in enumerate(sums)}
    )
    window = ibis.window(group_by=_PERSON, order_by=by or [_PERSON])
    kept = per.mutate(_r=ibis.row_number().over(window))
    kept = kept.filter(kept["_r"] < PRIVACY_CELLS)
    told: dict[str, Any] = {"_people": kept.count()}
    for at, figure in enumerate(question.figures):
        if figure.what == "rows":
            told[f"_f{at}"] = kept["_n"].clip(0, ROWS_MOST).sum()
        elif figure.what == "sum":
            column = kept[f"_s{sums.index(figure.column)}"].fill_null(0)
            told[f"_f{at}"] = column.clip(0, most[figure.column]).sum()
    return kept.group_by(by).aggregate(**told) if by else kept.aggregate(**told)


def publish(
    told: Told, question: RoomQuestion, room: CleanRoom, secret: bytes, digest: str
) -> tuple[tuple[RoomGroup, ...], int]:
    """Add the noise, and keep the groups that cover enough people, exactly and as told."""
    groups, held_back = [], 0
    for keys, (people, *others) in sorted(told.cells.items()):
        below = asking.below_of(secret, f"{digest}/{'/'.join(keys)}")
        seen = max(0, noise.add(people, PRIVACY_CELLS, room.step, below))
        figures, rest = [], iter(others)
        for figure in question.figures:
            if figure.what == "people":
                figures.append(seen)
                continue
            scale = _sensitivity(figure, room)
            figures.append(noise.add(next(rest), scale, room.step, below))
        if min(people, seen) < room.group_min:
            held_back += 1
            continue
        groups.append(RoomGroup(keys=keys, figures=tuple(figures)))
    return tuple(groups), held_back


def _sensitivity(figure: Figure, room: CleanRoom) -> int:
    if figure.what == "people":
        return PRIVACY_CELLS
    if figure.what == "rows":
        return PRIVACY_CELLS * ROWS_MOST
    return PRIVACY_CELLS * next(s.most for s in room.sums if s.column == figure.column)


def tell(figure: Figure, room: CleanRoom) -> RoomFigure:
    scale = _sensitivity(figure, room) * 1_000 / room.step
    return RoomFigure(what=figure.what, column=figure.column, plus_minus=round(scale * _LN_20))


_LN_20: Final = 2.9957  # ninety-five of a hundred draws of Laplace lie within so many scales


def salt_of(secret: bytes, licence: uuid.UUID, now_ms: int) -> str:
    """Give the salt of a licence for a day (hex): other days' hashes cannot be compared with it."""
    message = msgspec.json.encode([str(licence), day_of(now_ms).isoformat()])
    return hmac.new(secret, message, "sha256").hexdigest()
