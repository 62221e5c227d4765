"""N-1 and N-2: open orders decided again by the product's engine as if a warehouse, or two, were
not there. What they hold is given back first, so that every world asks the same question.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from danshu.capabilities.routing.batch import PART_NAMES, Batch
from danshu.capabilities.routing.decide import ENGINE, route_batch
from danshu.capabilities.routing.ruling import FREE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from danshu.capabilities.routing.replan.cells import Problem
    from danshu.capabilities.routing.snapshot import Snapshot

_LATE: Final = PART_NAMES.index("lateness_fen")
_LEFT: Final = PART_NAMES.index("unfulfilled_fen")


class World(NamedTuple):
    """What all losses are measured on; arrays are never changed."""

    snapshot: Snapshot
    batch: Batch
    minute: int
    atp: NDArray[np.int32]
    capacity: NDArray[np.float64]


class Outcome(NamedTuple):
    """Orders decided without `lost` (indices): 分 of money and of lateness, lines left behind, and
    lines by warehouse [W]; `served` [R, W] who sends to whom.
    """

    lost: tuple[int, ...]
    cost_fen: int
    late_fen: int
    left_fen: int
    left: int
    lines: NDArray[np.int64]
    served: NDArray[np.bool_]

    @property
    def total_fen(self) -> int:
        """All of it: what a loss costs is the difference of two totals."""
        return self.cost_fen + self.late_fen + self.left_fen


def lay_out(snapshot: Snapshot, problem: Problem, skus: Sequence[str]) -> World:
    """Make the world of a replan's problem; `skus` are the codes by row, for their prices."""
    orders = problem.orders
    count = len(orders.region)
    rows = snapshot.price_rows
    batch = Batch(
        region=orders.region,
        promise_min=orders.promise_min,
        value_fen=orders.value_fen,
        line_start=orders.line_start,
        sku=orders.sku,
        qty=orders.qty,
        weight_g=orders.weight_g,
        storage=orders.storage,
        price_row=np.array([rows.get(skus[row], -1) for row in orders.sku.tolist()], np.int32),
        shut=orders.shut,
        favour=np.full(count, FREE, np.int32),
        parcels_max=np.zeros(count, np.int32),
        surcharge_fen=np.zeros((0, len(snapshot.network.codes)), np.int64),
    )
    return World(snapshot, batch, problem.minute, problem.atp, problem.capacity)


def decide_without(world: World, lost: tuple[int, ...], engine: str = ENGINE) -> Outcome:
    """Decide all orders as if the warehouses `lost` were not there."""
    atp, capacity = world.atp.copy(), world.capacity.copy()
    for w in lost:
        atp[:, w] = 0
        capacity[w] = 0
    routed = route_batch(world.snapshot, world.batch, world.minute, atp, capacity, engine)
    parts = routed.parts_fen.sum(axis=0)
    chosen = routed.warehouse[0]
    wide = len(capacity)
    owner = np.repeat(np.arange(len(world.batch.region)), np.diff(world.batch.line_start))
    served = np.zeros((len(world.snapshot.network.regions), wide), np.bool_)
    sent = (chosen >= 0) & (world.batch.region[owner] >= 0)
    served[world.batch.region[owner[sent]], chosen[sent]] = True
    return Outcome(
        lost=lost,
        cost_fen=int(parts.sum() - parts[_LATE] - parts[_LEFT]),
        late_fen=int(parts[_LATE]),
        left_fen=int(parts[_LEFT]),
        left=int((chosen < 0).sum()),
        lines=np.bincount(chosen[chosen >= 0], minlength=wide).astype(np.int64),
        served=served,
    )


def find_singles(base: Outcome) -> list[int]:
    """Give the warehouses whose loss changes anything: those that send something."""
    return [int(w) for w in np.flatnonzero(base.lines)]


def find_pairs(base: Outcome, singles: Sequence[Outcome]) -> list[tuple[int, int]]:
    """Give the pairs worth simulating: both send to a common region, now or when either is lost.

    All other pairs are the sum of two losses that do not meet. The heaviest by lines come first.
    """
    reach = {one.lost[0]: base.served[:, one.lost[0]].copy() for one in singles}
    for one in singles:
        for w in reach:
            if w != one.lost[0]:
                reach[w] |= one.served[:, w]
    pairs = [(a, b) for a, b in combinations(sorted(reach), 2) if bool((reach[a] & reach[b]).any())]
    pairs.sort(key=lambda pair: (-int(base.lines[pair[0]] + base.lines[pair[1]]), pair))
    return pairs
