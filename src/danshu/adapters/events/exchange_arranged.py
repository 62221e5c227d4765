"""换货: exchange arranged."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._goods import Line


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """For units that came back other goods are sent."""

    case: Annotated[str, Meta(description="The stream of the after-sales case 售后单.")]
    difference: Annotated[
        int, Meta(description="What the new goods cost more (over 0) or less, in minor units.")
    ]
    line: Annotated[int, Meta(description="Line whose units came back.")]
    lines: Annotated[tuple[Line, ...], Meta(description="New lines of the order.")]
    moved: Annotated[
        int, Meta(description="What the units that came back pay of them, in minor units.")
    ]
    quantity: Annotated[int, Meta(description="Units.")]
    supplement: Annotated[
        int, Meta(description="Of it what is asked of the buyer, in minor units.")
    ] = 0


class ExchangeArranged:
    """exchange.arranged, told to the world."""

    name: Final = "danshu.exchange.arranged"
    fact: Final = "exchange.arranged"
    topic: Final = "after_sale"
    title: Final = "换货"
    title_en: Final = "Exchange arranged"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
