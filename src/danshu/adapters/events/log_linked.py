"""日志接续: log linked."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The first entry of a log that goes on from another."""

    held: Annotated[int, Meta(description="Leaves of the old log that are still here.")]
    origin: Annotated[str, Meta(description="Origin of the old log.")]
    root: Annotated[str, Meta(description="RFC 6962 root (hex) of the old log.")]
    size: Annotated[int, Meta(description="Leaves of the old log, as last signed.")]


class LogLinked:
    """log.linked, told to the world."""

    name: Final = "danshu.log.linked"
    fact: Final = "log.linked"
    topic: Final = "evidence"
    title: Final = "日志接续"
    title_en: Final = "Log linked"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
