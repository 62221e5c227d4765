"""售后申请: after sale opened."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._cases import CaseLine, ExchangeGoods, Sum


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Somebody asks for goods or money of an order to go back."""

    carrier: Annotated[str, Meta(description="Code of the carrier.")] = ""
    currency: Annotated[str, Meta(description="ISO 4217 code of the currency.")]
    due: Annotated[
        str, Meta(description='Until when it is due (RFC 3339, UTC); "" where nothing is.')
    ] = ""
    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order; 0 where it is about none.")
    ] = 0
    kind: Annotated[
        str, Meta(description="Kind: return, exchange, refund_only, compensation or claim.")
    ]
    lines: Annotated[tuple[CaseLine, ...], Meta(description="What is asked for, by line.")] = ()
    number: Annotated[str, Meta(description="Number of the order on the channel.")]
    order: Annotated[str, Meta(description="The stream of the order.")]
    origin: Annotated[
        str,
        Meta(description="Who opened it: person, buyer, platform, or what happened to the order."),
    ]
    reason: Annotated[str, Meta(description="Code of the reason.")]
    rule: Annotated[str, Meta(description='The rule that it follows; "" for none.')] = ""
    sum: Annotated[Sum, Meta(description="What the case pays.")] = Sum()
    wanted: Annotated[
        tuple[ExchangeGoods, ...], Meta(description="Goods that are wanted in exchange.")
    ] = ()
    waybill: Annotated[str, Meta(description='The carrier\'s waybill number; "" for none.')] = ""


class AfterSaleOpened:
    """after_sale.opened, told to the world."""

    name: Final = "danshu.after_sale.opened"
    fact: Final = "after_sale.opened"
    topic: Final = "after_sale"
    title: Final = "售后申请"
    title_en: Final = "After sale opened"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
