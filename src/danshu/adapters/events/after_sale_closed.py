"""售后完结: after sale closed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An after-sales case has ended, and how."""

    amount: Annotated[int, Meta(description="What was paid back, in minor units.")] = 0
    outcome: Annotated[str, Meta(description="paid, exchanged, settled, rejected or nothing_left.")]
    receipt: Annotated[
        str, Meta(description='The payment service\'s number of the payment; "" for none.')
    ] = ""


class AfterSaleClosed:
    """after_sale.closed, told to the world."""

    name: Final = "danshu.after_sale.closed"
    fact: Final = "after_sale.closed"
    topic: Final = "after_sale"
    title: Final = "售后完结"
    title_en: Final = "After sale closed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
