"""不报价: negotiation declined."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A party makes no offer."""

    party: Annotated[str, Meta(description="Code of the party 承运方.")]
    reason: Annotated[
        str, Meta(description='Code of the reason; "" where it was put in somebody\'s own words.')
    ] = ""
    unreachable: Annotated[
        bool, Meta(description="Whether the party gave no answer that could be understood.")
    ]


class NegotiationDeclined:
    """negotiation.declined, told to the world."""

    name: Final = "danshu.negotiation.declined"
    fact: Final = "negotiation.declined"
    topic: Final = "negotiation"
    title: Final = "不报价"
    title_en: Final = "Negotiation declined"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
