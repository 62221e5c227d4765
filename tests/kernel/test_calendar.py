"""Calendars against the notices, and the promise clock against a clock that ticks every minute."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from importlib import resources
from itertools import islice

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from danshu.kernel import calendar
from danshu.kernel.calendar import DAY_US, ELAPSED, MINUTE_US, due, load, windows
from danshu.kernel.errors import InputError, ProgramError
from tests.kernel.test_calendar_files import a_file

HOUR_US = 60 * MINUTE_US
SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))
EPOCH = datetime.date(1970, 1, 1)
WORKDAY = load("cn-workday@2026.1")
EVERYDAY = load("cn-everyday@2026.1")

# The days on which weekday and workday differ, listed one by one (the file holds spans).
WEEKDAYS_OFF = {
    2024: "01-01 02-12 02-13 02-14 02-15 02-16 04-04 04-05 05-01 05-02 05-03 06-10 09-16 09-17 "
    "10-01 10-02 10-03 10-04 10-07",
    2025: "01-01 01-28 01-29 01-30 01-31 02-03 02-04 04-04 05-01 05-02 05-05 06-02 "
    "10-01 10-02 10-03 10-06 10-07 10-08",
    2026: "01-01 01-02 02-16 02-17 02-18 02-19 02-20 02-23 04-06 05-01 05-04 05-05 06-19 09-25 "
    "10-01 10-02 10-05 10-06 10-07",
}
WEEKENDS_WORKED = {
    2024: "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    2025: "01-26 02-08 04-27 09-28 10-11",
    2026: "01-04 02-14 02-28 05-09 09-20 10-10",
}


def at(text: str) -> int:
    """An instant of Shanghai in UTC microseconds."""
    moment = datetime.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    return int(moment.timestamp()) * 1_000_000


def shown(instant_us: int | None) -> str | None:
    if instant_us is None:
        return None
    return datetime.datetime.fromtimestamp(instant_us / 1e6, SHANGHAI).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_every_day_of_the_covered_years(year: int) -> None:
    off = {f"{year}-{day}" for day in WEEKDAYS_OFF[year].split()}
    worked = {f"{year}-{day}" for day in WEEKENDS_WORKED[year].split()}
    day = datetime.date(year, 1, 1)
    while day.year == year:
        expected = day.isoformat() in worked or (day.weekday() < 5 and day.isoformat() not in off)
        assert WORKDAY.is_worked((day - EPOCH).days) is expected, day
        assert EVERYDAY.is_worked((day - EPOCH).days)
        day += datetime.timedelta(days=1)


def test_the_notices_are_named() -> None:
    folder = resources.files("danshu") / "data" / "calendars"
    file = json.loads((folder / "cn-workday@2026.1.json").read_bytes())
    numbers = ["国办发明电〔2023〕7号", "国办发明电〔2024〕12号", "国办发明电〔2025〕7号"]
    for year, number in zip(file["years"], numbers, strict=True):
        assert number in year["source"]
        assert str(year["year"]) in year["source"]


@pytest.mark.parametrize(
    "day", ["2023-12-31", "2027-01-01", "1970-01-01", "0001-01-01", "9999-12-31"]
)
def test_an_uncovered_year_is_refused(day: str) -> None:
    number = (datetime.date.fromisoformat(day) - EPOCH).days
    with pytest.raises(InputError) as caught:
        WORKDAY.is_worked(number)
    assert caught.value.code == "calendar_year_unknown"


@pytest.mark.parametrize("day", [-(10**7), 10**7])
def test_days_beyond_all_years_are_refused(day: int) -> None:
    for each in (WORKDAY, EVERYDAY):
        with pytest.raises(InputError):
            each.is_worked(day)


def test_a_due_date_beyond_the_calendar_is_refused_and_one_before_it_is_not() -> None:
    start = at("2026-12-31 10:00")
    assert shown(due(start, 8 * HOUR_US, WORKDAY)) == "2026-12-31 18:00"
    with pytest.raises(InputError) as caught:
        due(start, 8 * HOUR_US + 1, WORKDAY)
    assert caught.value.code == "calendar_year_unknown"
    with pytest.raises(InputError):
        due(at("2023-12-29 10:00"), HOUR_US, WORKDAY)
    assert shown(due(start, 9 * HOUR_US, EVERYDAY)) == "2027-01-01 10:00"
    with pytest.raises(InputError):
        due(at("1991-06-01 10:00"), HOUR_US, EVERYDAY)  # China had summer time then


def test_windows_are_clipped_to_the_start_and_skip_the_holiday() -> None:
    spans = islice(windows(WORKDAY, at("2026-02-14 17:30")), 3)  # a make-up Saturday
    assert [(shown(a), shown(b)) for a, b in spans] == [
        ("2026-02-14 17:30", "2026-02-14 18:00"),
        ("2026-02-24 09:00", "2026-02-24 18:00"),
        ("2026-02-25 09:00", "2026-02-25 18:00"),
    ]
    assert list(windows(ELAPSED, 5)) == [(5, None)]


def test_two_sets_of_hours_a_day() -> None:
    raw = a_file(hours=["08:30-12:00", "13:00-24:00"])
    spans = islice(windows(calendar.parse(raw), at("2026-03-02 12:00")), 2)
    assert [(shown(a), shown(b)) for a, b in spans] == [
        ("2026-03-02 13:00", "2026-03-03 00:00"),
        ("2026-03-03 08:30", "2026-03-03 12:00"),
    ]


@pytest.mark.parametrize(
    ("start", "limit_h", "reference", "pauses", "expected"),
    [
        ("2026-11-20 10:00", 48, "elapsed", [], "2026-11-22 10:00"),
        ("2026-11-20 10:00", 0, "elapsed", [], "2026-11-20 10:00"),
        (
            "2026-11-20 10:00",
            48,
            "elapsed",
            [("2026-11-20 12:00", "2026-11-20 15:00")],
            "2026-11-22 13:00",
        ),
        (
            "2026-11-20 10:00",
            48,
            "elapsed",
            [("2026-11-20 08:00", "2026-11-20 11:00")],
            "2026-11-22 11:00",
        ),
        (
            "2026-11-20 10:00",
            48,
            "elapsed",
            [("2026-11-20 08:00", "2026-11-20 09:00")],
            "2026-11-22 10:00",
        ),
        ("2026-11-20 10:00", 48, "elapsed", [("2026-11-22 10:00", None)], "2026-11-22 10:00"),
        ("2026-11-20 10:00", 48, "elapsed", [("2026-11-22 09:59", None)], None),
        ("2026-11-20 10:00", 48, "elapsed", [("2026-11-20 09:00", None)], None),
        ("2026-11-20 17:00", 2, "cn-workday@2026.1", [], "2026-11-23 10:00"),  # Friday evening
        ("2026-11-20 17:00", 1, "cn-workday@2026.1", [], "2026-11-20 18:00"),
        ("2026-11-21 12:00", 0, "cn-workday@2026.1", [], "2026-11-23 09:00"),
        ("2026-02-14 17:00", 2, "cn-workday@2026.1", [], "2026-02-24 10:00"),  # 春节
        ("2026-02-14 17:00", 2, "cn-everyday@2026.1", [], "2026-02-15 10:00"),
        ("2026-02-14 17:00", 2, "cn-everyday-0000-2400@2026.1", [], "2026-02-14 19:00"),
        ("2026-11-20 07:00", 2, "cn-workday-0830-1730@2026.1", [], "2026-11-20 10:30"),
        (
            "2026-11-20 17:00",
            2,
            "cn-workday@2026.1",
            [("2026-11-20 17:30", "2026-11-23 09:30")],
            "2026-11-23 11:00",
        ),
        (
            "2026-11-20 17:00",
            2,
            "cn-workday@2026.1",
            [("2026-11-20 19:00", "2026-11-22 12:00")],  # the clock stood still anyway
            "2026-11-23 10:00",
        ),
    ],
)
def test_due_dates(
    start: str,
    limit_h: int,
    reference: str,
    pauses: list[tuple[str, str | None]],
    expected: str | None,
) -> None:
    instants = [(at(a), at(b) if b else None) for a, b in pauses]
    assert shown(due(at(start), limit_h * HOUR_US, load(reference), instants)) == expected


def test_the_37_minutes() -> None:
    # Paid at 10:00, 48 hours: handed over at 47:40, the waybill is recorded at 48:17.
    paid = at("2026-11-20 10:00")
    limit = due(paid, 48 * HOUR_US, ELAPSED)
    assert limit is not None
    handed_over, recorded = paid + (47 * 60 + 40) * MINUTE_US, paid + (48 * 60 + 17) * MINUTE_US
    assert limit - handed_over == 20 * MINUTE_US
    assert recorded - limit == 17 * MINUTE_US
    assert recorded - handed_over == 37 * MINUTE_US


MONDAY = at("2026-03-02 00:00")
MINUTES = st.integers(0, 3 * 24 * 60)
CALENDARS = st.sampled_from([WORKDAY, EVERYDAY, ELAPSED, load("cn-workday-0800-2400@2026.1")])


@st.composite
def pauses_of(draw: st.DrawFn) -> list[tuple[int, int | None]]:
    ticks = sorted(draw(st.lists(MINUTES, max_size=6)))
    edges = [MONDAY + tick * MINUTE_US for tick in ticks]
    closed: list[tuple[int, int | None]] = list(zip(edges[::2], edges[1::2], strict=False))
    if len(edges) % 2:
        closed.append((edges[-1], None))
    return closed


def _ticked(
    start: int, limit: int, cal: calendar.Calendar, pauses: Sequence[tuple[int, int | None]]
) -> int | None:
    """Count running minutes one by one: the definition, slowly."""
    left, now = limit, start
    while left:
        day, second = divmod(now + cal.offset_us, DAY_US)
        runs = not cal.hours or (
            cal.is_worked(day) and any(opens <= second < closes for opens, closes in cal.hours)
        )
        if runs and any(p <= now and r is None for p, r in pauses):
            return None
        if runs and not any(r is not None and p <= now < r for p, r in pauses):
            left -= MINUTE_US
        now += MINUTE_US
    return now


@given(MINUTES, st.integers(1, 20 * 60), CALENDARS, pauses_of())
@settings(max_examples=150, deadline=None)
def test_due_equals_a_clock_that_ticks(
    start: int, limit: int, cal: calendar.Calendar, pauses: list[tuple[int, int | None]]
) -> None:
    start_us, limit_us = MONDAY + start * MINUTE_US, limit * MINUTE_US
    assert due(start_us, limit_us, cal, pauses) == _ticked(start_us, limit_us, cal, pauses)


@given(MINUTES, st.integers(1, 3000), CALENDARS, pauses_of(), st.data())
@settings(deadline=None)
def test_a_split_pause_is_the_same_pause(
    start: int,
    limit: int,
    cal: calendar.Calendar,
    pauses: list[tuple[int, int | None]],
    data: st.DataObject,
) -> None:
    assume(pauses and pauses[0][1] is not None)
    (paused, resumed), *rest = pauses
    assert resumed is not None
    middle = data.draw(st.integers(paused, resumed))
    split: list[tuple[int, int | None]] = [(paused, middle), (middle, resumed), *rest]
    start_us, limit_us = MONDAY + start * MINUTE_US, limit * MINUTE_US
    assert due(start_us, limit_us, cal, split) == due(start_us, limit_us, cal, pauses)


@given(st.integers(0, 10**12), st.integers(7, 10**12), st.lists(st.integers(1, 10**9), max_size=6))
def test_elapsed_pauses_add_up(start: int, limit: int, lengths: list[int]) -> None:
    pauses: list[tuple[int, int | None]] = []
    now = start
    for length in lengths:
        pauses.append((now, now + length))
        now += length + 1
    assert due(start, limit, ELAPSED, pauses) == start + limit + sum(lengths)


@given(MINUTES, MINUTES, st.integers(1, 3000), st.integers(0, 500), CALENDARS, pauses_of())
@settings(deadline=None)
def test_due_is_monotone(
    start: int,
    later: int,
    limit: int,
    more: int,
    cal: calendar.Calendar,
    pauses: list[tuple[int, int | None]],
) -> None:
    first, limit_us = MONDAY + start * MINUTE_US, limit * MINUTE_US
    base = due(first, limit_us, cal, pauses)
    others = (
        due(first + later * MINUTE_US, limit_us, cal, pauses),
        due(first, limit_us + more * MINUTE_US, cal, pauses),
    )
    for other in others:
        assert other is None or (base is not None and other >= base)
    unpaused = due(first, limit_us, cal)
    assert unpaused is not None
    assert base is None or base >= unpaused


@given(MINUTES, st.integers(0, 2000), st.integers(0, 2000))
@settings(deadline=None)
def test_a_limit_may_be_used_up_in_two_parts(start: int, one: int, two: int) -> None:
    start_us = MONDAY + start * MINUTE_US
    between = due(start_us, one * MINUTE_US, WORKDAY)
    assert between is not None
    assume(two > 0)
    together = due(start_us, (one + two) * MINUTE_US, WORKDAY)
    assert due(between, two * MINUTE_US, WORKDAY) == together


@pytest.mark.parametrize(
    "pauses",
    [
        [(5, 4)],
        [(5, 7), (6, 8)],
        [(5, 7), (1, 2)],
        [(5, None), (6, 7)],
        [(5, None), (6, None)],
    ],
)
def test_pauses_in_disorder_are_a_broken_program(pauses: list[tuple[int, int | None]]) -> None:
    with pytest.raises(ProgramError):
        due(0, 10, ELAPSED, pauses)


def test_a_negative_limit_is_a_broken_program() -> None:
    with pytest.raises(ProgramError):
        due(0, -1, ELAPSED)
