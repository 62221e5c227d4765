"""裁定: promise ruled."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A person decided (临界 → 兑现/违约, 违约 → 免责) on a ground."""

    code: Annotated[str, Meta(description="Code of the promise.")]
    verdict: Annotated[str, Meta(description="The verdict.")]
    was: Annotated[str, Meta(description="The verdict before.")]


class PromiseRuled:
    """promise.ruled, told to the world."""

    name: Final = "danshu.promise.ruled"
    fact: Final = "promise.ruled"
    topic: Final = "promise"
    title: Final = "裁定"
    title_en: Final = "Promise ruled"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
