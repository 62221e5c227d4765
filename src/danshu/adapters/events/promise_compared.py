"""对照: promise compared."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._promises import Marked


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An event that does not stop the clock, kept beside the one that does."""

    by: Annotated[Marked, Meta(description="The event that says so.")]
    code: Annotated[str, Meta(description="Code of the promise.")]
    gap_ms: Annotated[
        int, Meta(description="Milliseconds after the deadline; before it where negative.")
    ] = 0
    verdict: Annotated[
        str, Meta(description='What it would have said: kept, broken…; "" before the clock starts.')
    ] = ""


class PromiseCompared:
    """promise.compared, told to the world."""

    name: Final = "danshu.promise.compared"
    fact: Final = "promise.compared"
    topic: Final = "promise"
    title: Final = "对照"
    title_en: Final = "Promise compared"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
