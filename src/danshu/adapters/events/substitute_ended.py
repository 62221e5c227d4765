"""征询结束: substitute ended."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Nobody answered in time, or the merchant took it back."""

    no: Annotated[int, Meta(description="Number of the offer in its order.")]
    reason: Annotated[str, Meta(description="expired or withdrawn.")]


class SubstituteEnded:
    """substitute.ended, told to the world."""

    name: Final = "danshu.substitute.ended"
    fact: Final = "substitute.ended"
    topic: Final = "order"
    title: Final = "征询结束"
    title_en: Final = "Substitute ended"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
