"""售后设置: after-sales rules set."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._cases import ExemptGoods, ReasonDays


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Up to which amounts cases are paid without a person, and what buyers may ask for."""

    auto_fen: Annotated[
        int, Meta(description="What is owed is paid without a person up to this, in 分; 0 = never.")
    ]
    by_link: Annotated[bool, Meta(description="Whether buyers may ask on the evidence page.")] = (
        True
    )
    exempt: Annotated[
        tuple[ExemptGoods, ...], Meta(description="Goods that do not go back without a reason.")
    ] = ()
    second_fen: Annotated[
        int, Meta(description="A refund above this, in 分, asks for two persons.")
    ]
    windows: Annotated[
        tuple[ReasonDays, ...], Meta(description="For how many days a reason may be given.")
    ] = ()


class AfterSalesConfigured:
    """after_sales.configured, told to the world."""

    name: Final = "danshu.after_sales.configured"
    fact: Final = "after_sales.configured"
    topic: Final = "after_sale"
    title: Final = "售后设置"
    title_en: Final = "After-sales rules set"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
