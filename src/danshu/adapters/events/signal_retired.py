"""信号源停用: signal retired."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A silence of this source makes nothing stale any more, until it speaks again."""

    key: Annotated[str, Meta(description="Name of the variable.")]
    source: Annotated[str, Meta(description="Name of the source.")]
    subject: Annotated[str, Meta(description="What it spoke about.")]


class SignalRetired:
    """signal.retired, told to the world."""

    name: Final = "danshu.signal.retired"
    fact: Final = "signal.retired"
    topic: Final = "anomaly"
    title: Final = "信号源停用"
    title_en: Final = "Signal retired"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
