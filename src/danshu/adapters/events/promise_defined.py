"""承诺定义: promise defined."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The version of a promise that new orders are pinned to."""

    code: Annotated[str, Meta(description="Code of the promise.")]
    digest: Annotated[str, Meta(description="SHA-256 (hex) of the definition.")]
    version: Annotated[int, Meta(description="Number of the version.")]


class PromiseDefined:
    """promise.defined, told to the world."""

    name: Final = "danshu.promise.defined"
    fact: Final = "promise.defined"
    topic: Final = "master"
    title: Final = "承诺定义"
    title_en: Final = "Promise defined"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
