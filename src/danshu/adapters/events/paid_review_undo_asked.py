"""请求撤销: asked to undo."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One who had agreed is asked to take it back."""

    no: Annotated[int, Meta(description="For which time it is asked.")]
    party: Annotated[
        str,
        Meta(description="Who was asked, by its capability: risk, finance, logistics or another."),
    ]


class PaidReviewUndoAsked:
    """paid_review.undo_asked, told to the world."""

    name: Final = "danshu.paid_review.undo_asked"
    fact: Final = "paid_review.undo_asked"
    topic: Final = "order"
    title: Final = "请求撤销"
    title_en: Final = "Asked to undo"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
