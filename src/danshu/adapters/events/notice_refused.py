"""拒收告知: notice refused."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The notice service says no; it is not asked again."""

    code: Annotated[str, Meta(description="Code of the promise.")]
    step: Annotated[int, Meta(description="Number of the step of the breach chain, from 0.")]
    to: Annotated[str, Meta(description="The party or role that it was for.")]


class NoticeRefused:
    """notice.refused, told to the world."""

    name: Final = "danshu.notice.refused"
    fact: Final = "notice.refused"
    topic: Final = "promise"
    title: Final = "拒收告知"
    title_en: Final = "Notice refused"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
