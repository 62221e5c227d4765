"""调拨: transfer orders planned, dispatched, received, cancelled."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

_From = Annotated[str, Meta(description="Code of the warehouse that it leaves.")]


class TransferUnits(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Units of a SKU."""

    quantity: Annotated[int, Meta(description="Units.")]
    sku: Annotated[str, Meta(description="Code of the SKU.")]


class CameUnits(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What came of a SKU."""

    damaged: Annotated[int, Meta(description="Units that came damaged.")]
    good: Annotated[int, Meta(description="Units that came whole.")]
    sku: Annotated[str, Meta(description="Code of the SKU.")]


class Planned(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A transfer was planned; its units are reserved where they are."""

    arrives_ms: Annotated[int, Meta(description="When it is expected, epoch ms; 0 unknown.")]
    cost_fen: Annotated[int, Meta(description="What the way costs, minor units.")]
    from_warehouse: _From
    lines: Annotated[tuple[TransferUnits, ...], Meta(description="What is to go.")]
    number: Annotated[str, Meta(description="Number of the transfer order.")]
    to_warehouse: Annotated[str, Meta(description="Code of the warehouse that it is for.")]
    truck: Annotated[str, Meta(description="Kind of vehicle as it was planned.")]


class Dispatched(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A transfer left; what stayed behind may be promised again."""

    from_warehouse: _From
    lines: Annotated[tuple[TransferUnits, ...], Meta(description="What left.")]


class Received(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Goods of a transfer were taken in."""

    final: Annotated[bool, Meta(description="Nothing more is awaited; the rest is short.")]
    lines: Annotated[tuple[CameUnits, ...], Meta(description="What came.")]


class Cancelled(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A transfer was cancelled before it left."""

    freed: Annotated[tuple[TransferUnits, ...], Meta(description="What may be promised again.")]
    from_warehouse: _From


class TransferPlanned:
    """transfer.planned, told to the world."""

    name: Final = "danshu.transfer.planned"
    fact: Final = "transfer.planned"
    topic: Final = "stock"
    title: Final = "计划调拨"
    title_en: Final = "Transfer planned"
    data: Final = Planned
    tell: Final = staticmethod(Decoder(Planned).decode)


class TransferDispatched:
    """transfer.dispatched, told to the world."""

    name: Final = "danshu.transfer.dispatched"
    fact: Final = "transfer.dispatched"
    topic: Final = "stock"
    title: Final = "调拨发出"
    title_en: Final = "Transfer dispatched"
    data: Final = Dispatched
    tell: Final = staticmethod(Decoder(Dispatched).decode)


class TransferReceived:
    """transfer.received, told to the world."""

    name: Final = "danshu.transfer.received"
    fact: Final = "transfer.received"
    topic: Final = "stock"
    title: Final = "调拨收货"
    title_en: Final = "Transfer received"
    data: Final = Received
    tell: Final = staticmethod(Decoder(Received).decode)


class TransferCancelled:
    """transfer.cancelled, told to the world."""

    name: Final = "danshu.transfer.cancelled"
    fact: Final = "transfer.cancelled"
    topic: Final = "stock"
    title: Final = "取消调拨"
    title_en: Final = "Transfer cancelled"
    data: Final = Cancelled
    tell: Final = staticmethod(Decoder(Cancelled).decode)
