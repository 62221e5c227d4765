"""协同答复: answer about a payment."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One who was asked about a paid order has agreed or refused."""

    code: Annotated[str, Meta(description="Its own code of the reason of a refusal.")] = ""
    party: Annotated[
        str,
        Meta(description="Who was asked, by its capability: risk, finance, logistics or another."),
    ]
    reference: Annotated[str, Meta(description="Its own number of the answer.")] = ""
    score: Annotated[int, Meta(description="Risk from 0 to 1000, of a risk engine.")] = 0
    verdict: Annotated[str, Meta(description="agreed or refused.")]


class PaidReviewAnswered:
    """paid_review.answered, told to the world."""

    name: Final = "danshu.paid_review.answered"
    fact: Final = "paid_review.answered"
    topic: Final = "order"
    title: Final = "协同答复"
    title_en: Final = "Answer about a payment"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
