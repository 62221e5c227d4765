"""拆单: fulfilment split."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code
from danshu.adapters.events._goods import Planned, Share


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A fulfilment order keeps some of its units; the others are in new ones beside it."""

    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order 履约单 in its order, from 1.")
    ]
    kept: Annotated[tuple[Share, ...], Meta(description="What the fulfilment order keeps.")]
    parts: Annotated[tuple[Planned, ...], Meta(description="The new fulfilment orders.")]
    reason: Annotated[
        str, Meta(description='Code of the reason; "" where it was put in somebody\'s own words.')
    ] = ""
    rule: Annotated[
        str, Meta(description='Name of the merchant\'s rule; "" where a person asked for it.')
    ] = ""


class FulfilmentSplit:
    """fulfilment.split, told to the world."""

    name: Final = "danshu.fulfilment.split"
    fact: Final = "fulfilment.split"
    topic: Final = "shipment"
    title: Final = "拆单"
    title_en: Final = "Fulfilment split"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
