"""时钟恢复: clock restored."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Sources agree again that the clock is right."""

    error_us: Annotated[int, Meta(description="Bound on the error of the clock, in microseconds.")]
    node: Annotated[str, Meta(description="A digest of the machine's name.")]
    offset_us: Annotated[int, Meta(description="Source minus clock, in microseconds.")]
    source: Annotated[str, Meta(description="The time source.")]


class ClockRestored:
    """clock.restored, told to the world."""

    name: Final = "danshu.clock.restored"
    fact: Final = "clock.restored"
    topic: Final = "evidence"
    title: Final = "时钟恢复"
    title_en: Final = "Clock restored"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
