"""S3: the nearest warehouse that may hold the goods and has them. Nothing here is learned.

Nearness is the declared time of the lane; the tables are an order of warehouses for each region,
and the masks that the snapshot has anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from danshu.capabilities.routing.blocks import freeze
from danshu.capabilities.routing.reasons import Reason

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from danshu.capabilities.routing.network import Network


def order_by_nearness(network: Network) -> NDArray[np.int16]:
    """Warehouse indices of each region, the nearest first, [R, W]; equal ones by their index."""
    minutes = np.where(network.lane_open != 0, network.transit_min, np.inf)
    return freeze(np.argsort(minutes, axis=1, kind="stable").astype(np.int16))


def mask_sensed(class_bits: NDArray[np.int32]) -> NDArray[np.int64]:
    """For each sum of storage classes a mask of the warehouses that may hold all of them if the
    twin said nothing; `class_bits` is [classes, W].
    """
    classes, warehouses = class_bits.shape
    weights = np.array([1 << w for w in range(warehouses)], np.uint64)
    masks = np.zeros(1 << classes, np.uint64)
    for together in range(1, 1 << classes):
        rows = [c for c in range(classes) if together >> c & 1]
        against = np.bitwise_or.reduce(class_bits[rows] & ~int(Reason.TWIN), axis=0)
        masks[together] = np.bitwise_or.reduce(np.where(against == 0, weights, np.uint64(0)))
    return freeze(masks.view(np.int64))
