"""逾期未确认: negotiation lapsed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An award was not confirmed in time; whatever is said of it later is not heard."""

    award: Annotated[str, Meta(description="Name of the award in its negotiation.")]


class NegotiationLapsed:
    """negotiation.lapsed, told to the world."""

    name: Final = "danshu.negotiation.lapsed"
    fact: Final = "negotiation.lapsed"
    topic: Final = "negotiation"
    title: Final = "逾期未确认"
    title_en: Final = "Negotiation lapsed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
