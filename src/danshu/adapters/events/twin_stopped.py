"""孪生停接: twin stopped."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The physical judge stops a storage class in a warehouse."""

    cause: Annotated[str, Meta(description="forecast or contradiction.")]
    hours_tenth: Annotated[
        int, Meta(description="Tenths of an hour until the excursion; -1 = none is forecast.")
    ]
    sensors: Annotated[str, Meta(description="What the sensors say.")]
    storage: Annotated[str, Meta(description="Storage class of the goods.")]
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]
    zone: Annotated[str, Meta(description="The cold zone.")]


class TwinStopped:
    """twin.stopped, told to the world."""

    name: Final = "danshu.twin.stopped"
    fact: Final = "twin.stopped"
    topic: Final = "anomaly"
    title: Final = "孪生停接"
    title_en: Final = "Twin stopped"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
