"""起表: promise started."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._promises import Marked


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The start event came, the clock runs."""

    by: Annotated[Marked, Meta(description="The event that says so.")]
    code: Annotated[str, Meta(description="Code of the promise.")]
    due: Annotated[str, Meta(description="When it falls due (RFC 3339, UTC).")]


class PromiseStarted:
    """promise.started, told to the world."""

    name: Final = "danshu.promise.started"
    fact: Final = "promise.started"
    topic: Final = "promise"
    title: Final = "起表"
    title_en: Final = "Promise started"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
