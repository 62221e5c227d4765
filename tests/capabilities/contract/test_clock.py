"""The arithmetic of the clock: deadlines, warnings, verdicts, instants as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.capabilities.contract import clock, decide
from danshu.capabilities.contract.model import Mark, Pause, State
from danshu.kernel.errors import InputError
from danshu.kernel.fact import epoch_ms, rfc3339
from tests.capabilities.contract.build import (
    HOUR_MS,
    PAID_MS,
    a_clause,
    a_context,
    an_event,
    at,
    only,
)

INSTANTS = st.integers(epoch_ms("2001-01-01T00:00:00Z"), epoch_ms("2099-12-30T00:00:00Z"))
WALL = {"clock/limit": None, "clock/pause": None, "clock/platform": None}


def wall(days: int, time: str, tz: str = "Asia/Shanghai"):
    return a_clause({**WALL, "clock/until": {"days": days, "time": time}, "clock/tz": tz})


@given(INSTANTS)
def test_stamp_is_the_kernels_rfc3339(ms: int) -> None:
    assert clock.stamp(ms) == rfc3339(ms)
    assert epoch_ms(clock.stamp(ms)) == ms


@pytest.mark.parametrize(
    ("started", "due"),
    [
        ("2026-11-20T01:00:00Z", "2026-11-21T15:59:59Z"),  # 09:00 in Shanghai
        ("2026-11-20T15:59:59.999Z", "2026-11-21T15:59:59Z"),  # the last moment of the day
        ("2026-11-20T16:00:00Z", "2026-11-22T15:59:59Z"),  # midnight in Shanghai: a day later
        ("2026-12-31T15:00:00Z", "2027-01-01T15:59:59Z"),  # over the year
        ("2028-02-28T02:00:00Z", "2028-02-29T15:59:59Z"),  # a leap day
    ],
)
def test_next_day_is_the_next_local_day(started: str, due: str) -> None:
    assert clock.compute_due(wall(1, "23:59:59"), epoch_ms(started)) == epoch_ms(due)


@given(INSTANTS)
def test_shanghai_has_no_summer_time(ms: int) -> None:
    """A next day there ends 24 to 48 hours after the start, 8 hours before UTC."""
    due = clock.compute_due(wall(1, "23:59:59"), ms)
    local_day = (ms + 8 * HOUR_MS) // (24 * HOUR_MS)
    assert due == (local_day + 2) * 24 * HOUR_MS - 8 * HOUR_MS - 1000


def test_a_zone_with_summer_time_keeps_its_wall_clock() -> None:
    due = clock.compute_due(
        wall(1, "12:00:00", "America/New_York"), epoch_ms("2026-03-07T17:00:00Z")
    )
    assert due == epoch_ms("2026-03-08T16:00:00Z")  # 23 hours later: the clocks went forward


def test_the_platforms_deadline_binds_when_earlier() -> None:
    clause = a_clause()
    assert clock.compute_due(clause, PAID_MS) == at(48)
    assert clock.compute_due(clause, PAID_MS, at(24)) == at(24)
    assert clock.compute_due(clause, PAID_MS, at(72)) == at(48)
    without = a_clause({"clock/platform": None})
    assert clock.compute_due(without, PAID_MS, at(24)) == at(48)


def test_warnings_of_the_limit() -> None:
    clause = a_clause()
    assert clock.compute_warnings(clause, PAID_MS, at(48)) == (at(33.6), at(43.2), at(46))


def test_warnings_of_an_earlier_deadline_spread_over_the_time_that_is_left() -> None:
    clause = a_clause()
    assert clock.compute_warnings(clause, PAID_MS, at(10)) == (at(7), at(8), at(9))


@given(INSTANTS, st.integers(-60, 60))
def test_begin_is_the_two_computations(started: int, ship_by_hours: int) -> None:
    ship_by = started + ship_by_hours * HOUR_MS
    unbound = a_clause({"clock/platform": None})
    for clause in (a_clause(), unbound, wall(1, "23:59:59"), wall(0, "08:00:00")):
        due, warn = clock.begin(clause, started, ship_by)
        assert due == clock.compute_due(clause, started, ship_by)
        assert warn == clock.compute_warnings(clause, started, due)
        assert list(warn) == sorted(warn)
        assert all(instant <= due for instant in warn)


@given(st.lists(st.integers(1, 200), min_size=1, max_size=6), st.integers(0, 100))
def test_split_pauses_add_up(cuts: list[int], length: int) -> None:
    """Many short pauses move the deadline as far as one long pause of the same length."""
    clause = a_clause()
    length_ms = length * 60_000
    pauses = []
    start = PAID_MS
    for cut in cuts:
        start += cut * 60_000
        pauses.append(Pause(event="x", from_ms=start, until_ms=start + length_ms))
        start += length_ms
    due = clock.compute_due(clause, PAID_MS, 0, pauses)
    one = [Pause(event="x", from_ms=at(0.01), until_ms=at(0.01) + length_ms * len(cuts))]
    inside = sum(cuts) * 60_000 < clause.limit_ms
    assert inside
    assert due == clock.compute_due(clause, PAID_MS, 0, one) == at(48) + length_ms * len(cuts)


def test_a_pause_after_the_deadline_moves_nothing() -> None:
    pauses = (Pause(event="x", from_ms=at(49), until_ms=at(50)),)
    assert clock.compute_due(a_clause(), PAID_MS, 0, pauses) == at(48)


@pytest.mark.parametrize(
    ("occurred", "err_ms", "verdict"),
    [
        (0, 0, State.KEPT),  # at the deadline is in time
        (1, 0, State.BROKEN),
        (-500, 500, State.KEPT),
        (-499, 500, State.BORDERLINE),
        (0, 1, State.BORDERLINE),
        (500, 500, State.BORDERLINE),
        (501, 500, State.BROKEN),
    ],
)
def test_the_verdict_counts_the_error_of_the_clock(
    occurred: int, err_ms: int, verdict: State
) -> None:
    mark = Mark(
        event="carrier.accepted", occurred_ms=PAID_MS + occurred, recorded_ms=0, err_ms=err_ms
    )
    assert clock.judge(PAID_MS, mark) is verdict


def test_working_hours_are_counted_by_the_calendar() -> None:
    """10 working hours from Friday 15:00 end on Monday at 16:00 (09:00-18:00, weekend between)."""
    clause = a_clause({"clock/limit": "PT10H", "clock/calendar": "cn-workday-0900-1800@2026.1"})
    started = epoch_ms("2026-11-20T15:00:00+08:00")
    assert clock.compute_due(clause, started) == epoch_ms("2026-11-23T16:00:00+08:00")
    (promise,), _ = decide.pin([clause], a_context(paid_ms=started))
    assert promise.warn_ms[0] == epoch_ms("2026-11-23T13:00:00+08:00")  # 7 of the 10 hours


def test_a_year_that_the_calendar_does_not_know_is_refused() -> None:
    clause = a_clause({"clock/limit": "PT10H", "clock/calendar": "cn-workday-0900-1800@2026.1"})
    inside, outside = epoch_ms("2026-12-30T01:00:00Z"), epoch_ms("2026-12-31T09:00:00Z")
    assert clock.covers(clause, inside)
    assert not clock.covers(clause, outside)
    with pytest.raises(InputError) as refused:
        decide.pin([clause], a_context(paid_ms=outside))
    assert refused.value.code == "calendar_year_unknown"
    assert clock.covers(a_clause(), outside)


def test_delivery_deadline_is_that_of_a_running_delivery() -> None:
    delivery = a_clause(
        {
            **WALL,
            "clock/until": {"days": 1, "time": "23:59:59"},
            "clock/stop": "shipment.delivered",
            "text/zh": "次日送达",
            "text/en": "delivered the next day",
        }
    )
    promises, _ = decide.pin([a_clause(), delivery], a_context())
    assert decide.delivery_due_ms(promises) == epoch_ms("2026-11-21T15:59:59Z")
    assert decide.delivery_due_ms(promises[:1]) == 0
    kept, _ = decide.hear(promises, [an_event("shipment.delivered", 5)], at(5))
    assert decide.delivery_due_ms(kept) == 0
    unpaid, _ = decide.pin([delivery], a_context(paid_ms=0))
    assert only(unpaid).state is State.PENDING
    assert decide.delivery_due_ms(unpaid) == 0
