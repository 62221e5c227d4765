"""丢件: shipment lost."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code
from danshu.adapters.events._goods import Share


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The carrier no longer has the parcel; its units are owed still, again or in money."""

    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order 履约单 in its order, from 1.")
    ]
    reason: Annotated[
        str, Meta(description='Code of the reason; "" where it was put in somebody\'s own words.')
    ] = ""
    shares: Annotated[tuple[Share, ...], Meta(description="Units of lines that it is about.")]
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]


class ShipmentLost:
    """shipment.lost, told to the world."""

    name: Final = "danshu.shipment.lost"
    fact: Final = "shipment.lost"
    topic: Final = "shipment"
    title: Final = "丢件"
    title_en: Final = "Shipment lost"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
