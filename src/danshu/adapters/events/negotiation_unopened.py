"""未能发起协商: negotiation unopened."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Policy wanted a negotiation for a decision and none could be opened."""

    code: Annotated[str, Meta(description="Code of why none could be opened.")]
    decision: Annotated[str, Meta(description="The id of the fact of the decision.")]


class NegotiationUnopened:
    """negotiation.unopened, told to the world."""

    name: Final = "danshu.negotiation.unopened"
    fact: Final = "negotiation.unopened"
    topic: Final = "negotiation"
    title: Final = "未能发起协商"
    title_en: Final = "Negotiation unopened"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
