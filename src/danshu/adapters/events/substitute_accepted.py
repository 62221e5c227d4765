"""同意替代: substitute accepted."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The buyer agrees to the substitute."""

    no: Annotated[int, Meta(description="Number of the offer in its order.")]


class SubstituteAccepted:
    """substitute.accepted, told to the world."""

    name: Final = "danshu.substitute.accepted"
    fact: Final = "substitute.accepted"
    topic: Final = "order"
    title: Final = "同意替代"
    title_en: Final = "Substitute accepted"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
