"""The books of any life of an order: each entry balanced, each account what the tally says."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.capabilities.settlement import accounts as a
from danshu.capabilities.settlement import tally as t
from danshu.capabilities.settlement.periods import Calendar, Doors, Turn
from danshu.capabilities.settlement.tally import Line, Tally

Step = tuple[Callable[[Tally, Any], t.Moves], Any]
LINES = st.lists(st.tuples(st.integers(1, 7), st.integers(0, 10_007)), min_size=1, max_size=3)
UNITS = st.builds(
    lambda line, n: t.Shares([t.Share(line, n)]), st.integers(1, 4), st.integers(1, 4)
)
AMOUNT = st.integers(0, 5_000).map(t.Amount)
STEPS = st.one_of(
    st.tuples(
        st.just(t.pay), st.builds(t.Paid, st.integers(0, 9_000), st.sampled_from(["", "deposit"]))
    ),
    st.tuples(st.sampled_from([t.ship, t.deliver, t.cancel]), UNITS),
    st.tuples(st.sampled_from([t.refund, t.owe, t.forfeit, t.compensate, t.claim]), AMOUNT),
    st.tuples(
        st.just(t.amend),
        st.builds(
            lambda line, quantity, paid, total: t.Amended(
                [t.LineAmended(line, t.Terms(paid, quantity))], t.Sums(total)
            ),
            st.integers(1, 4),
            st.integers(0, 7),
            st.integers(0, 9_000),
            st.integers(0, 30_000),
        ),
    ),
    st.tuples(st.just(t.pay), st.builds(t.Paid, st.integers(0, 9_000), st.just("tail"))),
    st.tuples(
        st.just(t.exchange),
        st.builds(
            lambda line, moved: t.Exchanged(line, [t.PlacedLine(9, 1, moved)], moved),
            st.integers(1, 3),
            st.integers(0, 900),
        ),
    ),
)


def order(lines: list[tuple[int, int]], rest: int, earned_at: t.Revenue = "shipment") -> Tally:
    numbered = {no: Line(q, p) for no, (q, p) in enumerate(lines, 1)}
    return Tally("o", "taobao", "", "CNY", earned_at, numbered, rest)


@settings(max_examples=100, deadline=None)
@given(LINES, st.integers(0, 900), st.sampled_from(["shipment", "delivery"]), st.lists(STEPS))
def test_any_life_balances(
    lines: list[tuple[int, int]], rest: int, earned_at: t.Revenue, steps: list[Step]
) -> None:
    tally = order(lines, rest, earned_at)
    books: Counter[int] = Counter()
    money = 0
    for step, data in steps:
        moves = step(tally, data)
        assert sum(moves.values()) == 0, step.__name__
        books.update(moves)
        money += data.amount if step is t.pay else -data.amount if step is t.refund else 0
        assert books[a.PREPAID] == -tally.prepaid
        assert books[a.DEPOSITS] == -tally.deposits
        assert books[a.REFUNDS] == -tally.payable
        assert books[a.SALES] + books[a.RETURNS] == -tally.earned
        assert books[a.PLATFORM] == money
    t_end = t.complete(tally, t.Nothing())
    books.update(t_end)
    assert books[a.PREPAID] == 0


@settings(max_examples=50, deadline=None)
@given(LINES, st.integers(0, 900), st.randoms(use_true_random=False))
def test_what_was_paid_is_earned_or_owed_to_the_fen(
    lines: list[tuple[int, int]], rest: int, chance: Any
) -> None:
    tally = order(lines, rest)
    total = rest + sum(p for _, p in lines)
    t.pay(tally, t.Paid(total))
    units = [no for no, (q, _) in enumerate(lines, 1) for _ in range(q)]
    chance.shuffle(units)
    for no in units:
        step = chance.choice([t.ship, t.cancel])
        step(tally, t.Shares([t.Share(no, 1)]))
    assert tally.prepaid == 0
    assert tally.earned + tally.payable == total
    t.refund(tally, t.Amount(total))
    assert (tally.earned, tally.payable) == (0, 0)


@pytest.mark.parametrize(
    ("zone", "begins", "at", "period", "first", "last"),
    [
        ("Asia/Shanghai", 1, "2026-10-31T15:59:59Z", 202610, "2026-10-01", "2026-10-31"),
        ("Asia/Shanghai", 1, "2026-10-31T16:00:00Z", 202611, "2026-11-01", "2026-11-30"),
        ("UTC", 1, "2026-10-31T16:00:00Z", 202610, "2026-10-01", "2026-10-31"),
        ("Asia/Shanghai", 26, "2026-12-25T16:00:00Z", 202701, "2026-12-26", "2027-01-25"),
        ("Asia/Shanghai", 26, "2026-12-25T15:00:00Z", 202612, "2026-11-26", "2026-12-25"),
    ],
)
def test_periods_follow_the_merchant_s_calendar(
    zone: str, begins: int, at: str, period: int, first: str, last: str
) -> None:
    calendar = Calendar(zone=zone, begins=begins)
    at_ms = round(datetime.datetime.fromisoformat(at).timestamp() * 1000)
    assert calendar.period(calendar.day(at_ms)) == period
    assert [d.isoformat() for d in calendar.bounds(period)] == [first, last]


def test_a_period_is_closed_for_what_comes_after_the_cut() -> None:
    doors = Doors(
        [
            Turn(period=202612, kind="closed", cut={"2026h2": 10}),
            Turn(period=202612, kind="reopened", cut={"2026h2": 20}),
            Turn(period=202612, kind="closed", cut={"2026h2": 20, "2027h1": 3}),
        ]
    )
    taken = [doors.open_from(202612, "2026h2", n) for n in (9, 10, 19, 20)]
    assert taken == [202612, 202701, 202701, 202701]
    # another book, which had not been read at all when the period was closed first
    assert [doors.is_closed(202612, "2027h1", n) for n in (2, 3)] == [False, True]
    assert doors.is_closed(202612)
    assert doors.open_from(202611) == 202611
