"""解除挂起: hold lifted."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The reason is gone."""

    reason: Annotated[
        str, Meta(description='Code of the reason; "" where it was put in somebody\'s own words.')
    ] = ""


class OrderUnheld:
    """order.unheld, told to the world."""

    name: Final = "danshu.order.unheld"
    fact: Final = "order.unheld"
    topic: Final = "order"
    title: Final = "解除挂起"
    title_en: Final = "Hold lifted"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
