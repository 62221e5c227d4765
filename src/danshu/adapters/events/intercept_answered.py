"""截单答复: intercept answered."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Whoever was asked to stop the goods answers."""

    answer: Annotated[str, Meta(description="stopped or too_late.")]
    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order 履约单 in its order, from 1.")
    ]
    receipt: Annotated[str, Meta(description='The other side\'s number of it; "" for none.')] = ""


class InterceptAnswered:
    """intercept.answered, told to the world."""

    name: Final = "danshu.intercept.answered"
    fact: Final = "intercept.answered"
    topic: Final = "shipment"
    title: Final = "截单答复"
    title_en: Final = "Intercept answered"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
