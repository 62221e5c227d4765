"""补对齐: order aligned."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Master data now holds what the order means."""

    lines: Annotated[tuple[int, ...], Meta(description="Numbers of the lines that became known.")]
    region: Annotated[str, Meta(description="Code of the region that it goes to (GB/T 2260).")]


class OrderAligned:
    """order.aligned, told to the world."""

    name: Final = "danshu.order.aligned"
    fact: Final = "order.aligned"
    topic: Final = "order"
    title: Final = "补对齐"
    title_en: Final = "Order aligned"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
