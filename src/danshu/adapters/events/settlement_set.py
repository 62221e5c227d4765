"""结算设置: settlement rules set."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """By which rules entries are made."""

    begins: Annotated[int, Meta(description="Day of the month on which periods begin.")]
    costs: Annotated[bool, Meta(description="Whether what goods cost is entered.")] = False
    revenue: Annotated[str, Meta(description="When revenue is earned: shipment or delivery.")]
    since: Annotated[str, Meta(description="First day of orders that it holds for (YYYY-MM-DD).")]
    suspense: Annotated[
        int, Meta(description="What may stand in suspense when a period closes, in minor units.")
    ]
    tax: Annotated[str, Meta(description="off, general, small_1 or small_3.")] = "off"
    zone: Annotated[str, Meta(description="Time zone of its days (IANA).")]


class SettlementSet:
    """settlement.set, told to the world."""

    name: Final = "danshu.settlement.set"
    fact: Final = "settlement.set"
    topic: Final = "settlement"
    title: Final = "结算设置"
    title_en: Final = "Settlement rules set"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
