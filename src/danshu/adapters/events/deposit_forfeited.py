"""定金没收: deposit forfeited."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The merchant keeps the deposit (Civil Code art. 587)."""

    amount: Annotated[int, Meta(description="Money in minor units (分) of the order's currency.")]
    reason: Annotated[
        str, Meta(description='Code of the reason; "" where it was put in somebody\'s own words.')
    ] = ""


class DepositForfeited:
    """deposit.forfeited, told to the world."""

    name: Final = "danshu.deposit.forfeited"
    fact: Final = "deposit.forfeited"
    topic: Final = "payment"
    title: Final = "定金没收"
    title_en: Final = "Deposit forfeited"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
