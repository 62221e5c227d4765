"""Times and places of rows: epoch ms to hours, days and months in Shanghai, regions to provinces.

Shanghai has kept UTC+8 without summer time since 1992, so an offset is enough and every engine
computes the same. Divisions round down in each dialect.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from danshu.kernel import calendar

if TYPE_CHECKING:
    from danshu.ports.asset import Value

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
EAST_MS: Final = 8 * HOUR_MS
_EPOCH: Final = date(1970, 1, 1)
_WORKDAYS: Final = "cn-workday@2026.1"


def hour(ms: Value) -> Value:
    """Give the hour of the day in Shanghai, 0 to 23."""
    return ((ms + EAST_MS) // HOUR_MS) % 24


def day_no(ms: Value) -> Value:
    """Give the day in Shanghai, counted from 1970-01-01."""
    return (ms + EAST_MS) // DAY_MS


def weekday(ms: Value) -> Value:
    """Give the weekday in Shanghai, 1 (Monday) to 7."""
    return (day_no(ms) + 3) % 7 + 1


def day(ms: Value) -> Value:
    """Give the day in Shanghai as YYYY-MM-DD."""
    from ibis import date as literal  # an expression is being made, so ibis is loaded

    since: Any = day_no(ms).as_interval("D")
    # A date and an interval are a timestamp in both engines, whose text begins with the day.
    return (literal(1970, 1, 1) + since).cast("string").substr(0, 10)


def month(ms: Value) -> Value:
    """Give the month in Shanghai as YYYY-MM."""
    return day(ms).substr(0, 7)


def minutes(since: Value, until: Value) -> Value:
    """Give the whole minutes from one time to another; NULL where one of them is not there."""
    return (until - since) // MINUTE_MS


def province(region: Value) -> Value:
    """Give the code of the province (GB/T 2260) of a region's code; a country is its own."""
    return (region.length() == 6).ifelse(region.substr(0, 2).concat("0000"), region)


def area(region: Value) -> Value:
    """Give the first digit of a region's code: 1 华北, 2 东北, 3 华东, 4 中南, 5 西南, 6 西北, 7
    and 8 港澳台; 0 abroad.
    """
    return (region.length() == 6).ifelse(region.substr(0, 1), "0")


@cache
def special_days() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the days off (holidays) and the days worked instead, as YYYY-MM-DD, by law."""
    found = calendar.load(_WORKDAYS)
    off, work = (
        tuple(date.fromordinal(_EPOCH.toordinal() + no).isoformat() for no in sorted(days))
        for days in (found.off, found.work)
    )
    return off, work


def kind_of_day(ms: Value, named: Value) -> Value:
    """Give `holiday`, `makeup` (worked instead), `weekend` or `workday` of a time and its day.

    Years without a notice of the State Council know only weekends.
    """
    off, work = special_days()
    kind = (weekday(ms) > 5).ifelse("weekend", "workday")
    return named.isin(off).ifelse("holiday", named.isin(work).ifelse("makeup", kind))
