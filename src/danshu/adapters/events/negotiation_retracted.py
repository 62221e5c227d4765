"""撤回报价: negotiation retracted."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An offer that is neither awarded nor kept in reserve was taken back."""

    party: Annotated[str, Meta(description="Code of the party 承运方.")]
    proposal: Annotated[str, Meta(description="Name of the proposal in its negotiation.")]


class NegotiationRetracted:
    """negotiation.retracted, told to the world."""

    name: Final = "danshu.negotiation.retracted"
    fact: Final = "negotiation.retracted"
    topic: Final = "negotiation"
    title: Final = "撤回报价"
    title_en: Final = "Negotiation retracted"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
