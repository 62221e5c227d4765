"""赠品: gifts decided."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._goods import Given, Kept


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Which rules gave what with the order and why, and which were met and gave nothing."""

    given: Annotated[tuple[Given, ...], Meta(description="Gifts that were given, and why.")]
    kept: Annotated[
        tuple[Kept, ...], Meta(description="Rules that were met and gave nothing, and why.")
    ] = ()


class GiftsDecided:
    """gifts.decided, told to the world."""

    name: Final = "danshu.gifts.decided"
    fact: Final = "gifts.decided"
    topic: Final = "order"
    title: Final = "赠品"
    title_en: Final = "Gifts decided"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
