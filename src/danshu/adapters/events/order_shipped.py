"""交接揽收: order shipped."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._goods import Share


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The carrier accepted the parcel; the event's time is that of the pickup scan."""

    carrier: Annotated[str, Meta(description="Code of the carrier.")] = ""
    equipment: Annotated[str, Meta(description='Code of the cold equipment; "" for none.')] = ""
    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order 履约单 in its order, from 1.")
    ]
    shares: Annotated[tuple[Share, ...], Meta(description="Units of lines that it is about.")]
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]
    waybill: Annotated[
        str, Meta(description='Waybill number, where it was known at hand-over; else "".')
    ] = ""


class OrderShipped:
    """order.shipped, told to the world."""

    name: Final = "danshu.order.shipped"
    fact: Final = "order.shipped"
    topic: Final = "order"
    title: Final = "交接揽收"
    title_en: Final = "Order shipped"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
