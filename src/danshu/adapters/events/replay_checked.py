"""夜间重放: replay checked."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """So many decisions of a UTC day were decided again from their records."""

    asked: Annotated[int, Meta(description="Decisions that were decided again.")]
    day: Annotated[str, Meta(description="The UTC day (YYYY-MM-DD).")]
    differed: Annotated[int, Meta(description="Decisions that came out otherwise.")]
    equal: Annotated[int, Meta(description="Decisions that came out the same.")]


class ReplayChecked:
    """replay.checked, told to the world."""

    name: Final = "danshu.replay.checked"
    fact: Final = "replay.checked"
    topic: Final = "evidence"
    title: Final = "夜间重放"
    title_en: Final = "Replay checked"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
