"""恢复分仓: routing resumed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A storage class is routed again."""

    no: Annotated[int, Meta(description="Number of the stop.")]
    reason: Annotated[str, Meta(description="Why, in the words of the merchant's people.")]
    storage: Annotated[str, Meta(description="Storage class of the goods.")]


class RoutingResumed:
    """routing.resumed, told to the world."""

    name: Final = "danshu.routing.resumed"
    fact: Final = "routing.resumed"
    topic: Final = "route"
    title: Final = "恢复分仓"
    title_en: Final = "Routing resumed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
