"""停用契约动作: action retired."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Nobody begins it any more; what was done and promised under it stays."""

    code: Annotated[str, Meta(description="Code of the action type.")]
    digest: Annotated[str, Meta(description="SHA-256 (hex) of the action type.")]
    version: Annotated[int, Meta(description="Number of the version.")]


class ActionRetired:
    """action.retired, told to the world."""

    name: Final = "danshu.action.retired"
    fact: Final = "action.retired"
    topic: Final = "master"
    title: Final = "停用契约动作"
    title_en: Final = "Action retired"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
