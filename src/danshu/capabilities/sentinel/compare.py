"""What a platform lists of an order against what we have of it: exact, field by field."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.sentinel.model import Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LISTED: Final = "/listing"  # ends the subject of what a listing found of an order
COMPARED: Final = (
    "address_mismatch",
    "amount_mismatch",
    "illegal_transition",
    "quantity_mismatch",
    "sku_mismatch",
)


class Side(Struct, frozen=True, kw_only=True):
    """An order as one side has it: units by SKU, total in minor units, region code ("" = not
    known), whether it is closed, and the side's own word for its status.
    """

    units: tuple[tuple[str, int], ...]
    total: int
    region: str = ""
    is_closed: bool = False
    status: str = ""


def units_of(lines: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """Add up units by SKU."""
    counted: Counter[str] = Counter()
    for sku, quantity in lines:
        counted[sku] += quantity
    return tuple(sorted(counted.items()))


def compare(ours: Side, theirs: Side) -> Iterator[Found]:
    """Give each difference; of a closed order only that it is closed on one side."""
    if theirs.is_closed != ours.is_closed:
        cause = "closed_there" if theirs.is_closed else "closed_here"
        yield _found("illegal_transition", cause, {"status": theirs.status}, ours.total)
        return
    if ours.is_closed:
        return
    here, there = dict(ours.units), dict(theirs.units)
    if here.keys() != there.keys():
        only_there = sorted(there.keys() - here.keys()) or [""]
        only_here = sorted(here.keys() - there.keys()) or [""]
        told: dict[str, str | int] = {"here": only_here[0], "there": only_there[0]}
        yield _found("sku_mismatch", "sku_differs", told, ours.total)
    elif here != there:
        sku = min(sku for sku in here if here[sku] != there[sku])
        told = {"sku": sku, "here": here[sku], "there": there[sku]}
        yield _found("quantity_mismatch", "quantity_differs", told, ours.total)
    if ours.total != theirs.total:
        told = {"here": ours.total, "there": theirs.total}
        yield _found("amount_mismatch", "total_differs", told, abs(ours.total - theirs.total))
    if ours.region and theirs.region and ours.region != theirs.region:
        told = {"here": ours.region, "there": theirs.region}
        yield _found("address_mismatch", "region_differs", told, ours.total)


def _found(klass: str, cause: str, params: dict[str, str | int], risk: int) -> Found:
    return Found(klass=klass, subject="", cause=cause, params=params, risk=risk)
