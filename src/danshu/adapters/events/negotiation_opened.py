"""发出征询: negotiation opened."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._talks import Fallback, Leg, Weights, Window


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Invited parties may propose, or the default stands."""

    award_by: Annotated[
        str, Meta(description="By when it is settled, or the default stands (RFC 3339, UTC).")
    ]
    decision: Annotated[str, Meta(description="The id of the fact of the decision.")]
    fallback: Annotated[Fallback, Meta(description="What stands where nobody is found in time.")]
    leg: Annotated[Leg, Meta(description="What is to be carried.")]
    offer_fen: Annotated[int, Meta(description="What is offered for the leg, in 分.")]
    order: Annotated[str, Meta(description="The stream of the order.")]
    parties: Annotated[tuple[str, ...], Meta(description="Codes of the parties that are invited.")]
    reply_by: Annotated[str, Meta(description="Until when parties may propose (RFC 3339, UTC).")]
    weights: Annotated[Weights, Meta(description="What a score is made with.")]
    windows: Annotated[tuple[Window, ...], Meta(description="The windows of delivery on offer.")]


class NegotiationOpened:
    """negotiation.opened, told to the world."""

    name: Final = "danshu.negotiation.opened"
    fact: Final = "negotiation.opened"
    topic: Final = "negotiation"
    title: Final = "发出征询"
    title_en: Final = "Negotiation opened"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
