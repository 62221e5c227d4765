"""拣货完成: order picked."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._goods import Share


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A fulfilment order is picked."""

    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order 履约单 in its order, from 1.")
    ]
    shares: Annotated[tuple[Share, ...], Meta(description="Units of lines that it is about.")]
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]


class OrderPicked:
    """order.picked, told to the world."""

    name: Final = "danshu.order.picked"
    fact: Final = "order.picked"
    topic: Final = "order"
    title: Final = "拣货完成"
    title_en: Final = "Order picked"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
