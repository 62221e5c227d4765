"""预警: promise warned."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A promise comes near its deadline."""

    code: Annotated[str, Meta(description="Code of the promise.")]
    due: Annotated[str, Meta(description="When it falls due (RFC 3339, UTC).")]
    left_ms: Annotated[int, Meta(description="Milliseconds left until the deadline.")]
    level: Annotated[int, Meta(description="Level of the warning, from 1.")]


class PromiseWarned:
    """promise.warned, told to the world."""

    name: Final = "danshu.promise.warned"
    fact: Final = "promise.warned"
    topic: Final = "promise"
    title: Final = "预警"
    title_en: Final = "Promise warned"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
