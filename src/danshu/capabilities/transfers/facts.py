"""The fact types of transfer orders; each is a stream of its own. Beside them `stock.moved` says
what left and came; what is reserved at the source follows from these alone.
"""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.transfers.model import PlannedUnits
from danshu.kernel.fact import fact_type


class ReceivedUnits(Struct, frozen=True, kw_only=True):
    """What came of a SKU. `had`: what the target could still promise right before."""

    damaged: int
    good: int
    had: int
    sku: str


@fact_type("transfer.planned")
class TransferPlanned(Struct, frozen=True, kw_only=True):
    """计划调拨: the units of the lines are reserved at the source for this transfer."""

    arrives_ms: int
    cost_fen: int
    from_warehouse: str
    key: str
    lines: tuple[PlannedUnits, ...]
    note: str
    number: str
    proposal: str
    to_warehouse: str
    truck: str


@fact_type("transfer.dispatched")
class TransferDispatched(Struct, frozen=True, kw_only=True):
    """调拨发出: what left; the reservations of all lines end, also of what stayed behind."""

    freed: tuple[PlannedUnits, ...]
    from_warehouse: str
    key: str
    lines: tuple[PlannedUnits, ...]
    note: str


@fact_type("transfer.received")
class TransferReceived(Struct, frozen=True, kw_only=True):
    """调拨收货: what came whole and damaged. `final`: no more is awaited, the rest is short."""

    final: bool
    key: str
    lines: tuple[ReceivedUnits, ...]
    note: str


@fact_type("transfer.cancelled")
class TransferCancelled(Struct, frozen=True, kw_only=True):
    """取消调拨: before it left; the reservations of all lines end."""

    freed: tuple[PlannedUnits, ...]
    from_warehouse: str
    reason: str
