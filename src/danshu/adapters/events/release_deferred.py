"""下发推迟: release deferred."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The release waits for another order of its receiver."""

    reason: Annotated[
        str, Meta(description='Code of the reason; "" where it was put in somebody\'s own words.')
    ] = ""
    until: Annotated[str, Meta(description='Until when (RFC 3339, UTC); "" without end.')]


class ReleaseDeferred:
    """release.deferred, told to the world."""

    name: Final = "danshu.release.deferred"
    fact: Final = "release.deferred"
    topic: Final = "shipment"
    title: Final = "下发推迟"
    title_en: Final = "Release deferred"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
