"""售后时限: after-sales time set."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How long a step of a kind of case may take, from a day on."""

    begins: Annotated[str, Meta(description="First day on which it holds (YYYY-MM-DD).")]
    channel: Annotated[str, Meta(description='Code of the sales channel; "" of any.')] = ""
    hours: Annotated[int, Meta(description="Hours that the step may take; 0 takes the row away.")]
    kind: Annotated[str, Meta(description="Kind of case.")]
    source: Annotated[str, Meta(description="Who says so.")]
    step: Annotated[str, Meta(description="Step of the case.")]


class AfterSalesTimeSet:
    """after_sales.time_set, told to the world."""

    name: Final = "danshu.after_sales.time_set"
    fact: Final = "after_sales.time_set"
    topic: Final = "after_sale"
    title: Final = "售后时限"
    title_en: Final = "After-sales time set"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
