"""Limits of forecasts: what is kept of the past, what is forecast, and for how long."""

from __future__ import annotations

from typing import Final

# Days of the past that a forecast looks at, and series of a merchant (places x SKUs)
FORECAST_PAST_D: Final = 730
FORECAST_SERIES: Final = 60_000
# Of them, goods that never sold anywhere, those with most stock
FORECAST_FRESH: Final = 500
# Rows, places and SKUs of a file of past sales; the most units of a day; files that are remembered
FORECAST_FILE_ROWS: Final = 1_000_000
FORECAST_FILE_SERIES: Final = 60_000
FORECAST_UNITS: Final = 1_000_000
FORECAST_FILES: Final = 200
# Promotions of a merchant; SKUs and days of one; times by which one may multiply demand
FORECAST_PROMOTIONS: Final = 500
FORECAST_PROMOTION_SKUS: Final = 500
FORECAST_PROMOTION_D: Final = 60
FORECAST_UPLIFT: Final = 20
# Runs whose series are kept; seconds between two runs by themselves, and of the longest run
FORECAST_RUNS: Final = 6
FORECAST_EVERY_S: Final = 604_800
FORECAST_DEADLINE_S: Final = 3_600
# Processes of a run; series of which one process takes a portion at a time
FORECAST_PROCESSES: Final = 2
FORECAST_PORTION: Final = 64
# Days after a forecast that are watched for drift
FORECAST_WATCH_D: Final = 14
