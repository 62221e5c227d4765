"""裁定: promise ruled."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A person decided (临界 → 兑现/违约, 违约 → 免责) on a stated ground."""

    code: Annotated[str, Meta(description="Code of the promise.")]
    ground: Annotated[
        str, Meta(description='Code of the ground; "" where it was put in somebody\'s own words.')
    ] = ""
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
    tell: Final = staticmethod(keep_code(Data, "ground"))
