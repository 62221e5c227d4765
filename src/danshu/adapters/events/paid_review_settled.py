"""协同结论: answers about a payment settled."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """All have agreed that must, or one has refused, or it is called off."""

    by: Annotated[str, Meta(description='Who refused or called it off; "" where all agreed.')] = ""
    outcome: Annotated[str, Meta(description="agreed, refused or cancelled.")]


class PaidReviewSettled:
    """paid_review.settled, told to the world."""

    name: Final = "danshu.paid_review.settled"
    fact: Final = "paid_review.settled"
    topic: Final = "order"
    title: Final = "协同结论"
    title_en: Final = "Answers about a payment settled"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
