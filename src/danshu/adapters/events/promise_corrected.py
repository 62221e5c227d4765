"""更正: promise corrected."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._promises import Marked


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An earlier verdict is another now."""

    by: Annotated[
        Marked | None, Meta(description="The event that shows it; absent where none does.")
    ] = None
    code: Annotated[str, Meta(description="Code of the promise.")]
    due: Annotated[str, Meta(description="When it falls due (RFC 3339, UTC).")]
    reason: Annotated[
        str, Meta(description="late_evidence, better_source, pause_changed or order_ended.")
    ]
    verdict: Annotated[str, Meta(description="The verdict.")]
    was: Annotated[str, Meta(description="The verdict before.")]


class PromiseCorrected:
    """promise.corrected, told to the world."""

    name: Final = "danshu.promise.corrected"
    fact: Final = "promise.corrected"
    topic: Final = "promise"
    title: Final = "更正"
    title_en: Final = "Promise corrected"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
