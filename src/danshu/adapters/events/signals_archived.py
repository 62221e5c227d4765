"""读数归档: signals archived."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The readings of one UTC day lie in one file."""

    day: Annotated[str, Meta(description="The UTC day (YYYY-MM-DD).")]
    digest: Annotated[str, Meta(description="SHA-256 (hex) of the Parquet file.")]
    rows: Annotated[int, Meta(description="Readings in it.")]


class SignalsArchived:
    """signals.archived, told to the world."""

    name: Final = "danshu.signals.archived"
    fact: Final = "signals.archived"
    topic: Final = "anomaly"
    title: Final = "读数归档"
    title_en: Final = "Signals archived"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
