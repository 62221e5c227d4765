"""The second look at an order whose lines found no warehouse alone: its lines cut by units 拆行.

The merchant's rules for parcels say whether (`split_lines`) and into how many parcels at most. The
order is decided again whole, with its lines cut, on what its first decision gave back; the better
of both stands, and only its record is kept, so that one decision explains all parcels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from danshu.capabilities.routing import decide, line_cuts
from danshu.capabilities.routing.decide import Decision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.routing.batch import Request
    from danshu.hub.world import World

Placed = tuple[int, int, int, int]
"""Line number, warehouse number, SKU number, units."""


class Cut(Struct, frozen=True, kw_only=True, eq=False):
    """An order decided with cut lines: its record, where its units go, how many lines stay."""

    decision: Decision
    plan: list[Placed]
    open: int


def parcels_of(world: World, channel: str) -> int:
    """Give into how many parcels a line of this channel may be cut, 0 for none."""
    kept = world.parcels
    if kept is None or kept.rules.split_lines == "never" or channel in kept.rules.whole_channels:
        return 0
    return kept.rules.line_parcels


def look_again(
    world: World,
    numbers: Sequence[int],
    request: Request,
    first: Sequence[int],
    minute: int,
    parcels: int,
) -> Cut | None:
    """Decide an order again with its lines cut; None where `first` (a warehouse a line, -1 = left
    behind) stands. `numbers` are its lines' own; takes from the predicted stock and capacity what
    the plan that stands needs.
    """
    rows = sorted({line.row for line in request.lines})
    stock, capacity = world.atp[rows].copy(), world.capacity.copy()
    for line, w in zip(request.lines, first, strict=True):
        if w >= 0:
            world.atp[line.row, w] += line.qty
            world.capacity[w] += 0.5
    for w in {w for w in first if w >= 0}:
        world.capacity[w] += 1.0
    snapshot, atp, room = world.snapshot, world.atp, world.capacity
    cut = line_cuts.cut(snapshot, request, first, minute, atp, room, parcels)
    if cut is not None:
        decided = decide.decide_batch(snapshot, [cut], minute, atp, room, budget=world.budget)
        chosen = decided.routed.warehouse[0].tolist()
        if line_cuts.is_better(line_cuts.left_behind((), first), cut, chosen, parcels):
            units: dict[tuple[int, int, int], int] = {}
            for line, of, w in zip(cut.lines, cut.cut, chosen, strict=True):
                if w >= 0:
                    place = (numbers[of - 1], w, line.row)
                    units[place] = units.get(place, 0) + line.qty
            return Cut(
                decision=decided.decisions[0],
                plan=[(*place, q) for place, q in units.items()],
                open=len(line_cuts.left_behind(cut.cut, chosen)),
            )
    world.atp[rows] = stock
    world.capacity[:] = capacity
    return None
