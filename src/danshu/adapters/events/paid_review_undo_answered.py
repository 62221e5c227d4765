"""撤销答复: answer to being asked to undo."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One who had agreed has taken it back, or would not and is asked again."""

    again: Annotated[
        str, Meta(description='When it is asked again (RFC 3339, UTC); "" for never.')
    ] = ""
    party: Annotated[
        str,
        Meta(description="Who was asked, by its capability: risk, finance, logistics or another."),
    ]
    undone: Annotated[bool, Meta(description="Whether it has taken back what it had agreed to.")]


class PaidReviewUndoAnswered:
    """paid_review.undo_answered, told to the world."""

    name: Final = "danshu.paid_review.undo_answered"
    fact: Final = "paid_review.undo_answered"
    topic: Final = "order"
    title: Final = "撤销答复"
    title_en: Final = "Answer to being asked to undo"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
