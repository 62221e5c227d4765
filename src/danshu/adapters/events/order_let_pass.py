"""误拦放行: order let pass."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Somebody looked at a stopped order and let it go on: it was a false alarm."""

    reason: Annotated[
        str, Meta(description='Code of the reason; "" where it was put in somebody\'s own words.')
    ] = ""


class OrderLetPass:
    """order.let_pass, told to the world."""

    name: Final = "danshu.order.let_pass"
    fact: Final = "order.let_pass"
    topic: Final = "order"
    title: Final = "误拦放行"
    title_en: Final = "Order let pass"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
