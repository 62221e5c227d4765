"""放弃告知: notice abandoned."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Nothing took the notice of a breach over within its bounds."""

    code: Annotated[str, Meta(description="Code of the promise.")]
    step: Annotated[int, Meta(description="Number of the step of the breach chain, from 0.")]
    to: Annotated[str, Meta(description="The party or role that it was for.")]
    tries: Annotated[int, Meta(description="How often it was tried.")]


class NoticeAbandoned:
    """notice.abandoned, told to the world."""

    name: Final = "danshu.notice.abandoned"
    fact: Final = "notice.abandoned"
    topic: Final = "promise"
    title: Final = "放弃告知"
    title_en: Final = "Notice abandoned"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
