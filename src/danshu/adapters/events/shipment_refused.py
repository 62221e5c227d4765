"""拒收: shipment refused."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code
from danshu.adapters.events._goods import Share


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The receiver did not take the parcel; it is on its way back."""

    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order 履约单 in its order, from 1.")
    ]
    reason: Annotated[
        str, Meta(description='Code of the reason; "" where it was put in somebody\'s own words.')
    ] = ""
    shares: Annotated[tuple[Share, ...], Meta(description="Units of lines that it is about.")]
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]


class ShipmentRefused:
    """shipment.refused, told to the world."""

    name: Final = "danshu.shipment.refused"
    fact: Final = "shipment.refused"
    topic: Final = "shipment"
    title: Final = "拒收"
    title_en: Final = "Shipment refused"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
