"""链头承诺: heads committed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How far the orders have come that some leaves of a book speak of."""

    at: Annotated[str, Meta(description="When it was said (RFC 3339, UTC).")]
    book: Annotated[str, Meta(description="The book, by its name.")]
    count: Annotated[int, Meta(description="Orders in the map.")]
    first: Annotated[str, Meta(description="First order of the map.")]
    last: Annotated[str, Meta(description="Last order of the map.")]
    map: Annotated[str, Meta(description="SHA-256 (hex) of the map.")]
    root: Annotated[str, Meta(description="RFC 6962 root (hex) over the map.")]
    start: Annotated[int, Meta(description="First leaf that it covers.")]
    stop: Annotated[int, Meta(description="First leaf that it does not cover.")]


class HeadsCommitted:
    """heads.committed, told to the world."""

    name: Final = "danshu.heads.committed"
    fact: Final = "heads.committed"
    topic: Final = "evidence"
    title: Final = "链头承诺"
    title_en: Final = "Heads committed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
