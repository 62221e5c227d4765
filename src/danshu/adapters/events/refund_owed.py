"""应退款: refund owed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Some of what was paid is owed back to the buyer."""

    amount: Annotated[int, Meta(description="Money in minor units (分) of the order's currency.")]
    reason: Annotated[
        str, Meta(description='Code of the reason; "" where it was put in somebody\'s own words.')
    ] = ""
    stage: Annotated[str, Meta(description="Stage of the order's type in which it came about.")]


class RefundOwed:
    """refund.owed, told to the world."""

    name: Final = "danshu.refund.owed"
    fact: Final = "refund.owed"
    topic: Final = "payment"
    title: Final = "应退款"
    title_en: Final = "Refund owed"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
