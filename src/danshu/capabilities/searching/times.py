"""Times as they are said: 上周, 近30天, 双11, 去年3月, last quarter, 2026-03-01 到 2026-03-15.

A day of a month that is still to come is that of a year before; `today` is given by the caller.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.searching import windows as w
from danshu.capabilities.searching.model import Window
from danshu.capabilities.searching.words import festivals

if TYPE_CHECKING:
    from datetime import date

DEFAULT_DAYS: Final = 30
_RUNNING: Final = {"this_month": 1, "this_quarter": 3, "this_year": 12}
_Rules = tuple[tuple[str, w.Make], ...]


class Said(Struct, frozen=True, kw_only=True):
    """A time that was said, and where in the plain text."""

    window: Window
    start: int
    end: int


def usual(today: date) -> Window:
    """Give what is meant where nobody says a time: the last 30 days, today included."""
    return w.last(today, DEFAULT_DAYS)


def find(text: str, today: date) -> tuple[Said, ...]:
    """Give the times of a plain text in their order; where two overlap, the longer one."""
    found: list[Said] = []
    for pattern, make in _RULES:
        for match in pattern.finditer(text):
            window = make(match, today)
            if window is not None and window.since < window.until:
                found.append(Said(window=window, start=match.start(), end=match.end()))
    kept: list[Said] = []
    for one in sorted(found, key=lambda s: (s.start - s.end, s.start)):
        if all(one.end <= k.start or one.start >= k.end for k in kept):
            kept.append(one)
    return tuple(sorted(kept, key=lambda s: s.start))


def before(window: Window, against: str) -> Window:
    """Give the time that a window is compared with: as long and just before, or a year before;
    what has run of a month is compared with as many days of the month before.
    """
    if against == "year":
        return Window(code="days", since=w.year_ago(window.since), until=w.year_ago(window.until))
    first, last = window.since, window.until
    if window.code in _RUNNING:  # what has run of a period, against as much of the one before
        begun = w.first_of_month(first, -_RUNNING[window.code])
        until = min(begun + (last - first), first)
        return Window(code="days", since=begun, until=until)
    if first.day == 1 and last.day == 1:
        months = (last.year - first.year) * 12 + last.month - first.month
        return Window(code="days", since=w.first_of_month(first, -months), until=first)
    return Window(code="days", since=first - (last - first), until=first)


_N: Final = r"(\d{1,3}|[一二两三四五六七八九十百]{1,4})"
_C: Final = "[一二三四五六七八九十]"
_MONTH: Final = "|".join([f"{m}|{m[:3]}" for m in w.MONTHS if m != "may"]) + "|may"
_Y: Final = r"(?P<y>今年|去年|前年|\d{4} ?年?|\d{2}年|last year|this year)?(?:的)? ?"
_YE: Final = r"(?: (?:of )?(?P<y>\d{4}|last year|this year))?"
_TO: Final = r" ?(?:到|至|-|~|—|to|and|until|till|through) ?"
_DAY: Final = rf"(?P<m>\d{{1,2}}|{_C}{{1,2}})月(?P<d>\d{{1,2}}|{_C}{{1,3}})[日号]?"
_DAY2: Final = (
    rf"(?:(?P<y2>\d{{4}})年)?(?:(?P<m2>\d{{1,2}}|{_C}{{1,2}})月)?"
    rf"(?P<d2>\d{{1,2}}|{_C}{{1,3}})[日号]?"
)
_ISO: Final = r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})"
_ISO2: Final = r"(?P<y2>\d{4})[-/.](?P<m2>\d{1,2})[-/.](?P<d2>\d{1,2})"
_FEASTS: Final = "|".join(
    [re.escape(f) for each in festivals() for f in sorted(each.words, key=len, reverse=True)]
)
_ENGLISH: Final = "|".join(w.SMALL)
_RELATIVE: Final[_Rules] = (
    (
        rf"(?:最?近|过去|前|这)的? ?{_N} ?个?(天|日|周|星期|礼拜|月|季度?|年)"
        r"(?:内|以来|来|间)?",
        w.recent,
    ),
    (rf"{_N} ?个?(天|周|星期|月|年)(?:之内|以内|内|以来)", w.recent),
    (
        rf"(?:last|past|previous|recent|latest) (\d{{1,3}}|{_ENGLISH})"
        r" (day|week|month|quarter|year)s?",
        w.recent,
    ),
    (r"(?:最?近|过去|这)半年(?:内|以来)?|半年内|(?:last|past) half[- ]year", w.half_year),
    (
        r"(?:最?近|过去)一?(?:段时间|阵子)|最近|近期|近来|recently|lately",
        lambda _, today: usual(today),
    ),
    (r"今天|今日|当天|当日|本日|today", w.day(0, "today")),
    (r"昨天|昨日|昨儿|昨晚|yesterday", w.day(1, "yesterday")),
    (r"前天|前日|day before yesterday", w.day(2, "day")),
    (r"这一?个?(?:周|星期|礼拜)|本周|本星期|当周|this week", w.week(0, "this_week")),
    (r"上一?个?(?:周|星期|礼拜)|last week|previous week", w.week(1, "last_week")),
    (r"上上个?(?:周|星期|礼拜)|week before last", w.week(2, "week")),
    (r"这一?个?月|本月|当月|this month|mtd|month to date", w.month(0, "this_month")),
    (r"上一?个?月(?:份)?|last month|previous month", w.month(1, "last_month")),
    (r"上上个?月(?:份)?|month before last", w.month(2, "month")),
    (r"这一?个?季度?|本季度?|当季|this quarter|qtd", w.quarter(0, "this_quarter")),
    (r"上一?个?季度?|last quarter|previous quarter", w.quarter(1, "last_quarter")),
    (r"今年(?:以来|到现在|至今)?|本年度?|this year|ytd|year to date", w.year(0, "this_year")),
    (r"去年(?!同期)|上一?年度?|last year|previous year", w.year(1, "last_year")),
    (r"前年", w.year(2, "year")),
)
_ABSOLUTE: Final[_Rules] = (
    (rf"{_Y}{_DAY}(?!\d)", w.at_day),
    (_ISO, w.at_day),
    (rf"{_Y}{_DAY}{_TO}{_DAY2}", w.between),
    (rf"{_ISO}{_TO}{_ISO2}", w.between),
    (
        rf"{_Y}(?<![上个\d])(?P<m>\d{{1,2}}|十?{_C})月(?:份|整月)?(?![\d一二三四五六七八九十])",
        w.in_month,
    ),
    (
        rf"{_Y}(?P<m>\d{{1,2}}|十?{_C})月?{_TO}(?P<m2>\d{{1,2}}|十?{_C})月份?(?!\d)",
        w.months_between,
    ),
    (rf"\b(?P<m>{_MONTH})\b{_YE}", w.in_month),
    (
        rf"\b(?P<m>{_MONTH}) (?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<y>\d{{4}}))?\b",
        w.at_day,
    ),
    (r"(?P<y>\d{4})-(?P<m>\d{1,2})(?![-\d])", w.in_month),
    (rf"{_Y}第?(?P<q>[一二三四1-4])个?季度?", w.of_quarter),
    (rf"{_Y}q(?P<q>[1-4])(?!\d)", w.of_quarter),
    (rf"\bq(?P<q>[1-4]){_YE}", w.of_quarter),
    (rf"\b(?P<q>first|second|third|fourth) quarter{_YE}", w.of_quarter),
    (rf"{_Y}(?P<h>[上下])半年(?:度)?", w.of_half),
    (
        rf"\b(?P<h>(?:first|second)(?= half)|h[12]\b)(?: half(?: of the year)?)?{_YE}",
        w.of_half,
    ),
    (r"(?P<y>20\d{2}) ?年(?:度|全年)?(?!\d|第|q|[上下]半)", w.of_year),
    (r"\bin (?P<y>20\d{2})\b", w.of_year),
    (rf"{_Y}(?P<f>{_FEASTS})(?:大促|期间|那天|当天|活动|节|购物节)*", w.festival),
)
_RULES: Final = tuple([(re.compile(p), make) for p, make in (*_RELATIVE, *_ABSOLUTE)])
