"""拒绝: negotiation refused."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The party refuses what it was awarded; the next best is asked."""

    award: Annotated[str, Meta(description="Name of the award in its negotiation.")]
    party: Annotated[str, Meta(description="Code of the party 承运方.")]
    reason: Annotated[
        str, Meta(description='Code of the reason; "" where it was put in somebody\'s own words.')
    ] = ""


class NegotiationRefused:
    """negotiation.refused, told to the world."""

    name: Final = "danshu.negotiation.refused"
    fact: Final = "negotiation.refused"
    topic: Final = "negotiation"
    title: Final = "拒绝"
    title_en: Final = "Negotiation refused"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
