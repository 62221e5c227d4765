"""Full examples of the facts of forecasts, see fact_examples.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.forecasting import facts

if TYPE_CHECKING:
    from msgspec import Struct

_RUN: Final = "019c2f4e-0a1b-7c2d-8e3f-0123456789ab"
EXAMPLES: Final[list[Struct]] = [
    facts.ForecastHistoryBrought(
        digest="f7" * 32,
        file="019c2f4e-0a1b-7c2d-8e3f-0123456789aa",
        first_day="2026-07-13",
        last_day="2026-11-29",
        name="旧系统销量.csv",
        rows=48_120,
        series=640,
    ),
    facts.ForecastPromotionSet(
        first_day="2026-12-12",
        last_day="2026-12-14",
        name="双十二",
        promotion="019c2f4e-0a1b-7c2d-8e3f-0123456789ac",
        skus=("CUP-01", "DET-1KG"),
        uplift=2_400,
    ),
    facts.ForecastPromotionDropped(promotion="019c2f4e-0a1b-7c2d-8e3f-0123456789ac"),
    facts.ForecastMade(
        data="d1" * 32, day="2026-11-30", digest="e2" * 32, program="c3" * 8, run=_RUN, series=640
    ),
    facts.ForecastDrifted(chance=37, days=9, outside=5, place="BJ01", run=_RUN, sku="DET-1KG"),
]
