"""关账: period closed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._books import BookPlace, ExplainedCheck


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A period takes in no entries any more."""

    cut: Annotated[
        tuple[BookPlace, ...], Meta(description="How far each book of the log had been entered.")
    ]
    digest: Annotated[str, Meta(description="SHA-256 (hex) of the trial balance.")]
    explained: Annotated[
        tuple[ExplainedCheck, ...], Meta(description="Checks that did not pass, as amounts.")
    ] = ()
    period: Annotated[int, Meta(description="The period, as YYYYMM.")]
    vouchers: Annotated[int, Meta(description="Entries of the period.")]


class PeriodClosed:
    """period.closed, told to the world."""

    name: Final = "danshu.period.closed"
    fact: Final = "period.closed"
    topic: Final = "settlement"
    title: Final = "关账"
    title_en: Final = "Period closed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
