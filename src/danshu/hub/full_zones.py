"""Cold zones that are full 满额冷区: their goods are out of sight while orders are decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from danshu.capabilities.routing.score import CHILLED, FROZEN
from danshu.kernel.limits import CANARY_ORDERS

if TYPE_CHECKING:
    from danshu.hub.canary import Zone
    from danshu.hub.world import World


def find_full(world: World) -> frozenset[Zone]:
    """Give the watched zones that take no cold order now, as far as this process knows."""
    watched = world.snapshot.watched
    return frozenset(
        zone for zone, n in world.awaiting.items() if n >= CANARY_ORDERS and zone in watched
    )


class Hidden:
    """Stock of cold goods at full zones, out of sight while a batch is decided."""

    def __init__(self, world: World, full: frozenset[Zone], skus: dict[int, int]) -> None:
        """`skus` are the storage bits of the batch's SKUs by number."""
        self._world = world
        self._kept: list[tuple[tuple[Any, ...], Any]] = []
        for position in (CHILLED, FROZEN):
            places = sorted(wh for p, wh in full if p == position)
            rows = [sku for sku, storage in skus.items() if storage >> position & 1]
            if places and rows:
                block = np.ix_(rows, places)
                self._kept.append((block, world.atp[block]))
                world.atp[block] = 0

    def show(self) -> None:
        """Put it back, in the order that undoes it; of what was unseen nothing was taken."""
        for block, units in reversed(self._kept):
            self._world.atp[block] = units
