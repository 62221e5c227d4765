"""不同意替代: substitute declined."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The buyer would rather wait; the line is as it was."""

    no: Annotated[int, Meta(description="Number of the offer in its order.")]


class SubstituteDeclined:
    """substitute.declined, told to the world."""

    name: Final = "danshu.substitute.declined"
    fact: Final = "substitute.declined"
    topic: Final = "order"
    title: Final = "不同意替代"
    title_en: Final = "Substitute declined"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
