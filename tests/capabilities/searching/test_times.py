"""Times as people say them, on a Monday at the end of November."""

from __future__ import annotations

from datetime import date

import pytest

from danshu.capabilities.searching import times
from danshu.capabilities.searching.plain import plain

TODAY = date(2026, 11, 30)
SAID = (
    ("上个月哪个仓库破损最多", "2026-10-01", "2026-11-01"),
    ("近30天", "2026-11-01", "2026-12-01"),
    ("最近三个月", "2026-08-28", "2026-12-01"),
    ("两周内", "2026-11-17", "2026-12-01"),
    ("上周", "2026-11-23", "2026-11-30"),
    ("上上周", "2026-11-16", "2026-11-23"),
    ("双11", "2026-11-01", "2026-11-12"),
    ("去年双十一大促", "2025-11-01", "2025-11-12"),
    ("２５年双十一", "2025-11-01", "2025-11-12"),
    ("六一八", "2026-06-01", "2026-06-19"),
    ("3月", "2026-03-01", "2026-04-01"),
    ("12月", "2025-12-01", "2026-01-01"),  # this year's is still to come
    ("去年3月份", "2025-03-01", "2025-04-01"),
    ("十一月", "2026-11-01", "2026-12-01"),
    ("3月到5月", "2026-03-01", "2026-06-01"),
    ("10月1号", "2026-10-01", "2026-10-02"),
    ("2026年3月1日到3月15日", "2026-03-01", "2026-03-16"),
    ("2026-03-01 到 2026-03-15", "2026-03-01", "2026-03-16"),
    ("第三季度", "2026-07-01", "2026-10-01"),
    ("今年Q2", "2026-04-01", "2026-07-01"),
    ("上半年", "2026-01-01", "2026-07-01"),
    ("last quarter", "2026-07-01", "2026-10-01"),
    ("Q3 2025", "2025-07-01", "2025-10-01"),
    ("March 5, 2025", "2025-03-05", "2025-03-06"),
    ("first half of 2026", "2026-01-01", "2026-07-01"),
    ("last 7 days", "2026-11-24", "2026-12-01"),
    ("in 2025", "2025-01-01", "2026-01-01"),
    ("last year", "2025-01-01", "2026-01-01"),
)


@pytest.mark.parametrize(("said", "since", "until"), SAID)
def test_a_time_is_understood(said: str, since: str, until: str) -> None:
    (found,) = times.find(plain(said), TODAY)
    assert (str(found.window.since), str(found.window.until)) == (since, until)


@pytest.mark.parametrize("said", ["13月", "2月30日", "0季度", "每一天", "月结", "q5"])
def test_what_is_no_time_is_none(said: str) -> None:
    assert times.find(plain(said), TODAY) == ()


def test_a_window_is_compared_with_as_many_months_or_days_before() -> None:
    (month,) = times.find("上个月", TODAY)
    assert str(times.before(month.window, "previous").since) == "2026-09-01"
    (week,) = times.find("last 7 days", TODAY)
    before = times.before(week.window, "previous")
    assert (str(before.since), before.until) == ("2026-11-17", week.window.since)
    (month,) = times.find("本月", date(2026, 11, 16))
    running = times.before(month.window, "previous")
    assert (str(running.since), str(running.until)) == ("2026-10-01", "2026-10-17")
    leap = times.find("2024年2月29日", TODAY)[0].window
    assert str(times.before(leap, "year").since) == "2023-02-28"
