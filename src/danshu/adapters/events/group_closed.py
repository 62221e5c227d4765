"""提前截团: group closed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A group takes no more orders, earlier than was said."""

    closes: Annotated[str, Meta(description="Until when it takes orders (RFC 3339, UTC).")]
    code: Annotated[str, Meta(description="Code of the group.")]
    type: Annotated[str, Meta(description="Code of the order type.")]
    was: Annotated[str, Meta(description="Until when it was to take orders (RFC 3339, UTC).")]


class GroupClosed:
    """group.closed, told to the world."""

    name: Final = "danshu.group.closed"
    fact: Final = "group.closed"
    topic: Final = "group"
    title: Final = "提前截团"
    title_en: Final = "Group closed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
