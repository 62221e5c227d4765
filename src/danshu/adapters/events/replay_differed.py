"""重放不符: replay differed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A decision comes out otherwise, or cannot be read any more: an incident."""

    decision: Annotated[str, Meta(description="The id of the fact of the decision.")]
    recorded: Annotated[str, Meta(description='SHA-256 (hex) of the record; "" for none.')]
    replayed: Annotated[str, Meta(description='SHA-256 (hex) of what came out now; "" for none.')]


class ReplayDiffered:
    """replay.differed, told to the world."""

    name: Final = "danshu.replay.differed"
    fact: Final = "replay.differed"
    topic: Final = "evidence"
    title: Final = "重放不符"
    title_en: Final = "Replay differed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
