"""What one snapshot closes that another left open: lanes, and storage classes of warehouses.

Only what begins to be closed counts. What opens again asks nobody to move, and what was closed
already has been answered by the snapshot that closed it. A cut of a warehouse's work a day closes
nothing by itself: who has to leave is a question of what lies there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from msgspec import Struct

from danshu.capabilities.routing.reasons import read_reasons
from danshu.capabilities.routing.score import CHILLED, CLASSES, FROZEN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from danshu.capabilities.routing.network import Network
    from danshu.capabilities.routing.snapshot import Snapshot

COLD: Final = (1 << CHILLED) | (1 << FROZEN)


class Closure(Struct, frozen=True, kw_only=True):
    """A warehouse that begins to be closed for a reason (a word of reasons.py).

    `storage` names the class that it is closed for, "" every class; `regions` counts the regions
    that it no longer sends to (all of them for a class).
    """

    reason: str
    regions: int
    storage: str
    warehouse: str


class Closures(NamedTuple):
    """Reason bits that are new where nothing was closed before: [R, W] lanes, [classes, W]."""

    lanes: NDArray[np.int32]
    classes: NDArray[np.int32]

    @property
    def is_empty(self) -> bool:
        """Whether nothing begins to be closed."""
        return not self.lanes.any() and not self.classes.any()

    def warehouses(self) -> list[int]:
        """Rows of the warehouses where anything begins to be closed."""
        touched = (self.lanes != 0).any(axis=0) | (self.classes != 0).any(axis=0)
        return [int(row) for row in np.flatnonzero(touched)]

    def regions(self) -> list[int]:
        """Rows of the regions that are touched; a class that closes touches all of them."""
        if self.classes.any():
            return list(range(len(self.lanes)))
        return [int(row) for row in np.flatnonzero((self.lanes != 0).any(axis=1))]

    def bits(self, region: int, warehouse: int, storage: int) -> int:
        """Reason bits that begin to close a lane for goods of these classes (a sum of bits)."""
        found = int(self.lanes[region, warehouse])
        for position in range(len(CLASSES)):
            if storage >> position & 1:
                found |= int(self.classes[position, warehouse])
        return found


def find_closures(before: Snapshot | None, after: Snapshot) -> Closures:
    """Compare two snapshots; without an earlier one, all that is closed begins to be.

    The networks may differ: warehouses and regions are the same by their codes.
    """
    tables = after.tables
    if before is None:
        return Closures(tables.lane_bits.copy(), tables.class_bits.copy())
    lanes, classes = before.tables.lane_bits, before.tables.class_bits
    if before.network.digest != after.network.digest:
        lanes, classes = _align(before.network, after.network, lanes, classes)
    return Closures(
        np.where(lanes == 0, tables.lane_bits, 0), np.where(classes == 0, tables.class_bits, 0)
    )


def _align(
    before: Network,
    after: Network,
    lanes: NDArray[np.int32],
    classes: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Lay what was closed out on the newer network; what is new there was open."""
    columns = [before.warehouse_index.get(code, -1) for code in after.codes]
    rows = [before.region_index.get(code, -1) for code in after.regions]
    known_w, known_r = np.array(columns) >= 0, np.array(rows) >= 0
    lanes = np.where(known_r[:, None] & known_w[None, :], lanes[np.ix_(rows, columns)], 0)
    classes = np.where(known_w[None, :], classes[:, columns], 0)
    return lanes, classes


def find_cuts(before: Network, after: Network) -> dict[str, int]:
    """Find the warehouses that may do less work a day than before: units a day now, by code."""
    was = {site.code: site.capacity_units for site in before.sites}
    return {
        site.code: site.capacity_units
        for site in after.sites
        if site.capacity_units < was.get(site.code, 0)
    }


def name_closures(closures: Closures, network: Network) -> tuple[Closure, ...]:
    """Say which warehouses begin to be closed, for which reason, class and how many regions."""
    told: list[Closure] = []
    regions = len(network.regions)
    for row in closures.warehouses():
        code = network.codes[row]
        lanes = closures.lanes[:, row]
        for reason in read_reasons(int(np.bitwise_or.reduce(lanes))):
            count = int(((lanes & reason.bit) != 0).sum())
            told.append(Closure(warehouse=code, reason=reason.code, storage="", regions=count))
        for position, name in enumerate(CLASSES):
            for reason in read_reasons(int(closures.classes[position, row])):
                told.append(
                    Closure(warehouse=code, reason=reason.code, storage=name, regions=regions)
                )
    return tuple(told)
