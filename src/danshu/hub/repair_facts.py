"""What is said of a repair 维修工单: opened for a device, sent to its supplier, what came of it.
The stream is the repair's own.
"""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


class RepairPart(Struct, frozen=True, kw_only=True):
    """A spare: units of a SKU."""

    quantity: int
    sku: str


class RepairFigure(Struct, frozen=True, kw_only=True):
    """A measured figure in thousandths of its unit."""

    name: str
    value: int


@fact_type("repair.opened")
class RepairOpened(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """维修工单: what the intent graph asks for is ordered for a device: `action` by `regulation`.

    `parts` are the spares that answer, `wave` the SHA-256 of the original; `warranty`: it is
    claimed. Without `supplier` it is done in the house.
    """

    action: str
    device: str
    figures: tuple[RepairFigure, ...] = ()
    original: str = ""
    parts: tuple[RepairPart, ...] = ()
    regulation: str = ""
    supplier: str = ""
    symptoms: tuple[str, ...] = ()
    warranty: bool = False
    wave: str = ""


@fact_type("repair.sent")
class RepairSent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """工单发出: it was put into the outbox for the supplier's desk, under `key`."""

    key: str


@fact_type("repair.accepted")
class RepairAccepted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """供应商接单: the supplier comes at `visit` (RFC 3339) for `price_fen` (-1 = not said)."""

    price_fen: int = -1
    reference: str
    visit: str = ""


@fact_type("repair.refused")
class RepairRefused(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """供应商拒单: the supplier does not take it, by this code; somebody else has to."""

    code: str


@fact_type("repair.part_ordered")
class RepairPartOrdered(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """备件出库: parts that lie in the merchant's own warehouses were ordered from there."""

    order: str


@fact_type("repair.closed")
class RepairClosed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """工单关闭: `how` is `done`, or `cancelled` when it was not wanted any more."""

    how: str
