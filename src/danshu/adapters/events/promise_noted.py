"""记录: promise noted."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._promises import Marked


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Done, and no verdict changes: the clock has not started, or the duty had ended."""

    by: Annotated[Marked, Meta(description="The event that says so.")]
    code: Annotated[str, Meta(description="Code of the promise.")]


class PromiseNoted:
    """promise.noted, told to the world."""

    name: Final = "danshu.promise.noted"
    fact: Final = "promise.noted"
    topic: Final = "promise"
    title: Final = "记录"
    title_en: Final = "Promise noted"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
