"""短拣: short picked."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._goods import Share


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Some of the units were found and are picked; the others are open again."""

    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order 履约单 in its order, from 1.")
    ]
    missing: Annotated[tuple[Share, ...], Meta(description="What was not there; it is open again.")]
    shares: Annotated[tuple[Share, ...], Meta(description="What was found and is picked.")]
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]


class FulfilmentShortPicked:
    """fulfilment.short_picked, told to the world."""

    name: Final = "danshu.fulfilment.short_picked"
    fact: Final = "fulfilment.short_picked"
    topic: Final = "shipment"
    title: Final = "短拣"
    title_en: Final = "Short picked"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
