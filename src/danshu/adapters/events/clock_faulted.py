"""时钟故障: clock faulted."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """From here on the recorded times are not trusted; acts of grade A wait for a token."""

    error_us: Annotated[int, Meta(description="Bound on the error of the clock, in microseconds.")]
    node: Annotated[str, Meta(description="A digest of the machine's name.")]
    offset_us: Annotated[int, Meta(description="Source minus clock, in microseconds.")]
    source: Annotated[str, Meta(description="The time source.")]
    why: Annotated[str, Meta(description="error, silent, disagree, unsynchronised or step.")]


class ClockFaulted:
    """clock.faulted, told to the world."""

    name: Final = "danshu.clock.faulted"
    fact: Final = "clock.faulted"
    topic: Final = "evidence"
    title: Final = "时钟故障"
    title_en: Final = "Clock faulted"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
