"""逾期履行: promise late."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._promises import Marked


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Done after the breach."""

    by: Annotated[Marked, Meta(description="The event that says so.")]
    code: Annotated[str, Meta(description="Code of the promise.")]
    due: Annotated[str, Meta(description="When it falls due (RFC 3339, UTC).")]
    gap_ms: Annotated[
        int, Meta(description="Milliseconds after the deadline; before it where negative.")
    ]


class PromiseLate:
    """promise.late, told to the world."""

    name: Final = "danshu.promise.late"
    fact: Final = "promise.late"
    topic: Final = "promise"
    title: Final = "逾期履行"
    title_en: Final = "Promise late"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
