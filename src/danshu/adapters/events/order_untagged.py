"""去标: order untagged."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The order bears these tags no more."""

    tags: Annotated[tuple[str, ...], Meta(description="The tags.")]


class OrderUntagged:
    """order.untagged, told to the world."""

    name: Final = "danshu.order.untagged"
    fact: Final = "order.untagged"
    topic: Final = "order"
    title: Final = "去标"
    title_en: Final = "Order untagged"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
