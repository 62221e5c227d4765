"""The audit's folder of forecasts: files, promotions, runs and alarms are what facts say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.forecasting import facts as said
from danshu.ledger.findings import Difference, compare_tables

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = Any
_QUERIES: Final = {
    "forecast_files": (
        "select id::text, name, digest, rows, series, first_day::text, last_day::text"
        " from forecast_files where tenant=%s"
    ),
    "forecast_promotions": (
        "select id::text, name, array_to_string(skus, E'\\n'), first_day::text, last_day::text,"
        " uplift from forecast_promotions where tenant=%s"
    ),
    "forecast_runs": (
        "select id::text, day::text, digest, series from forecast_runs where tenant=%s"
    ),
    "forecast_drifts": (
        "select run::text || ' ' || place || ' ' || sku, days, outside, chance"
        " from forecast_drifts where tenant=%s"
    ),
}


class ForecastsFolder:
    """Folds what was said of forecasts, and compares the tables."""

    types = frozenset(
        {
            "forecast.history_brought",
            "forecast.promotion_set",
            "forecast.promotion_dropped",
            "forecast.made",
            "forecast.drifted",
        }
    )

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._told: dict[str, dict[Any, tuple[Any, ...]]] = {name: {} for name in _QUERIES}

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data, told = fact.data, self._told
        if isinstance(data, said.ForecastHistoryBrought):
            row = (data.name, data.digest, data.rows, data.series, data.first_day, data.last_day)
            told["forecast_files"][data.file] = row
        elif isinstance(data, said.ForecastPromotionSet):
            told["forecast_promotions"][data.promotion] = (
                data.name, "\n".join(data.skus), data.first_day, data.last_day, data.uplift
            )  # fmt: skip
        elif isinstance(data, said.ForecastPromotionDropped):
            told["forecast_promotions"].pop(data.promotion, None)
        elif isinstance(data, said.ForecastMade):
            told["forecast_runs"][data.run] = (data.day, data.digest, data.series)
        elif isinstance(data, said.ForecastDrifted):
            key = f"{data.run} {data.place} {data.sku}"
            told["forecast_drifts"][key] = (data.days, data.outside, data.chance)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing of an order is folded here."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare the tables with what was said."""
        return await compare_tables(connection, self._tenant, "row_differs", _QUERIES, self._told)
