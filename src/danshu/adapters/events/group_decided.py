"""截团: group decided."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The group has formed, or not."""

    code: Annotated[str, Meta(description="Code of the group.")]
    formed: Annotated[bool, Meta(description="Whether the group has formed.")]
    joined: Annotated[int, Meta(description="Orders that joined and had paid.")]
    minimum: Annotated[int, Meta(description="Orders that must join.")]
    type: Annotated[str, Meta(description="Code of the order type.")]


class GroupDecided:
    """group.decided, told to the world."""

    name: Final = "danshu.group.decided"
    fact: Final = "group.decided"
    topic: Final = "group"
    title: Final = "截团"
    title_en: Final = "Group decided"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
