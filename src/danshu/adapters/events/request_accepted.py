"""同意申请: request accepted."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The merchant agrees to what was asked."""

    amount: Annotated[int, Meta(description="What is proposed for damage, in minor units.")] = 0
    kind: Annotated[str, Meta(description="What was asked for.")]
    no: Annotated[int, Meta(description="Number of the request in its order.")]


class RequestAccepted:
    """request.accepted, told to the world."""

    name: Final = "danshu.request.accepted"
    fact: Final = "request.accepted"
    topic: Final = "order"
    title: Final = "同意申请"
    title_en: Final = "Request accepted"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
