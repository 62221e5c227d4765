"""见证拒签: log forked."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A witness found that a checkpoint does not go on from the one that it cosigned."""

    cosigned: Annotated[
        int, Meta(description="Leaves of the checkpoint that the witness had cosigned.")
    ]
    origin: Annotated[str, Meta(description="Origin of our checkpoint.")]
    root: Annotated[str, Meta(description="RFC 6962 root (hex) of our checkpoint.")]
    size: Annotated[int, Meta(description="Leaves of our checkpoint.")]
    witness: Annotated[str, Meta(description="Name of the witness.")]


class LogForked:
    """log.forked, told to the world."""

    name: Final = "danshu.log.forked"
    fact: Final = "log.forked"
    topic: Final = "evidence"
    title: Final = "见证拒签"
    title_en: Final = "Log forked"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
