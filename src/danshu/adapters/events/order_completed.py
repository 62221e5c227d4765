"""完成: order completed."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The after-sales term is over."""


class OrderCompleted:
    """order.completed, told to the world."""

    name: Final = "danshu.order.completed"
    fact: Final = "order.completed"
    topic: Final = "order"
    title: Final = "完成"
    title_en: Final = "Order completed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
