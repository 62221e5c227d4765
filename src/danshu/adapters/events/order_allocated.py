"""分仓占库: order allocated."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._goods import Planned


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Which warehouse ships what; the units are reserved by the same commit."""

    fulfilments: Annotated[
        tuple[Planned, ...], Meta(description="Which warehouse ships what; the units are reserved.")
    ]


class OrderAllocated:
    """order.allocated, told to the world."""

    name: Final = "danshu.order.allocated"
    fact: Final = "order.allocated"
    topic: Final = "order"
    title: Final = "分仓占库"
    title_en: Final = "Order allocated"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
