"""临界: promise borderline."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._promises import Marked


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The error of the clock spans the deadline; a person decides."""

    by: Annotated[Marked, Meta(description="The event that says so.")]
    code: Annotated[str, Meta(description="Code of the promise.")]
    due: Annotated[str, Meta(description="When it falls due (RFC 3339, UTC).")]
    gap_ms: Annotated[
        int, Meta(description="Milliseconds after the deadline; before it where negative.")
    ]


class PromiseBorderline:
    """promise.borderline, told to the world."""

    name: Final = "danshu.promise.borderline"
    fact: Final = "promise.borderline"
    topic: Final = "promise"
    title: Final = "临界"
    title_en: Final = "Promise borderline"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
