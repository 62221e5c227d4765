"""The seven days of a review: an ISO week (`2026-W48`), or those up to a day (`2026-11-30`)."""

from __future__ import annotations

import datetime
import re
from typing import Final

from danshu.kernel.errors import InputError

DAY_MS: Final = 86_400_000
WEEK_MS: Final = 7 * DAY_MS
_ZONE: Final = datetime.timezone(datetime.timedelta(hours=8))
_WEEK: Final = re.compile(r"(\d{4})-W(\d{2})")
_HOUR: Final = 6
BAD_WEEK: Final = InputError("bad_week", "a week is written 2026-W48, or as its last day")


def bounds(week: str) -> tuple[int, int]:
    """Give the window [first, end) of a review in epoch ms, in the merchant's days (UTC+8).

    Raises InputError `bad_week`.
    """
    told = _WEEK.fullmatch(week)
    try:
        if told:
            first = datetime.date.fromisocalendar(int(told[1]), int(told[2]), 1)
        else:
            first = datetime.date.fromisoformat(week) - datetime.timedelta(days=6)
        begin = datetime.datetime(first.year, first.month, first.day, tzinfo=_ZONE)
        first_ms = round(begin.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise BAD_WEEK from None
    if first_ms < 0 or len(week) > 10:
        raise BAD_WEEK
    return first_ms, first_ms + WEEK_MS


def last_ended(at_ms: int) -> str:
    """Give the ISO week that had ended by the newest Monday 06:00 before a moment."""
    at = datetime.datetime.fromtimestamp(at_ms / 1000, _ZONE) - datetime.timedelta(hours=_HOUR)
    year, week, _ = (at - datetime.timedelta(days=7)).isocalendar()
    return f"{year}-W{week:02d}"


def until(at_ms: int) -> str:
    """Give the name of the seven days up to and with the day of a moment."""
    return datetime.datetime.fromtimestamp(at_ms / 1000, _ZONE).date().isoformat()


def day(at_ms: int) -> str:
    """Give the day of a moment as an ISO date."""
    return until(at_ms)
