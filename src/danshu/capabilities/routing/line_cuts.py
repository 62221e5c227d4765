"""Lines cut by units 拆行: 10 = 6 + 4, where no warehouse holds a line and several do together.

A cut makes of one line several of the same SKU, which the engines plan, score, explain and replay
as they do any; only how the units are cut is chosen here. It is a fallback: a line that one
warehouse can give is never cut, and a cut that leaves a part of its line behind is not taken.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from danshu.capabilities.routing.batch import Request, RequestLine, build_batch
from danshu.capabilities.routing.reference import OneOrder
from danshu.capabilities.routing.reference_plan import weigh_kg
from danshu.capabilities.routing.score import CLASS_SUMS
from danshu.kernel.limits import CUT_WAREHOUSES, SPLIT_LINES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from danshu.capabilities.routing.snapshot import Snapshot


def cut(
    snapshot: Snapshot,
    request: Request,
    plan: Sequence[int],
    minute: int,
    atp: NDArray[np.int32],
    capacity: NDArray[np.float64],
    parcels: int,
) -> Request | None:
    """Cut the lines that `plan` (a warehouse a line, -1 = unfulfilled) leaves behind, so that the
    order goes in at most `parcels`; None where no cut helps.

    `atp` [S, W] and `capacity` [W] are as they were before the plan took from them.
    """
    order = OneOrder(snapshot, build_batch(snapshot, [request]), minute, 0, atp, capacity)
    parcels = min(parcels, order.most or parcels)
    used = {w for w in plan if w >= 0}
    taken: dict[tuple[int, int], int] = {}
    for line, w in zip(order.lines, plan, strict=True):
        if w >= 0:
            taken[line.row, w] = taken.get((line.row, w), 0) + line.qty
    lines: list[RequestLine] = []
    of: list[int] = []
    for n, (asked, w) in enumerate(zip(request.lines, plan, strict=True)):
        parts = [asked.qty]
        if w < 0 and asked.row >= 0:
            held = _held(order, n, taken)
            chosen = _choose(order, n, held, used, parcels)
            if chosen:
                parts = list(chosen.values())
                used |= set(chosen)
                for at, units in chosen.items():
                    taken[asked.row, at] = taken.get((asked.row, at), 0) + units
        lines += [asked._replace(qty=units) for units in parts]
        of += [n + 1] * len(parts)
    if len(lines) == len(request.lines) or len(lines) > SPLIT_LINES:
        return None
    return replace(request, lines=tuple(lines), cut=tuple(of))


def left_behind(of: Sequence[int], plan: Sequence[int]) -> set[int]:
    """Give the lines of the order (from 1) that a plan over parts leaves behind, in part or whole;
    `of` names each part's line, () = each is its own.
    """
    names = of or range(1, len(plan) + 1)
    return {n for n, w in zip(names, plan, strict=True) if w < 0}


def is_better(was: set[int], request: Request, plan: Sequence[int], parcels: int) -> bool:
    """Tell whether a plan over cut lines leaves less behind than the one without, nothing that was
    not left before, and goes in at most `parcels`.
    """
    now = left_behind(request.cut, plan)
    return now < was and len({w for w in plan if w >= 0}) <= parcels


def _held(order: OneOrder, n: int, taken: Mapping[tuple[int, int], int]) -> dict[int, int]:
    """Give what warehouses that may ship a line hold of it, beside what is taken already."""
    line = order.lines[n]
    classes = line.storage if 0 < line.storage < CLASS_SUMS else 0
    may = order.allowed & int(order.snapshot.tables.class_ok[classes])
    stock = order.atp[line.row].tolist()
    held = {w: stock[w] - taken.get((line.row, w), 0) for w in order.warehouses if may >> w & 1}
    return {w: units for w, units in held.items() if units > 0}


def _choose(
    order: OneOrder, n: int, held: dict[int, int], used: set[int], parcels: int
) -> dict[int, int]:
    """Choose the cheapest few warehouses that hold a line's units together, and cut: who takes a
    unit for the least gives all that it has. Empty where one alone could, or not enough of them.
    """
    wanted = order.lines[n].qty
    if not held or max(held.values()) >= wanted:
        return {}
    rates = {w: _rates(order, n, w, w in used) for w in held}
    largest = sorted(held, key=lambda w: (-held[w], rates[w], w))[:CUT_WAREHOUSES]
    by_unit = sorted(largest, key=lambda w: (rates[w].unit_fen, rates[w].opening_fen, w))
    best: tuple[int, int, dict[int, int]] | None = None
    for count in range(2, parcels + 1):
        for some in combinations(by_unit, count):
            if sum(held[w] for w in some) < wanted or len(used.union(some)) > parcels:
                continue
            parts = _fill(some, held, wanted)
            fen = sum(rates[w].price(units) for w, units in parts.items())
            if best is None or (fen, count) < best[:2]:
                best = (fen, count, parts)
    return best[2] if best else {}


class _Rates(NamedTuple):
    """What a line's units cost at a warehouse, 分: one parcel more, one unit of about so much; its
    stock's price and its tariff for each kg begun, with the grams of a unit.
    """

    opening_fen: int
    unit_fen: int
    stock_fen: int
    kg_fen: int
    unit_g: int

    def price(self, units: int) -> int:
        """Price so many units in one parcel."""
        kg = weigh_kg(self.unit_g * units)
        return self.opening_fen + self.kg_fen * kg + self.stock_fen * units


def _rates(order: OneOrder, n: int, w: int, is_open: bool) -> _Rates:
    line, prices = order.lines[n], order.snapshot.prices
    known = 0 <= line.price_row < len(prices.lambda_fen)
    stock = int(prices.lambda_fen[line.price_row, w]) if known else 0
    kg, unit_g = order.offer.extra[w], line.grams // line.qty
    opening = 0 if is_open else order.offer.opening[w]
    return _Rates(opening, kg * unit_g // 1_000 + stock, stock, kg, unit_g)


def _fill(some: Sequence[int], held: Mapping[int, int], wanted: int) -> dict[int, int]:
    """Take the units from warehouses in their order."""
    parts: dict[int, int] = {}
    for w in some:
        units = min(held[w], wanted)
        if units:
            parts[w] = units
        wanted -= units
    return parts
