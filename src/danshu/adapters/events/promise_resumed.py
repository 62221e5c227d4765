"""续走: promise resumed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._promises import Marked


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The clock of the promise goes on."""

    at: Annotated[str, Meta(description="When it came about (RFC 3339, UTC).")]
    by: Annotated[
        Marked | None, Meta(description="The event that ended the pause; absent where its cap did.")
    ] = None
    code: Annotated[str, Meta(description="Code of the promise.")]
    due: Annotated[str, Meta(description="When it falls due (RFC 3339, UTC).")]


class PromiseResumed:
    """promise.resumed, told to the world."""

    name: Final = "danshu.promise.resumed"
    fact: Final = "promise.resumed"
    topic: Final = "promise"
    title: Final = "续走"
    title_en: Final = "Promise resumed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
