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
from danshu.capabilities.settlement import goods, said, taxes
from danshu.capabilities.settlement import tally as t
from danshu.capabilities.settlement.periods import Calendar, Doors, Turn
from danshu.capabilities.settlement.tally import Line, Tally

Step = tuple[Callable[[Tally, Any], said.Moves], Any]
LINES = st.lists(st.tuples(st.integers(1, 7), st.integers(0, 10_007)), min_size=1, max_size=3)
UNITS = st.builds(
    lambda line, n: said.Shares([said.Share(line, n)]), st.integers(1, 4), st.integers(1, 4)
)
AMOUNT = st.integers(0, 5_000).map(said.Amount)
STEPS = st.one_of(
    st.tuples(
        st.just(t.pay),
        st.builds(said.Paid, st.integers(0, 9_000), st.sampled_from(["", "deposit"])),
    ),
    st.tuples(st.sampled_from([t.ship, t.deliver, t.cancel]), UNITS),
    st.tuples(st.just(t.refund), st.integers(0, 5_000).map(said.Refunded)),
    st.tuples(st.sampled_from([t.owe, t.forfeit, t.compensate, t.claim]), AMOUNT),
    st.tuples(
        st.just(t.amend),
        st.builds(
            lambda line, quantity, paid, total: said.Amended(
                [said.LineAmended(line, said.Terms(paid, quantity))], said.Sums(total)
            ),
            st.integers(1, 4),
            st.integers(0, 7),
            st.integers(0, 9_000),
            st.integers(0, 30_000),
        ),
    ),
    st.tuples(st.just(t.pay), st.builds(said.Paid, st.integers(0, 9_000), st.just("tail"))),
    st.tuples(
        st.just(t.exchange),
        st.builds(
            lambda line, moved: said.Exchanged(line, [said.PlacedLine(9, 1, moved)], moved),
            st.integers(1, 3),
            st.integers(0, 900),
        ),
    ),
)


def order(lines: list[tuple[int, int]], rest: int, earned_at: said.Revenue = "shipment") -> Tally:
    numbered = {no: Line(q, p) for no, (q, p) in enumerate(lines, 1)}
    return Tally("o", "taobao", "", "CNY", earned_at, numbered, rest)


@settings(max_examples=100, deadline=None)
@given(LINES, st.integers(0, 900), st.sampled_from(["shipment", "delivery"]), st.lists(STEPS))
def test_any_life_balances(
    lines: list[tuple[int, int]], rest: int, earned_at: said.Revenue, steps: list[Step]
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
    t_end = t.complete(tally, said.Nothing())
    books.update(t_end)
    assert books[a.PREPAID] == 0


@settings(max_examples=50, deadline=None)
@given(LINES, st.integers(0, 900), st.randoms(use_true_random=False))
def test_what_was_paid_is_earned_or_owed_to_the_fen(
    lines: list[tuple[int, int]], rest: int, chance: Any
) -> None:
    tally = order(lines, rest)
    total = rest + sum(p for _, p in lines)
    t.pay(tally, said.Paid(total))
    units = [no for no, (q, _) in enumerate(lines, 1) for _ in range(q)]
    chance.shuffle(units)
    for no in units:
        step = chance.choice([t.ship, t.cancel])
        step(tally, said.Shares([said.Share(no, 1)]))
    assert tally.prepaid == 0
    assert tally.earned + tally.payable == total
    t.refund(tally, said.Refunded(total))
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


REGIMES = st.sampled_from(["general", "small_1", "small_3"])
CLASSES = st.sampled_from(["standard", "reduced", "service", "exempt", ""])


@settings(max_examples=100, deadline=None)
@given(
    LINES, st.integers(0, 900), st.lists(STEPS), REGIMES, st.lists(CLASSES, min_size=3, max_size=3)
)
def test_tax_is_that_of_what_is_earned_after_any_life(
    lines: list[tuple[int, int]],
    rest: int,
    steps: list[Step],
    regime: taxes.Regime,
    classes: list[str],
) -> None:
    plain, taxed = order(lines, rest), order(lines, rest)
    told = [(no, p, classes[no - 1]) for no, (_, p) in enumerate(lines, 1)]
    of = taxed.taxes = taxes.begin(regime, told)
    assert of is not None
    bare: Counter[int] = Counter()
    books: Counter[int] = Counter()
    for step, data in steps:
        bare.update(step(plain, data))
        moves = step(taxed, data)
        assert sum(moves.values()) == 0, step.__name__
        books.update(moves)
        assert sum(of.gross.values()) == taxed.earned
        due = sum(taxes.within(gross, rate) for rate, gross in of.gross.items())
        assert books[of.account] == -due
    # nothing but the split of what is earned is another than without tax
    for account in {*bare, *books} - {a.SALES, a.RETURNS, of.account}:
        assert books[account] == bare[account]
    # what is given back whole leaves no tax
    whole = taxed.earned
    if whole >= 0:
        books.update(t.refund(taxed, said.Refunded(taxed.payable + whole)))
        assert books[of.account] == 0


@pytest.mark.parametrize(
    ("gross", "rate", "tax"),
    [
        (11_300, 130_000, 1_300),
        (100, 130_000, 12),
        (1, 130_000, 0),
        (10_100, 10_000, 100),
        (9, 0, 0),
    ],
)
def test_tax_within_a_price(gross: int, rate: int, tax: int) -> None:
    assert taxes.within(gross, rate) == tax


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["ship", "deliver", "restock", "scrap", "lose", "again"]),
        st.integers(1, 2),
        st.integers(1, 5),
        st.integers(0, 999),
    ),
    max_size=30,
)


@settings(max_examples=100, deadline=None)
@given(MOVES, st.sampled_from(["shipment", "delivery"]))
def test_goods_cost_what_they_cost_when_they_left(
    moves: list[tuple[str, int, int, int]], earned_at: said.Revenue
) -> None:
    kept = goods.Goods(earned_at, {}, {})
    books: Counter[int] = Counter()
    for word, line, units, cost in moves:
        shares = [said.Share(line, units, "A")]
        match word:
            case "ship":
                made = goods.ship(kept, said.Shares(shares), {"A": cost}.__getitem__)
            case "deliver":
                made = goods.deliver(kept, said.Shares(shares), lambda _: 0)
            case "lose":
                made = goods.lose(kept, said.Shares(shares), lambda _: 0)
            case "again":
                made = goods.send_again(kept, said.Reshipped(shares, "damaged"), lambda _: 0)
            case _:
                made = goods.take_back(kept, said.Returned(shares, word), lambda _: 0)
        assert sum(made.values()) == 0
        books.update(made)
        assert books[a.COST] == sum(h.cost for h in kept.sold.values())
        assert books[a.SHIPPED] == sum(h.cost for h in kept.away.values())
    for line in (1, 2):  # all of it comes back, and has cost nothing
        back = [said.Share(line, 10_000, "A")]
        books.update(goods.take_back(kept, said.Returned(back, "restock"), lambda _: 0))
    assert (books[a.COST], books[a.SHIPPED]) == (0, 0)
    assert books[a.INVENTORY] == -books[a.LOSSES]
