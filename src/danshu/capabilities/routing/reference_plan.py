"""The cheapest way to ship units, in plain Python. Called by `reference` alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from danshu.capabilities.routing.batch import MOVE_PASSES
from danshu.kernel.limits import SHIPMENT_KG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Unit(NamedTuple):
    """Lines that are planned as one, by their number in the order."""

    lines: tuple[int, ...]
    mask: int
    grams: int
    left_fen: int


class Offer(NamedTuple):
    """What warehouses ask, 分: to open a parcel, a kg begun after the first, a unit."""

    opening: list[int]
    extra: list[int]
    parcel_fen: int
    price: Callable[[Unit, int], int]


Plan = dict[int, int]  # unit -> warehouse


def weigh_kg(grams: int) -> int:
    """Kilograms begun after the first."""
    return min((max(grams, 1) - 1) // 1000, SHIPMENT_KG)


def subsets(whole: int) -> Iterator[int]:
    """Every non-empty subset of a set of bits, the largest first."""
    part = whole
    while part:
        yield part
        part = (part - 1) & whole


def plan_parcels(
    units: list[Unit], costs: dict[int, dict[int, int]], parcel_fen: int
) -> tuple[int | None, Plan]:
    """Cheapest cut of the units into parcels; None when it needs two parcels of one warehouse."""
    everything = (1 << len(units)) - 1
    ship: dict[int, tuple[int, int]] = {}
    for w in sorted(costs):
        for part, fen in costs[w].items():
            if part not in ship or fen < ship[part][0]:
                ship[part] = (fen, w)
    best: dict[int, int] = {0: 0}
    take: dict[int, int] = {0: 0}
    first: dict[int, tuple[int, int]] = {}
    for whole in range(1, everything + 1):
        low = whole & -whole
        for part in subsets(whole):
            if part & low and part in ship:
                fen = ship[part][0] + best[whole ^ part]
                if whole not in first or fen < first[whole][0]:
                    first[whole] = (fen, part)
        left = units[low.bit_length() - 1].left_fen + best[whole ^ low]
        if whole in first and first[whole][0] <= left:
            best[whole], take[whole] = first[whole]
        else:
            best[whole], take[whole] = left, 0
    return _choose(units, ship, [take] * (len(units) + 1), first, parcel_fen)


def _choose(
    units: list[Unit],
    ship: dict[int, tuple[int, int]],
    takes: list[dict[int, int]],
    first: dict[int, tuple[int, int]],
    parcel_fen: int,
) -> tuple[int | None, Plan]:
    """Weigh the best plan that ships something against shipping nothing, and read it back.

    `takes` holds the first parcel of each subset, by the number of parcels allowed less one.
    """
    nothing = sum(unit.left_fen for unit in units)
    whole, left = (1 << len(units)) - 1, 0
    choices: list[tuple[int, int, int]] = []
    for u, unit in enumerate(units):
        if whole in first:
            choices.append((left + first[whole][0], u, whole))
        left += unit.left_fen
        whole &= ~(1 << u)
    if not choices or nothing < min(choices)[0] - parcel_fen:
        return nothing, {}
    least, _, rest = min(choices)
    plan: Plan = {}
    used: set[int] = set()
    part = first[rest][1]
    layer = len(takes) - 1
    while True:
        w = ship[part][1]
        if w in used:
            return None, {}
        used.add(w)
        plan.update({u: w for u in range(len(units)) if part >> u & 1})
        rest ^= part
        layer -= 1
        take = takes[layer] if layer >= 0 else {}
        while rest and not take.get(rest):
            rest &= rest - 1
        if not rest:
            return least - parcel_fen, plan
        part = take[rest]


def plan_each_once(
    units: list[Unit], costs: dict[int, dict[int, int]], parcel_fen: int
) -> tuple[int, Plan]:
    """The same question with every warehouse used at most once."""
    everything = (1 << len(units)) - 1
    left = {
        part: sum(unit.left_fen for u, unit in enumerate(units) if part >> u & 1)
        for part in range(everything + 1)
    }
    nobody: Plan = {}
    plans: dict[int, tuple[int, Plan]] = {}
    for w in sorted(costs):
        before = dict(plans)
        for whole in range(1, everything + 1):
            for part in subsets(whole):
                if part not in costs[w]:
                    continue
                rest = whole ^ part
                fen, plan = before.get(rest, (left[rest], nobody))
                if left[rest] < fen:
                    fen, plan = left[rest], nobody
                fen += costs[w][part]
                if whole not in plans or fen < plans[whole][0]:
                    here = {u: w for u in range(len(units)) if part >> u & 1}
                    plans[whole] = (fen, {**plan, **here})
    if everything not in plans or left[everything] < plans[everything][0] - parcel_fen:
        return left[everything], {}
    fen, plan = plans[everything]
    return fen - parcel_fen, plan


def plan_at_most(
    units: list[Unit], costs: dict[int, dict[int, int]], parcel_fen: int, most: int
) -> tuple[int | None, Plan]:
    """As `plan_parcels`, of at most `most` parcels (1 to the number of warehouses)."""
    everything = (1 << len(units)) - 1
    ship: dict[int, tuple[int, int]] = {}
    for w in sorted(costs):
        for part, fen in costs[w].items():
            if part not in ship or fen < ship[part][0]:
                ship[part] = (fen, w)
    fewer = {
        whole: sum(unit.left_fen for u, unit in enumerate(units) if whole >> u & 1)
        for whole in range(everything + 1)
    }
    takes: list[dict[int, int]] = []
    first: dict[int, tuple[int, int]] = {}
    for _ in range(most):
        best: dict[int, int] = {0: 0}
        take: dict[int, int] = {0: 0}
        first.clear()
        for whole in range(1, everything + 1):
            low = whole & -whole
            for part in subsets(whole):
                if part & low and part in ship:
                    fen = ship[part][0] + fewer[whole ^ part]
                    if whole not in first or fen < first[whole][0]:
                        first[whole] = (fen, part)
            left = units[low.bit_length() - 1].left_fen + best[whole ^ low]
            if whole in first and first[whole][0] <= left:
                best[whole], take[whole] = first[whole]
            else:
                best[whole], take[whole] = left, 0
        takes.append(take)
        fewer = best
    return _choose(units, ship, takes, first, parcel_fen)


def plan_greedily(
    offer: Offer, units: list[Unit], forbidden: int, most: int = 0
) -> tuple[int, Plan]:
    """Plan more units than the exact plan takes: seed, then single moves (none under a limit)."""
    masks = [unit.mask & ~forbidden for unit in units]
    plan: Plan = {}
    loads: dict[int, set[int]] = {w: set() for w in range(len(offer.opening))}

    def cost(w: int, inside: set[int]) -> int:
        if not inside:
            return 0
        kg = weigh_kg(sum(units[u].grams for u in inside))
        prices = sum(offer.price(units[u], w) for u in inside)
        return offer.opening[w] + offer.extra[w] * kg + prices

    opened = 0
    while not most or opened < most:
        opened += 1
        choice: tuple[int, int, int, set[int]] | None = None
        for w in range(len(offer.opening)):
            cover = {u for u, mask in enumerate(masks) if u not in plan and mask >> w & 1}
            lines, fen = sum(len(units[u].lines) for u in cover), cost(w, cover)
            if cover and (choice is None or fen * choice[1] < choice[0] * lines):
                choice = (fen, lines, w, cover)
        if choice is None:
            break
        loads[choice[2]] = choice[3]
        plan.update(dict.fromkeys(choice[3], choice[2]))
    for _ in range(0 if most else MOVE_PASSES):
        if not _move_once(masks, plan, loads, cost):
            break
    total = sum(cost(w, inside) for w, inside in loads.items()) - offer.parcel_fen
    total += sum(unit.left_fen for u, unit in enumerate(units) if u not in plan)
    nothing = sum(unit.left_fen for unit in units)
    return (total, plan) if plan and total <= nothing else (nothing, {})


def _move_once(
    masks: list[int], plan: Plan, loads: dict[int, set[int]], cost: Callable[[int, set[int]], int]
) -> bool:
    """Give each unit in turn the one move that saves most; tell whether any moved."""
    moved = False
    for u in sorted(plan):
        here = plan[u]
        saved = cost(here, loads[here]) - cost(here, loads[here] - {u})
        added = {
            w: cost(w, loads[w] | {u}) - cost(w, loads[w])
            for w in loads
            if w != here and masks[u] >> w & 1
        }
        if added and min(added.values()) < saved:
            goal = min(added, key=lambda w: (added[w], w))
            loads[here] = loads[here] - {u}
            loads[goal] = loads[goal] | {u}
            plan[u] = goal
            moved = True
    return moved
