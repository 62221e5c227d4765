"""承运约定: shipment arranged."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who will carry a fulfilment order, and in which window it comes."""

    carrier: Annotated[str, Meta(description="Code of the carrier.")]
    consent: Annotated[
        str,
        Meta(
            description='The id of the fact in which the buyer agreed; "" where none was asked for.'
        ),
    ] = ""
    end: Annotated[
        str, Meta(description='End of the window of delivery (RFC 3339, UTC); "" for none.')
    ] = ""
    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order 履约单 in its order, from 1.")
    ]
    negotiation: Annotated[
        str, Meta(description="The id of the fact of the negotiation that says so.")
    ]
    number: Annotated[
        str, Meta(description='The party\'s number of the award; "" for the default.')
    ] = ""
    party: Annotated[str, Meta(description='Code of the party; "" where the default stands.')] = ""
    start: Annotated[
        str, Meta(description='Beginning of the window of delivery (RFC 3339, UTC); "" for none.')
    ] = ""


class ShipmentArranged:
    """shipment.arranged, told to the world."""

    name: Final = "danshu.shipment.arranged"
    fact: Final = "shipment.arranged"
    topic: Final = "shipment"
    title: Final = "承运约定"
    title_en: Final = "Shipment arranged"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
