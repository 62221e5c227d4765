"""不同意申请: request declined."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The merchant says no."""

    kind: Annotated[str, Meta(description="What was asked for.")]
    no: Annotated[int, Meta(description="Number of the request in its order.")]


class RequestDeclined:
    """request.declined, told to the world."""

    name: Final = "danshu.request.declined"
    fact: Final = "request.declined"
    topic: Final = "order"
    title: Final = "不同意申请"
    title_en: Final = "Request declined"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
