"""分仓熔断: routing stopped."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Automatic routing of a storage class is stopped everywhere."""

    cause: Annotated[str, Meta(description="share: too many decisions went to one place.")]
    count: Annotated[int, Meta(description="Decisions that went to the place.")]
    no: Annotated[int, Meta(description="Number of the stop.")]
    place: Annotated[str, Meta(description='Where they went; "" = nowhere.')]
    storage: Annotated[str, Meta(description="Storage class of the goods.")]
    total: Annotated[int, Meta(description="Decisions in all.")]
    usual_ppm: Annotated[int, Meta(description="What share is usual, in millionths.")]


class RoutingStopped:
    """routing.stopped, told to the world."""

    name: Final = "danshu.routing.stopped"
    fact: Final = "routing.stopped"
    topic: Final = "route"
    title: Final = "分仓熔断"
    title_en: Final = "Routing stopped"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
