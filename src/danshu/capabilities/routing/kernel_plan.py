"""Compiled: the cheapest way to ship units. Called by `kernel_numba` alone.

`ws` is the workspace of `kernel_numba`, arrays by position.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.routing.batch import MOVE_PASSES
from danshu.capabilities.routing.kernel_units import NEVER, compiled, kg, wide

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

INF: Final = 1 << 62


@compiled
def cost_subsets(units: int, unit: Ints, price: Ints, extra: Ints, opening: Ints, ws: Any) -> None:
    """Cost of each subset of units in one parcel of each warehouse, as keys [subset, warehouse].

    A key is the cost in 分, times 64, plus the warehouse: the least key is the least cost, and of
    equal costs the lowest warehouse. The inner loop runs over warehouses, on vectors.
    """
    kgs, keys = ws[0], ws[1]
    kgs[0] = 0
    for u in range(units):
        for part in range(1 << u):
            kgs[(1 << u) + part] = kgs[part] + unit[u, 0]
    for part in range(1, 1 << units):
        kgs[part] = kg(kgs[part])
    warehouses = opening.shape[0]
    for w in range(warehouses):
        keys[0, w] = (opening[w] << 6) | w
    for u in range(units):
        for before in range(1 << u):
            part = (1 << u) + before
            more_kg = kgs[part] - kgs[before]
            for w in range(warehouses):
                keys[part, w] = keys[before, w] + ((price[u, w] + extra[w] * more_kg) << 6)


@compiled
def forbid_oversell(a: int, b: int, lines: Any, held: Any, twin: Any, ws: Any) -> None:
    """Two lines of one SKU may share a parcel only where there is stock for both."""
    keys, sku, qty = ws[1], lines[0], lines[1]
    for i in range(a, b):
        if not twin[i]:
            continue
        for part in range(1, 1 << (b - a)):
            asked = 0
            for j in range(i, b):
                if (part >> (j - a)) & 1 and sku[j] == sku[i]:
                    asked += wide(qty[j])
            for w in range(held.shape[1]):
                if asked > held[i, w]:
                    keys[part, w] += NEVER << 6


@compiled
def forbid_warehouses(units: int, shipped: int, ws: Any) -> None:
    """Take warehouses out of the next plan."""
    keys = ws[1]
    for w in range(keys.shape[1]):
        if (shipped >> w) & 1:
            for part in range(1, 1 << units):
                keys[part, w] = INF


@compiled
def plan_exactly(units: int, unit: Ints, none_fen: int, parcel: int, most: int, ws: Any) -> int:
    """Cheapest way to cut the units into parcels, at most `most` of them (0 = any number); fills
    `pick`; tells the cost without `lost`.
    """
    cheapest_parcels(units, ws)
    if 0 < most < units:
        total = partition_at_most(units, unit, none_fen, parcel, most, ws)
        if total < 0:  # two parcels of one warehouse: one parcel is always a plan
            total = partition_at_most(units, unit, none_fen, parcel, 1, ws)
        return total
    best, take = ws[3], ws[4]
    cut(units, unit, best, best, take, ws)
    total = unwind(units, unit, none_fen, parcel, 0, ws)
    return each_once(units, unit, none_fen, parcel, ws) if total < 0 else total


@compiled
def cheapest_parcels(units: int, ws: Any) -> None:
    """Least key of each subset in one parcel."""
    keys, ship = ws[1], ws[2]
    for part in range(1, 1 << units):
        least = INF
        for w in range(keys.shape[1]):
            least = keys[part, w] if keys[part, w] < least else least
        ship[part] = least


@compiled
def cut(units: int, unit: Ints, after: Ints, best: Ints, take: Ints, ws: Any) -> None:
    """For each subset of units: `best` cost in parcels, the first parcel to `take` (0 = its lowest
    unit stays), and the `first` where the lowest must be shipped. What the first parcel leaves
    costs `after`: `best` itself, or that of fewer parcels.
    """
    ship, first = ws[2], ws[5]
    best[0] = 0
    for whole in range(1, 1 << units):
        low = whole & -whole
        rest = whole ^ low
        least, taken, sub = INF, 0, rest
        while True:
            part = sub | low
            if ship[part] < (NEVER << 6):
                fen = (ship[part] >> 6) + after[rest ^ sub]
                if fen < least:
                    least, taken = fen, part
            if sub == 0:
                break
            sub = (sub - 1) & rest
        first[whole, 0], first[whole, 1] = least, taken
        left = best[rest]
        for u in range(units):
            if low >> u == 1:
                left += unit[u, 2]
        best[whole], take[whole] = (left, 0) if left < least else (least, taken)


@compiled
def partition_at_most(
    units: int, unit: Ints, none_fen: int, parcel: int, most: int, ws: Any
) -> int:
    """Layer by layer, each with one parcel more; -1 when two parcels leave one warehouse."""
    best, fewer, chosen = ws[3], ws[9], ws[10]
    most = min(most, chosen.shape[0])
    sum_penalties(units, unit, fewer)
    for layer in range(most):
        cut(units, unit, fewer, best, chosen[layer], ws)
        for whole in range(1 << units):
            fewer[whole] = best[whole]
    return unwind(units, unit, none_fen, parcel, most, ws)


@compiled
def begin(rest: int, most: int, layer: int, ws: Any) -> int:
    """The first parcel of what is left; 0 when its lowest unit stays."""
    if most == 0:
        parcel: int = ws[4][rest]
        return parcel
    return ws[10][layer, rest] if layer >= 0 else 0


@compiled
def unwind(units: int, unit: Ints, none_fen: int, parcel: int, most: int, ws: Any) -> int:
    """Read the plan back; -1 when two of its parcels leave one warehouse.

    The first parcel bears no nuisance, so shipping nothing is weighed apart, at the end.
    """
    ship, first, pick = ws[2], ws[5], ws[6]
    for u in range(units):
        pick[u] = -1
    rest, whole, least, left = 0, (1 << units) - 1, INF, 0
    for u in range(units):
        if first[whole, 0] < INF and left + first[whole, 0] < least:
            least, rest = left + first[whole, 0], whole
        left += unit[u, 2]
        whole &= ~(1 << u)
    if least == INF or none_fen < least - parcel:
        return none_fen
    used, part, layer = 0, first[rest, 1], most - 1
    while True:
        w = ship[part] & 63
        if (used >> w) & 1:
            return -1
        used |= 1 << w
        for u in range(units):
            if (part >> u) & 1:
                pick[u] = w
        rest ^= part
        layer -= 1
        while rest and begin(rest, most, layer, ws) == 0:
            rest &= rest - 1
        if rest == 0:
            return least - parcel
        part = begin(rest, most, layer, ws)


@compiled
def sum_penalties(units: int, unit: Ints, left: Ints) -> None:
    """Cost of leaving each subset of units behind."""
    left[0] = 0
    for u in range(units):
        for some in range(1 << u):
            left[(1 << u) + some] = left[some] + unit[u, 2]


@compiled
def each_once(units: int, unit: Ints, none_fen: int, parcel: int, ws: Any) -> int:
    """The same question with every warehouse used at most once: 3^units steps a warehouse."""
    keys, best, pick, left, chosen = ws[1], ws[3], ws[6], ws[9], ws[10]
    size, warehouses = 1 << units, keys.shape[1]
    sum_penalties(units, unit, left)
    for some in range(size):
        best[some] = INF
    for w in range(warehouses):
        # Descending, so that what remains is still a plan without this warehouse.
        for whole in range(size - 1, 0, -1):
            chosen[w, whole] = 0
            part = whole
            while part:
                rest = whole ^ part
                fen = (keys[part, w] >> 6) + min(best[rest], left[rest])
                if keys[part, w] < (NEVER << 6) and fen < best[whole]:
                    best[whole] = fen
                    chosen[w, whole] = part | (size if left[rest] < best[rest] else 0)
                part = (part - 1) & whole
    least: int = best[size - 1]
    for u in range(units):
        pick[u] = -1
    if least == INF or none_fen < least - parcel:
        return none_fen
    unwind_once(units, chosen, pick)
    return least - parcel


@compiled
def unwind_once(units: int, chosen: Ints, pick: Ints) -> None:
    """Read the plan of `each_once` back."""
    size = 1 << units
    whole = size - 1
    for w in range(chosen.shape[0] - 1, -1, -1):
        if whole == 0:
            return
        taken = chosen[w, whole] & (size - 1)
        for u in range(units):
            if (taken >> u) & 1:
                pick[u] = w
        if chosen[w, whole] & size:
            return
        whole ^= taken


@compiled
def seed(
    units: int, unit: Ints, unit_mask: Ints, price: Ints, extra: Ints, most: int, ws: Any
) -> None:
    """Open one warehouse after another, the least cost a line first, until nothing is left or
    `most` are open (0 = no limit).
    """
    pick, opening, load = ws[6], ws[7], ws[8]
    for u in range(units):
        pick[u] = -1
    for w in range(opening.shape[0]):
        load[w, 0], load[w, 1] = 0, 0
    opened = 0
    while most == 0 or opened < most:
        opened += 1
        best_w, best_fen, best_lines = -1, 0, 1
        for w in range(opening.shape[0]):
            fen, grams, lines = opening[w], 0, 0
            for u in range(units):
                if pick[u] < 0 and (unit_mask[u] >> w) & 1:
                    grams += unit[u, 0]
                    lines += unit[u, 1]
                    fen += price[u, w]
            fen += extra[w] * kg(grams)
            if lines and (best_w < 0 or fen * best_lines < best_fen * lines):
                best_w, best_fen, best_lines = w, fen, lines
        if best_w < 0:
            return
        for u in range(units):
            if pick[u] < 0 and (unit_mask[u] >> best_w) & 1:
                pick[u] = best_w
                load[best_w, 0] += unit[u, 0]
                load[best_w, 1] += 1


@compiled
def load_fen(opening: int, per_kg: int, grams: int, units: int) -> int:
    """Cost of a parcel without prices; nothing when it is empty."""
    return opening + per_kg * kg(grams) if units else 0


@compiled
def move(units: int, unit: Ints, unit_mask: Ints, price: Ints, extra: Ints, ws: Any) -> bool:
    """Give each unit in turn the one move that saves most; tell whether any moved."""
    pick, opening, load = ws[6], ws[7], ws[8]
    moved = False
    for u in range(units):
        here, grams = pick[u], unit[u, 0]
        if here < 0:
            continue
        saved = load_fen(opening[here], extra[here], load[here, 0], load[here, 1]) + price[u, here]
        saved -= load_fen(opening[here], extra[here], load[here, 0] - grams, load[here, 1] - 1)
        best_w, best_fen = -1, saved
        for w in range(opening.shape[0]):
            if w == here or not (unit_mask[u] >> w) & 1:
                continue
            fen = load_fen(opening[w], extra[w], load[w, 0] + grams, load[w, 1] + 1) + price[u, w]
            fen -= load_fen(opening[w], extra[w], load[w, 0], load[w, 1])
            if fen < best_fen:
                best_w, best_fen = w, fen
        if best_w >= 0:
            moved = True
            pick[u] = best_w
            load[here, 0] -= grams
            load[here, 1] -= 1
            load[best_w, 0] += grams
            load[best_w, 1] += 1
    return moved


@compiled
def greedy(
    units: int,
    unit: Ints,
    unit_mask: Ints,
    price: Ints,
    extra: Ints,
    none_fen: int,
    parcel: int,
    most: int,
    ws: Any,
) -> int:
    """Plan more units than the exact plan takes: seed, then single moves (none under a limit)."""
    pick, opening, load = ws[6], ws[7], ws[8]
    seed(units, unit, unit_mask, price, extra, most, ws)
    for _ in range(0 if most else MOVE_PASSES):
        if not move(units, unit, unit_mask, price, extra, ws):
            break
    total, shipped = -parcel, 0
    for w in range(opening.shape[0]):
        total += load_fen(opening[w], extra[w], load[w, 0], load[w, 1])
        shipped += load[w, 1]
    for u in range(units):
        total += price[u, pick[u]] if pick[u] >= 0 else unit[u, 2]
    if total <= none_fen and shipped:
        return total
    for u in range(units):
        pick[u] = -1
    return none_fen
