"""协商终止,默认生效: negotiation closed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code
from danshu.adapters.events._talks import Fallback


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Nobody confirmed; the default carrier and window stand."""

    fallback: Annotated[Fallback, Meta(description="What stands where nobody is found in time.")]
    outcome: Annotated[str, Meta(description="expired, rejected, withdrawn or failed.")]
    reason: Annotated[
        str, Meta(description='Code of the reason; "" where it was put in somebody\'s own words.')
    ] = ""


class NegotiationClosed:
    """negotiation.closed, told to the world."""

    name: Final = "danshu.negotiation.closed"
    fact: Final = "negotiation.closed"
    topic: Final = "negotiation"
    title: Final = "协商终止,默认生效"
    title_en: Final = "Negotiation closed"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
