"""撤回申请: request withdrawn."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who asked takes it back."""

    by: Annotated[
        str, Meta(description="link (whoever holds the evidence page's link) or merchant.")
    ]
    kind: Annotated[str, Meta(description="What was asked for.")]
    no: Annotated[int, Meta(description="Number of the request in its order.")]


class RequestWithdrawn:
    """request.withdrawn, told to the world."""

    name: Final = "danshu.request.withdrawn"
    fact: Final = "request.withdrawn"
    topic: Final = "order"
    title: Final = "撤回申请"
    title_en: Final = "Request withdrawn"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
