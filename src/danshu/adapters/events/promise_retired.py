"""停用承诺: promise retired."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """New orders no longer carry the promise; orders that have it keep it."""

    code: Annotated[str, Meta(description="Code of the promise.")]
    digest: Annotated[str, Meta(description="SHA-256 (hex) of the definition.")]
    version: Annotated[int, Meta(description="Number of the version.")]


class PromiseRetired:
    """promise.retired, told to the world."""

    name: Final = "danshu.promise.retired"
    fact: Final = "promise.retired"
    topic: Final = "master"
    title: Final = "停用承诺"
    title_en: Final = "Promise retired"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
