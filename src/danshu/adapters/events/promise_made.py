"""立约: promise made."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._promises import Pinned


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Every promise that the order carries."""

    promises: Annotated[
        tuple[Pinned, ...], Meta(description="The promises that the order carries.")
    ]


class PromiseMade:
    """promise.made, told to the world."""

    name: Final = "danshu.promise.made"
    fact: Final = "promise.made"
    topic: Final = "promise"
    title: Final = "立约"
    title_en: Final = "Promise made"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
