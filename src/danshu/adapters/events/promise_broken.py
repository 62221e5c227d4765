"""违约: promise broken."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._promises import Marked


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The deadline passed."""

    by: Annotated[
        Marked | None,
        Meta(description="The event from which the breach was learnt; absent for the time itself."),
    ] = None
    code: Annotated[str, Meta(description="Code of the promise.")]
    due: Annotated[str, Meta(description="When it falls due (RFC 3339, UTC).")]


class PromiseBroken:
    """promise.broken, told to the world."""

    name: Final = "danshu.promise.broken"
    fact: Final = "promise.broken"
    topic: Final = "promise"
    title: Final = "违约"
    title_en: Final = "Promise broken"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
