"""授标: negotiation awarded."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._talks import Score


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The best offer was taken up, to be confirmed."""

    award: Annotated[str, Meta(description="Name of the award in its negotiation.")]
    confirm_by: Annotated[
        str, Meta(description="Until when the party may confirm (RFC 3339, UTC).")
    ]
    proposal: Annotated[str, Meta(description="Name of the proposal in its negotiation.")]
    reserved: Annotated[str, Meta(description='The next best proposal; "" for none.')]
    scores: Annotated[tuple[Score, ...], Meta(description="Scores of the proposals.")]
    trip_ms: Annotated[
        int, Meta(description="What its way there and back takes at most (p99), in milliseconds.")
    ]


class NegotiationAwarded:
    """negotiation.awarded, told to the world."""

    name: Final = "danshu.negotiation.awarded"
    fact: Final = "negotiation.awarded"
    topic: Final = "negotiation"
    title: Final = "授标"
    title_en: Final = "Negotiation awarded"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
