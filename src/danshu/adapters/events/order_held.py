"""挂起: order held."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """It must not be released until the reason is gone."""

    awaits: Annotated[
        str,
        Meta(description='It goes on by itself when this comes: stock or payment; "" for neither.'),
    ] = ""
    frees: Annotated[bool, Meta(description="Whether nothing is reserved for it meanwhile.")] = (
        False
    )
    reason: Annotated[
        str, Meta(description='Code of the reason; "" where it was put in somebody\'s own words.')
    ] = ""
    right: Annotated[
        str, Meta(description='Right that is needed to lift it; "" for the usual one.')
    ] = ""
    until: Annotated[
        str, Meta(description='It goes on by itself at this time (RFC 3339, UTC); "" for never.')
    ] = ""


class OrderHeld:
    """order.held, told to the world."""

    name: Final = "danshu.order.held"
    fact: Final = "order.held"
    topic: Final = "order"
    title: Final = "挂起"
    title_en: Final = "Order held"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
