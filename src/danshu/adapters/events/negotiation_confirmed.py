"""接单确认: negotiation confirmed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The party confirms the award: the contract is made (Civil Code art. 483)."""

    award: Annotated[str, Meta(description="Name of the award in its negotiation.")]
    number: Annotated[str, Meta(description="The party's own number of the contract.")]
    party: Annotated[str, Meta(description="Code of the party 承运方.")]


class NegotiationConfirmed:
    """negotiation.confirmed, told to the world."""

    name: Final = "danshu.negotiation.confirmed"
    fact: Final = "negotiation.confirmed"
    topic: Final = "negotiation"
    title: Final = "接单确认"
    title_en: Final = "Negotiation confirmed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
