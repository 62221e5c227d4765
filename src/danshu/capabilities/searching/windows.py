"""The windows that words of time make, from a match and the day that it is said on."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from danshu.capabilities.searching.model import Window
from danshu.capabilities.searching.plain import number
from danshu.capabilities.searching.words import festivals

MONTHS: Final = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
SMALL: Final = {"one": 1, "two": 2, "three": 3, "four": 4, "six": 6, "seven": 7, "twelve": 12}
_QUARTERS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4}
Make = Callable[["re.Match[str]", date], "Window | None"]


def first_of_month(day: date, months: int = 0) -> date:
    """Give the first day of the month that is so many months later."""
    at = day.year * 12 + day.month - 1 + months
    return date(at // 12, at % 12 + 1, 1)


def year_ago(day: date) -> date:
    at = day - timedelta(days=1) if (day.month, day.day) == (2, 29) else day
    return at.replace(year=at.year - 1)


def days(code: str, since: date, until: date, n: int = 0, name: str = "") -> Window:
    return Window(code=code, since=since, until=until, n=n, name=name)


def last(today: date, n: int) -> Window:
    return days("last_days", today - timedelta(days=n - 1), today + timedelta(days=1), n)


def _count(said: str) -> int | None:
    return SMALL.get(said, number(said))


def recent(match: re.Match[str], today: date) -> Window | None:
    n = _count(match[1])
    unit = match[2]
    if not n:
        return None
    if unit[0] in "日天d":
        return last(today, n)
    if unit[0] in "周星礼w":
        return last(today, 7 * n)
    if unit[0] in "年y":
        return days(
            "last_months",
            year_ago(today)
            if n == 1
            else today.replace(year=today.year - n, day=min(today.day, 28)),
            today + timedelta(days=1),
            12 * n,
        )
    if unit[0] in "季q":
        n *= 3
    first = first_of_month(today, -n)
    since = first.replace(day=min(today.day, 28))
    return days("last_months", since, today + timedelta(days=1), n)


def half_year(match: re.Match[str], today: date) -> Window:
    since = first_of_month(today, -6).replace(day=min(today.day, 28))
    return days("last_months", since, today + timedelta(days=1), 6)


def day(back: int, code: str) -> Make:
    return lambda _, today: days(
        code, today - timedelta(days=back), today - timedelta(days=back - 1)
    )


def week(back: int, code: str) -> Make:
    def make(_: re.Match[str], today: date) -> Window:
        monday = today - timedelta(days=today.weekday() + 7 * back)
        end = today + timedelta(days=1) if back == 0 else monday + timedelta(days=7)
        return days(code, monday, end)

    return make


def month(back: int, code: str) -> Make:
    def make(_: re.Match[str], today: date) -> Window:
        first = first_of_month(today, -back)
        return days(code, first, first_of_month(first, 1) if back else today + timedelta(days=1))

    return make


def quarter(back: int, code: str) -> Make:
    def make(_: re.Match[str], today: date) -> Window:
        first = first_of_month(today, -((today.month - 1) % 3) - 3 * back)
        return days(code, first, first_of_month(first, 3) if back else today + timedelta(days=1))

    return make


def year(back: int, code: str) -> Make:
    def make(_: re.Match[str], today: date) -> Window:
        first = date(today.year - back, 1, 1)
        return days(code, first, date(first.year + 1, 1, 1) if back else today + timedelta(days=1))

    return make


def _year_said(said: str | None, month: int, today: date) -> int:
    """Give the year of a month: as said, else the last one that has begun."""
    words = {"今年": 0, "去年": 1, "前年": 2, "this year": 0, "last year": 1}
    if said:
        said = said.strip()
        if said in words:
            return today.year - words[said]
        digits = re.sub(r"\D", "", said)
        if digits:
            return int(digits) if len(digits) == 4 else 2000 + int(digits)
    return today.year if month <= today.month else today.year - 1


def _month_no(said: str) -> int:
    for i, name in enumerate(MONTHS):
        if said.startswith(name[:3]):
            return i + 1
    return number(said) or 0


def in_month(match: re.Match[str], today: date) -> Window | None:
    month = _month_no(match["m"])
    if not 1 <= month <= 12:
        return None
    first = date(_year_said(match["y"], month, today), month, 1)
    return days("month", first, first_of_month(first, 1))


def at_day(match: re.Match[str], today: date) -> Window | None:
    day = _date(match["y"], match["m"], match["d"], today)
    return None if day is None else days("day", day, day + timedelta(days=1))


def _date(year: str | None, month: str, day: str, today: date) -> date | None:
    m, d = _month_no(month), number(day)
    if not 1 <= m <= 12 or not d:
        return None
    try:
        found = date(_year_said(year, m, today), m, d)
        return found.replace(year=found.year - 1) if not year and found > today else found
    except ValueError:
        return None


def between(match: re.Match[str], today: date) -> Window | None:
    first = _date(match["y"], match["m"], match["d"], today)
    year = match["y2"] or (str(first.year) if first else None)
    last = _date(year, match["m2"] or match["m"], match["d2"], today)
    if first is None or last is None or last < first:
        return None
    return days("days", first, last + timedelta(days=1))


def months_between(match: re.Match[str], today: date) -> Window | None:
    one, other = _month_no(match["m"]), _month_no(match["m2"])
    if not (1 <= one <= other <= 12):
        return None
    year = _year_said(match["y"], one, today)
    return days("days", date(year, one, 1), first_of_month(date(year, other, 1), 1))


def of_quarter(match: re.Match[str], today: date) -> Window | None:
    said = match["q"]
    n = _QUARTERS.get(said, number(said) or 0)
    if not 1 <= n <= 4:
        return None
    first = date(_year_said(match["y"], 3 * n - 2, today), 3 * n - 2, 1)
    return days("quarter", first, first_of_month(first, 3), n)


def of_half(match: re.Match[str], today: date) -> Window:
    month = 1 if match["h"] in ("上", "first", "h1") else 7
    first = date(_year_said(match["y"], month, today), month, 1)
    return days("half", first, first_of_month(first, 6), 1 if month == 1 else 2)


def of_year(match: re.Match[str], today: date) -> Window:
    first = date(int(match["y"]), 1, 1)
    return days("year", first, date(first.year + 1, 1, 1))


def festival(match: re.Match[str], today: date) -> Window | None:
    known = next((f for f in festivals() if match["f"] in f.words), None)
    if known is None:
        return None
    said = match["y"]
    wanted = _year_said(said, 0, today) if said else 0
    spans = [s for s in known.spans(today.year) if s[0] <= today]
    if wanted:
        spans = [s for s in known.spans(wanted) if s[0].year == wanted]
    if not spans:
        return None
    since, until = max(spans)
    return days("festival", since, until + timedelta(days=1), name=known.code)
