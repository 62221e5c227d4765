"""确认: order confirmed."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The merchant accepted the order."""


class OrderConfirmed:
    """order.confirmed, told to the world."""

    name: Final = "danshu.order.confirmed"
    fact: Final = "order.confirmed"
    topic: Final = "order"
    title: Final = "确认"
    title_en: Final = "Order confirmed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
