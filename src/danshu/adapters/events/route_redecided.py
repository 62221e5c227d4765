"""信号改派: route redecided."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._routes import Closed


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A snapshot closed what held this order; what became of it."""

    after: Annotated[str, Meta(description="SHA-256 (hex) of the snapshot after.")]
    before: Annotated[str, Meta(description='SHA-256 (hex) of the snapshot before; "" for none.')]
    closed: Annotated[
        tuple[Closed, ...], Meta(description="What was closed for the order, and why.")
    ]
    no: Annotated[int, Meta(description="Number of the merchant's snapshot.")]
    outcome: Annotated[str, Meta(description="moved, stays, pinned or held.")]


class RouteRedecided:
    """route.redecided, told to the world."""

    name: Final = "danshu.route.redecided"
    fact: Final = "route.redecided"
    topic: Final = "route"
    title: Final = "信号改派"
    title_en: Final = "Route redecided"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
