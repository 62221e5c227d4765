"""发布契约动作: action published."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The version of an action type that holds from now on."""

    code: Annotated[str, Meta(description="Code of the action type.")]
    digest: Annotated[str, Meta(description="SHA-256 (hex) of the action type.")]
    promise: Annotated[
        str, Meta(description='SHA-256 (hex) of the promise published with it; "" for none.')
    ] = ""
    version: Annotated[int, Meta(description="Number of the version.")]


class ActionPublished:
    """action.published, told to the world."""

    name: Final = "danshu.action.published"
    fact: Final = "action.published"
    topic: Final = "master"
    title: Final = "发布契约动作"
    title_en: Final = "Action published"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
