"""还价: negotiation countered."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The party answers the award with another fee and a shifted window, a new offer
    (Civil Code art. 488).
    """

    award: Annotated[str, Meta(description="Name of the award in its negotiation.")]
    fee_fen: Annotated[int, Meta(description="The party's fee, in 分.")]
    party: Annotated[str, Meta(description="Code of the party 承运方.")]
    shift_min: Annotated[int, Meta(description="By how many minutes the window is shifted.")]


class NegotiationCountered:
    """negotiation.countered, told to the world."""

    name: Final = "danshu.negotiation.countered"
    fact: Final = "negotiation.countered"
    topic: Final = "negotiation"
    title: Final = "还价"
    title_en: Final = "Negotiation countered"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
