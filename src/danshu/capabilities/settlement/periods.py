"""Periods 会计期间: which one a day lies in, and whether it takes entries at a place of the log.

A period is a number, 202611 for November 2026; it is named by the month in which it ends.
"""

from __future__ import annotations

import calendar
import datetime
import zoneinfo
from typing import Final, Literal

from msgspec import Struct

Kind = Literal["closed", "reopened"]
ZONE: Final = "Asia/Shanghai"


class Calendar(Struct, frozen=True, kw_only=True):
    """Whose days and which months: an IANA zone, and the day of the month on which periods begin
    (1 to 28).
    """

    zone: str = ZONE
    begins: int = 1

    @property
    def tz(self) -> zoneinfo.ZoneInfo:
        """The zone whose days they are."""
        return zoneinfo.ZoneInfo(self.zone)

    def day(self, at_ms: int) -> datetime.date:
        """Give the day of an instant."""
        return datetime.datetime.fromtimestamp(at_ms / 1000, self.tz).date()

    def period(self, day: datetime.date) -> int:
        """Give the period that a day lies in."""
        period = day.year * 100 + day.month
        return following(period) if self.begins > 1 and day.day >= self.begins else period

    def bounds(self, period: int) -> tuple[datetime.date, datetime.date]:
        """Give the first and the last day of a period."""
        if self.begins == 1:
            year, month = divmod(period, 100)
            last = calendar.monthrange(year, month)[1]
            return datetime.date(year, month, 1), datetime.date(year, month, last)
        year, month = divmod(preceding(period), 100)
        first = datetime.date(year, month, self.begins)
        year, month = divmod(period, 100)
        return first, datetime.date(year, month, self.begins - 1)


def following(period: int) -> int:
    """Give the period after one."""
    return period + 1 if period % 100 < 12 else period + 89


def preceding(period: int) -> int:
    """Give the period before one."""
    return period - 1 if period % 100 > 1 else period - 89


def is_period(number: int) -> bool:
    """Tell whether a number names a period."""
    return 1970_01 <= number <= 2999_12 and 1 <= number % 100 <= 12


class Turn(Struct, frozen=True, kw_only=True):
    """A period was closed, or opened again, when the journal had read so far of each book.

    `cut` is the position by half-year: facts before it were entered before, the rest after. So the
    journal, made again from the log, puts every entry where it was.
    """

    period: int
    kind: Kind
    cut: dict[str, int]


class Doors:
    """Which periods take entries, at any place of the log."""

    def __init__(self, turns: list[Turn]) -> None:
        self._turns: dict[int, list[Turn]] = {}
        for turn in turns:
            self._turns.setdefault(turn.period, []).append(turn)
        self.stay_open: Final = not turns

    def is_closed(self, period: int, half: str = "", position: int = -1) -> bool:
        """Tell whether a period is closed for a fact at this place; without a place, by now."""
        closed = False
        for turn in self._turns.get(period, ()):
            if position >= 0 and turn.cut.get(half, 0) > position:
                break
            closed = turn.kind == "closed"
        return closed

    def open_from(self, period: int, half: str = "", position: int = -1) -> int:
        """Give the first period from this one on that takes entries at this place."""
        while self.is_closed(period, half, position):
            period = following(period)
        return period
