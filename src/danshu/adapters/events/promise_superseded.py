"""终止: promise superseded."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._promises import Marked


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The order ended before the promise fell due."""

    by: Annotated[Marked, Meta(description="The event that says so.")]
    code: Annotated[str, Meta(description="Code of the promise.")]
    was: Annotated[str, Meta(description="The state of the promise before.")]


class PromiseSuperseded:
    """promise.superseded, told to the world."""

    name: Final = "danshu.promise.superseded"
    fact: Final = "promise.superseded"
    topic: Final = "promise"
    title: Final = "终止"
    title_en: Final = "Promise superseded"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
