"""预订: preorder taken."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._goods import Preordered


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Units were sold against goods that are announced, within the units announced."""

    lines: Annotated[
        tuple[Preordered, ...], Meta(description="Units by line, and when their goods arrive.")
    ]


class PreorderTaken:
    """preorder.taken, told to the world."""

    name: Final = "danshu.preorder.taken"
    fact: Final = "preorder.taken"
    topic: Final = "order"
    title: Final = "预订"
    title_en: Final = "Preorder taken"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
