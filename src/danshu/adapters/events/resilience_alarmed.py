"""韧性告警: resilience alarmed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A warehouse's index fell under the threshold, or came back over it."""

    is_under: Annotated[
        bool,
        Meta(description="Whether it fell under the threshold; otherwise it came back over it."),
    ]
    part: Annotated[str, Meta(description="Which part of the index, such as labour.")]
    score: Annotated[int, Meta(description="The index, from 0 to 100.")]
    threshold: Annotated[int, Meta(description="The threshold of the index.")]
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]


class ResilienceAlarmed:
    """resilience.alarmed, told to the world."""

    name: Final = "danshu.resilience.alarmed"
    fact: Final = "resilience.alarmed"
    topic: Final = "anomaly"
    title: Final = "韧性告警"
    title_en: Final = "Resilience alarmed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
