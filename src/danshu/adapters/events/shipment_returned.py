"""退回: shipment returned."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code
from danshu.adapters.events._goods import Share


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The parcel came back to whoever sent it; what it holds is inspected by after-sales."""

    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order 履约单 in its order, from 1.")
    ]
    reason: Annotated[
        str, Meta(description='Code of the reason; "" where it was put in somebody\'s own words.')
    ] = ""
    shares: Annotated[tuple[Share, ...], Meta(description="Units of lines that it is about.")]
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]


class ShipmentReturned:
    """shipment.returned, told to the world."""

    name: Final = "danshu.shipment.returned"
    fact: Final = "shipment.returned"
    topic: Final = "shipment"
    title: Final = "退回"
    title_en: Final = "Shipment returned"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
