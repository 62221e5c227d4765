"""What the desk knows of one tenant without asking: master data, the routing snapshot, stock as
last seen.

Stock here only predicts: the conditional update in the database decides, and what it returns is
learnt.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace

from danshu.capabilities.contract.model import Clause
from danshu.capabilities.intake.address import Gazetteer
from danshu.capabilities.orders.reviews import Wanted
from danshu.capabilities.routing.model import Region
from danshu.capabilities.routing.scorers.vote import Budget
from danshu.capabilities.routing.snapshot import Snapshot
from danshu.capabilities.stock.model import Sku, Storage, Warehouse
from danshu.hub.guarding import Guard, Selling
from danshu.hub.parcel_book import Parcels
from danshu.hub.policy_arms import Arms
from danshu.hub.typed_world import Types

if TYPE_CHECKING:
    from collections.abc import Iterable

    from danshu.capabilities.orders.model import Line, Order, Share


class World(Struct, kw_only=True, eq=False):
    """One tenant. `arms` are the policy sets at work on `snapshot`. `skus` code -> (number, SKU);
    `atp` int32[SKU, warehouse]; `capacity` float64[warehouse].
    """

    tenant: int
    code: str
    revision: int
    skus: dict[str, tuple[int, Sku]]
    warehouses: tuple[Warehouse, ...]
    snapshot: Snapshot
    arms: Arms
    gazetteer: Gazetteer
    region_rows: tuple[Region, ...]
    regions: dict[str, int]
    places: dict[str, tuple[str, str]]  # region -> its province's name, its own
    definitions: tuple[Clause, ...]
    book: dict[str, Clause]
    warehouse_no: dict[str, int]
    quotas: dict[tuple[int, str], dict[int, int]]  # (SKU, channel) -> warehouse -> units left
    atp: np.ndarray[Any, Any]
    capacity: np.ndarray[Any, Any]
    day: int  # of the clock that the capacity is for, UTC days since 1970
    loaded_s: float
    stock_s: float
    guard: Guard | None = None  # intercept rules; None = there are none
    guard_no: int = 0  # the move of their head that was read last
    selling: Selling | None = None  # bundles, gifts, preorders; None = there are none
    equipment: frozenset[str] | None = None  # active cold equipment, None = none is registered
    # (class, warehouse) -> cold decisions that no temperature has confirmed, see canary.py
    awaiting: dict[tuple[int, int], int] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)  # of decisions that go to a person
    order_types: Types | None = None  # None = the merchant has none
    parcels: Parcels | None = None  # rules for them; None = the merchant has none
    reviews: tuple[Wanted, ...] | None = None  # who is asked of paid orders; None = nobody
    connected: frozenset[str] = frozenset()  # what has a route, of what fulfilment asks by itself
    named: str = ""  # the snapshot that a group of this process named last, in its commit


def goods_of(world: World, line: Line) -> Sku:
    """Give the SKU of a known line, with all storage classes (bits) that the line needs."""
    sku = world.skus[line.sku][1]
    return _needing(sku, line.storage) if line.storage else sku


def storage_of(world: World, order: Order, shares: Iterable[Share]) -> int:
    """Give the storage classes (bits) of what is in a parcel, as far as its SKUs are known."""
    lines = {line.no: line for line in order.lines}
    bits = 0
    for share in shares:
        if share.sku in world.skus:
            sku, line = world.skus[share.sku][1], lines.get(share.line)
            bits |= int(
                _needing(sku, line.storage).storage if line and line.storage else sku.storage
            )
    return bits


@lru_cache(maxsize=4096)
def _needing(sku: Sku, more: int) -> Sku:
    bits = int(sku.storage) | more
    bits &= ~Storage.AMBIENT  # what must be kept cold, locked or apart is not kept like anything
    if bits & Storage.FROZEN:
        bits &= ~Storage.CHILLED  # of two temperatures the lower
    return replace(sku, storage=bits)
