"""驳回反结账: period reopening declined."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """It stays closed."""

    asked: Annotated[str, Meta(description="The stream of the question.")]
    period: Annotated[int, Meta(description="The period, as YYYYMM.")]


class PeriodReopeningDeclined:
    """period.reopening_declined, told to the world."""

    name: Final = "danshu.period.reopening_declined"
    fact: Final = "period.reopening_declined"
    topic: Final = "settlement"
    title: Final = "驳回反结账"
    title_en: Final = "Period reopening declined"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
