"""打包完成: order packed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._goods import Share


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A fulfilment order is packed."""

    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order 履约单 in its order, from 1.")
    ]
    shares: Annotated[tuple[Share, ...], Meta(description="Units of lines that it is about.")]
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]


class OrderPacked:
    """order.packed, told to the world."""

    name: Final = "danshu.order.packed"
    fact: Final = "order.packed"
    topic: Final = "order"
    title: Final = "打包完成"
    title_en: Final = "Order packed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
