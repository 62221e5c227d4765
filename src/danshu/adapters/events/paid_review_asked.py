"""付款协同: others asked about a payment."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Asked(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One who is asked."""

    due: Annotated[
        str, Meta(description='Until when it may answer (RFC 3339, UTC); "" for any time.')
    ] = ""
    name: Annotated[
        str,
        Meta(description="Who was asked, by its capability: risk, finance, logistics or another."),
    ]
    otherwise: Annotated[
        str, Meta(description="What happens where it has not answered by then: wait, hold or pass.")
    ] = "wait"
    required: Annotated[bool, Meta(description="Whether the order waits until it agrees.")] = True


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Others are asked about a paid order, all at once, each by the event of the payment."""

    event: Annotated[
        str, Meta(description="Id of the event of the payment, by which they are asked.")
    ]
    no: Annotated[
        int, Meta(description="How many times they have been asked about this order by now.")
    ]
    parties: Annotated[tuple[Asked, ...], Meta(description="Who is asked.")]


class PaidReviewAsked:
    """paid_review.asked, told to the world."""

    name: Final = "danshu.paid_review.asked"
    fact: Final = "paid_review.asked"
    topic: Final = "order"
    title: Final = "付款协同"
    title_en: Final = "Others asked about a payment"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
