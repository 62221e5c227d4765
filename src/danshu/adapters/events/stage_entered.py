"""进入阶段: stage entered."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The order is in another stage of its type."""

    at: Annotated[str, Meta(description="When it came about (RFC 3339, UTC).")]
    by: Annotated[str, Meta(description="Name of the event in the order's type that brought it.")]
    opens: Annotated[
        str, Meta(description='From when what it waits for may come (RFC 3339, UTC); "" at once.')
    ] = ""
    stage: Annotated[str, Meta(description="The stage that the order is in from now on.")]
    until: Annotated[
        str, Meta(description='Until when it is waited for (RFC 3339, UTC); "" for ever.')
    ] = ""
    was: Annotated[str, Meta(description="The stage before.")] = ""


class StageEntered:
    """stage.entered, told to the world."""

    name: Final = "danshu.stage.entered"
    fact: Final = "stage.entered"
    topic: Final = "order"
    title: Final = "进入阶段"
    title_en: Final = "Stage entered"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
