"""售后提请复核: after sale proposed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._cases import Sum


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A first person would agree; the amount asks for a second one."""

    sum: Annotated[Sum, Meta(description="What would be paid.")]


class AfterSaleProposed:
    """after_sale.proposed, told to the world."""

    name: Final = "danshu.after_sale.proposed"
    fact: Final = "after_sale.proposed"
    topic: Final = "after_sale"
    title: Final = "售后提请复核"
    title_en: Final = "After sale proposed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
