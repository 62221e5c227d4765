"""下单: order placed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._goods import Line


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The buyer's order as the channel said it, without the buyer and the receiver."""

    channel: Annotated[str, Meta(description="Code of the sales channel.")]
    created: Annotated[
        str, Meta(description="When the buyer placed it, as the channel says (RFC 3339, UTC).")
    ]
    currency: Annotated[str, Meta(description="ISO 4217 code of the currency.")]
    discount: Annotated[int, Meta(description="Discount on the whole order, in minor units.")]
    flag: Annotated[
        str, Meta(description='The flag that the seller set on the platform; "" for none.')
    ] = ""
    goods: Annotated[
        int, Meta(description="Price of the goods before the discount, in minor units.")
    ]
    group: Annotated[str, Meta(description='Code of the group; "" for none.')] = ""
    holds: Annotated[
        tuple[str, ...],
        Meta(description="Codes of the reasons for which it is held from the beginning."),
    ] = ()
    key: Annotated[
        str, Meta(description="The key under which the order is known once and for all.")
    ]
    kind: Annotated[
        str, Meta(description="order, return or cancel: what the message asked for.")
    ] = "order"
    lines: Annotated[tuple[Line, ...], Meta(description="Its lines.")]
    number: Annotated[str, Meta(description="Order number on the channel.")]
    of_number: Annotated[
        str,
        Meta(description='Number of the order on the platform that it belongs to; "" for none.'),
    ] = ""
    postage: Annotated[int, Meta(description="Postage, in minor units.")]
    region: Annotated[str, Meta(description="Code of the region (GB/T 2260).")]
    ship_by: Annotated[
        str,
        Meta(description='Until when the platform wants it shipped (RFC 3339, UTC); "" for never.'),
    ] = ""
    shop: Annotated[str, Meta(description="The shop on the channel.")] = ""
    status: Annotated[str, Meta(description="The platform's own word for the order's state.")] = ""
    subsidy: Annotated[
        int, Meta(description="What the platform adds to what the buyer pays, in minor units.")
    ] = 0
    total: Annotated[int, Meta(description="What the buyer pays, in minor units.")]
    type: Annotated[str, Meta(description='Code of the order type; "" for the plain one.')] = ""
    type_version: Annotated[int, Meta(description="Version of the order type.")] = 0


class OrderPlaced:
    """order.placed, told to the world."""

    name: Final = "danshu.order.placed"
    fact: Final = "order.placed"
    topic: Final = "order"
    title: Final = "下单"
    title_en: Final = "Order placed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
