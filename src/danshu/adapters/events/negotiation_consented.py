"""消费者同意: negotiation consented."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The buyer agreed to a window that ends after what was promised."""

    lang: Annotated[str, Meta(description="Language of what was shown.")]
    window: Annotated[str, Meta(description="Id of the window of delivery.")]


class NegotiationConsented:
    """negotiation.consented, told to the world."""

    name: Final = "danshu.negotiation.consented"
    fact: Final = "negotiation.consented"
    topic: Final = "negotiation"
    title: Final = "消费者同意"
    title_en: Final = "Negotiation consented"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
