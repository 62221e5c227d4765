"""已告知: notice sent."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The merchant's notice service took the notice of a breach over."""

    code: Annotated[str, Meta(description="Code of the promise.")]
    receipt: Annotated[str, Meta(description='The other side\'s number of it; "" for none.')]
    step: Annotated[int, Meta(description="Number of the step of the breach chain, from 0.")]
    to: Annotated[str, Meta(description="The party or role that it is for: buyer, finance…")]


class NoticeSent:
    """notice.sent, told to the world."""

    name: Final = "danshu.notice.sent"
    fact: Final = "notice.sent"
    topic: Final = "promise"
    title: Final = "已告知"
    title_en: Final = "Notice sent"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
