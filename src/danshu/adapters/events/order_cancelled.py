"""取消: order cancelled."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code
from danshu.adapters.events._goods import Planned, Share


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What had not been picked is given up."""

    freed: Annotated[
        tuple[Planned, ...],
        Meta(description="Fulfilment orders that are given up; their units go back to stock."),
    ] = ()
    reason: Annotated[
        str, Meta(description='Code of the reason; "" where it was put in somebody\'s own words.')
    ] = ""
    shares: Annotated[tuple[Share, ...], Meta(description="Units that are cancelled.")]


class OrderCancelled:
    """order.cancelled, told to the world."""

    name: Final = "danshu.order.cancelled"
    fact: Final = "order.cancelled"
    topic: Final = "order"
    title: Final = "取消"
    title_en: Final = "Order cancelled"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
