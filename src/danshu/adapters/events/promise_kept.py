"""兑现: promise kept."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._promises import Marked


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Done in time."""

    by: Annotated[Marked, Meta(description="The event that says so.")]
    code: Annotated[str, Meta(description="Code of the promise.")]
    due: Annotated[str, Meta(description="When it falls due (RFC 3339, UTC).")]
    gap_ms: Annotated[
        int, Meta(description="Milliseconds after the deadline; before it where negative.")
    ]
    self_declared: Annotated[
        bool, Meta(description="Whether it rests on the beneficiary's own word.")
    ] = False


class PromiseKept:
    """promise.kept, told to the world."""

    name: Final = "danshu.promise.kept"
    fact: Final = "promise.kept"
    topic: Final = "promise"
    title: Final = "兑现"
    title_en: Final = "Promise kept"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
