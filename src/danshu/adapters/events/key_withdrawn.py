"""作废日志密钥: key withdrawn."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A key of the log signs nothing any more."""

    key: Annotated[str, Meta(description="The public key (Ed25519, hex).")]


class KeyWithdrawn:
    """key.withdrawn, told to the world."""

    name: Final = "danshu.key.withdrawn"
    fact: Final = "key.withdrawn"
    topic: Final = "evidence"
    title: Final = "作废日志密钥"
    title_en: Final = "Key withdrawn"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
