"""买家申请: request made."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Somebody asks for a change of address, compensation for damage, or what a power gives."""

    by: Annotated[
        str, Meta(description="link (whoever holds the evidence page's link) or merchant.")
    ]
    kind: Annotated[
        str, Meta(description="What is asked for: address, damage, or a power's action.")
    ]
    no: Annotated[int, Meta(description="Number of the request in its order.")]


class RequestMade:
    """request.made, told to the world."""

    name: Final = "danshu.request.made"
    fact: Final = "request.made"
    topic: Final = "order"
    title: Final = "买家申请"
    title_en: Final = "Request made"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
