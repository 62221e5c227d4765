"""撤回拣货: order recalled."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._goods import Share


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What was picked, packed or not, is back in its bin."""

    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order 履约单 in its order, from 1.")
    ]
    shares: Annotated[tuple[Share, ...], Meta(description="What is back in its bin.")]
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]


class OrderRecalled:
    """order.recalled, told to the world."""

    name: Final = "danshu.order.recalled"
    fact: Final = "order.recalled"
    topic: Final = "order"
    title: Final = "撤回拣货"
    title_en: Final = "Order recalled"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
