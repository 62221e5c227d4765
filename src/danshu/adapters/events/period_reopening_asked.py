"""申请反结账: period reopening asked."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A person wants a closed period opened again."""

    period: Annotated[int, Meta(description="The period, as YYYYMM.")]


class PeriodReopeningAsked:
    """period.reopening_asked, told to the world."""

    name: Final = "danshu.period.reopening_asked"
    fact: Final = "period.reopening_asked"
    topic: Final = "settlement"
    title: Final = "申请反结账"
    title_en: Final = "Period reopening asked"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
