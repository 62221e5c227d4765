"""征询替代: substitute offered."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Another SKU would stand in for a line that is short."""

    line: Annotated[int, Meta(description="Line that is short.")]
    no: Annotated[int, Meta(description="Number of the offer in its order.")]
    paid: Annotated[
        int, Meta(description="What the buyer would have paid for all units, in minor units.")
    ]
    price: Annotated[int, Meta(description="Price of one unit, in minor units.")]
    quantity: Annotated[int, Meta(description="Units.")]
    sku: Annotated[str, Meta(description="Code of the SKU.")]
    title: Annotated[str, Meta(description="Title of the goods.")] = ""
    until: Annotated[str, Meta(description='Until when (RFC 3339, UTC); "" without end.')]


class SubstituteOffered:
    """substitute.offered, told to the world."""

    name: Final = "danshu.substitute.offered"
    fact: Final = "substitute.offered"
    topic: Final = "order"
    title: Final = "征询替代"
    title_en: Final = "Substitute offered"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
