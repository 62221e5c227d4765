"""暂停: promise paused."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._promises import Marked


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The clock of the promise stands."""

    by: Annotated[Marked, Meta(description="The event that says so.")]
    code: Annotated[str, Meta(description="Code of the promise.")]
    due: Annotated[str, Meta(description="When it falls due (RFC 3339, UTC).")]
    until: Annotated[
        str, Meta(description="It goes on at this time at the latest (RFC 3339, UTC).")
    ]


class PromisePaused:
    """promise.paused, told to the world."""

    name: Final = "danshu.promise.paused"
    fact: Final = "promise.paused"
    topic: Final = "promise"
    title: Final = "暂停"
    title_en: Final = "Promise paused"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
