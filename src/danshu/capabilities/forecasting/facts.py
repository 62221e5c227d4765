"""The fact types of forecasts."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("forecast.history_brought")
class ForecastHistoryBrought(Struct, frozen=True, kw_only=True):
    """带入历史销量: a file of daily sales from before this hub; `digest` is its SHA-256. Days that
    it names take the place of what was brought before.
    """

    digest: str
    file: str
    first_day: str
    last_day: str
    name: str
    rows: int
    series: int


@fact_type("forecast.promotion_set")
class ForecastPromotionSet(Struct, frozen=True, kw_only=True):
    """计划促销: `uplift` is by how much demand is multiplied, in thousandths; 0 = learned from
    earlier ones.
    """

    first_day: str
    last_day: str
    name: str
    promotion: str
    skus: tuple[str, ...]
    uplift: int


@fact_type("forecast.promotion_dropped")
class ForecastPromotionDropped(Struct, frozen=True, kw_only=True):
    """撤销促销: it is not reckoned with any more."""

    promotion: str


@fact_type("forecast.made")
class ForecastMade(Struct, frozen=True, kw_only=True):
    """作出预测: a run foretold the days from `day` on. `data` is the digest of what it learned
    from, `digest` that of everything foretold, `program` that of the program.
    """

    data: str
    day: str
    digest: str
    program: str
    run: str
    series: int


@fact_type("forecast.drifted")
class ForecastDrifted(Struct, frozen=True, kw_only=True):
    """预测漂移: what came left the 95 % interval on `outside` of `days` days, more often than
    chance explains (`chance`, in millionths): the plain method stands until the next run.
    """

    chance: int
    days: int
    outside: int
    place: str
    run: str
    sku: str
