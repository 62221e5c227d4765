"""补发: shipment reshipped."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._goods import Share


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Goods are sent once more at no charge."""

    cause: Annotated[str, Meta(description="lost, damaged, missing, refused or returned.")]
    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order 履约单 in its order, from 1.")
    ]
    shares: Annotated[tuple[Share, ...], Meta(description="What is sent once more.")]
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]


class ShipmentReshipped:
    """shipment.reshipped, told to the world."""

    name: Final = "danshu.shipment.reshipped"
    fact: Final = "shipment.reshipped"
    topic: Final = "shipment"
    title: Final = "补发"
    title_en: Final = "Shipment reshipped"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
