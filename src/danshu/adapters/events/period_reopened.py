"""反结账: period reopened."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._books import BookPlace


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A closed period was opened again."""

    asked: Annotated[str, Meta(description="The stream of the question.")]
    cut: Annotated[
        tuple[BookPlace, ...], Meta(description="How far each book of the log had been entered.")
    ]
    period: Annotated[int, Meta(description="The period, as YYYYMM.")]


class PeriodReopened:
    """period.reopened, told to the world."""

    name: Final = "danshu.period.reopened"
    fact: Final = "period.reopened"
    topic: Final = "settlement"
    title: Final = "反结账"
    title_en: Final = "Period reopened"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
