"""轮换日志密钥: key rotated."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The log signs by another key from now on."""

    new: Annotated[str, Meta(description="The new public key (Ed25519, hex).")]
    old: Annotated[str, Meta(description='The old public key (Ed25519, hex); "" for none.')] = ""
    until: Annotated[
        str, Meta(description="Until when the old key signs beside it (RFC 3339, UTC).")
    ] = ""


class KeyRotated:
    """key.rotated, told to the world."""

    name: Final = "danshu.key.rotated"
    fact: Final = "key.rotated"
    topic: Final = "evidence"
    title: Final = "轮换日志密钥"
    title_en: Final = "Key rotated"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
