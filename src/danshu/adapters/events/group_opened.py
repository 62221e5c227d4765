"""开团: group opened."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A group takes orders."""

    closes: Annotated[str, Meta(description="Until when it takes orders (RFC 3339, UTC).")]
    code: Annotated[str, Meta(description="Code of the group.")]
    minimum: Annotated[int, Meta(description="Orders that must join.")]
    region: Annotated[str, Meta(description="Code of the region (GB/T 2260).")]
    type: Annotated[str, Meta(description="Code of the order type.")]


class GroupOpened:
    """group.opened, told to the world."""

    name: Final = "danshu.group.opened"
    fact: Final = "group.opened"
    topic: Final = "group"
    title: Final = "开团"
    title_en: Final = "Group opened"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
