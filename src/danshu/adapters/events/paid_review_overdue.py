"""协同超时: no answer about a payment in time."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One who was asked about a paid order has not answered in time."""

    otherwise: Annotated[
        str,
        Meta(description="What happens now: wait, hold (a person decides) or pass (it goes on)."),
    ]
    party: Annotated[
        str,
        Meta(description="Who was asked, by its capability: risk, finance, logistics or another."),
    ]


class PaidReviewOverdue:
    """paid_review.overdue, told to the world."""

    name: Final = "danshu.paid_review.overdue"
    fact: Final = "paid_review.overdue"
    topic: Final = "order"
    title: Final = "协同超时"
    title_en: Final = "No answer about a payment in time"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
