"""报价: negotiation proposed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A party's offer, binding until a time (Civil Code art. 476)."""

    accept_permille: Annotated[
        int, Meta(description="How likely the party is to confirm, in thousandths.")
    ]
    equipment: Annotated[str, Meta(description='Code of the cold equipment; "" for none.')]
    eta: Annotated[str, Meta(description="When the party expects to deliver (RFC 3339, UTC).")]
    fee_fen: Annotated[int, Meta(description="The party's fee, in 分.")]
    party: Annotated[str, Meta(description="Code of the party 承运方.")]
    proposal: Annotated[str, Meta(description="Name of the proposal in its negotiation.")]
    valid_until: Annotated[str, Meta(description="Until when the offer binds (RFC 3339, UTC).")]
    window: Annotated[str, Meta(description="Id of the window of delivery.")]


class NegotiationProposed:
    """negotiation.proposed, told to the world."""

    name: Final = "danshu.negotiation.proposed"
    fact: Final = "negotiation.proposed"
    topic: Final = "negotiation"
    title: Final = "报价"
    title_en: Final = "Negotiation proposed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
