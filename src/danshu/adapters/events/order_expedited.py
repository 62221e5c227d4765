"""加急: order expedited."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The floor is to have the order out before others."""

    by: Annotated[
        str, Meta(description='By when (RFC 3339); "" where it waits for its turn again.')
    ]
    reason: Annotated[str, Meta(description="Why, as a stable word.")]


class OrderExpedited:
    """order.expedited, told to the world."""

    name: Final = "danshu.order.expedited"
    fact: Final = "order.expedited"
    topic: Final = "order"
    title: Final = "加急"
    title_en: Final = "Order expedited"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
