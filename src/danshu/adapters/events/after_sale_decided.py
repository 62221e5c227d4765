"""售后决定: after sale decided."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._cases import Sum


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An after-sales case was decided: agreed (the goods are to come back first), granted
    (money is owed), refused or withdrawn.
    """

    due: Annotated[
        str, Meta(description='Until when it is due (RFC 3339, UTC); "" where nothing is.')
    ] = ""
    rule: Annotated[str, Meta(description='The rule that it follows; "" for none.')] = ""
    sum: Annotated[Sum, Meta(description="What the case pays.")] = Sum()
    verdict: Annotated[str, Meta(description="agreed, granted, refused or withdrawn.")]


class AfterSaleDecided:
    """after_sale.decided, told to the world."""

    name: Final = "danshu.after_sale.decided"
    fact: Final = "after_sale.decided"
    topic: Final = "after_sale"
    title: Final = "售后决定"
    title_en: Final = "After sale decided"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
