"""打标: order tagged."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The order bears these tags from now on."""

    tags: Annotated[tuple[str, ...], Meta(description="The tags.")]


class OrderTagged:
    """order.tagged, told to the world."""

    name: Final = "danshu.order.tagged"
    fact: Final = "order.tagged"
    topic: Final = "order"
    title: Final = "打标"
    title_en: Final = "Order tagged"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
