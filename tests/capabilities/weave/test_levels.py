"""Levels: what a value is, and that what wavers around a threshold rings once."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.capabilities.weave import health
from danshu.capabilities.weave.burn import Counts, judge
from danshu.capabilities.weave.levels import Better, Held, Level, Thresholds, grade, hold
from danshu.kernel.errors import InputError

LOW = Thresholds(blue=1.0, yellow=5.0, red=60.0)
HIGH = Thresholds(blue=99.5, yellow=99.0, red=95.0)
N, B, Y, R = Level


@pytest.mark.parametrize(
    ("value", "better", "limits", "level"),
    [
        (None, "low", LOW, N),
        (1.0, "low", LOW, N),
        (1.1, "low", LOW, B),
        (60.1, "low", LOW, R),
        (99.5, "high", HIGH, N),
        (99.4, "high", HIGH, B),
        (98.9, "high", HIGH, Y),
        (0.0, "high", HIGH, R),
        (1e9, "low", Thresholds(), N),
        (10.0, "low", Thresholds(red=5.0), R),
    ],
)
def test_a_value_has_a_level(
    value: float | None, better: Better, limits: Thresholds, level: Level
) -> None:
    assert grade(value, limits, better) is level


def walk(values: list[float | None], held: Held | None = None) -> list[Level]:
    """Look at values, ten seconds apart; give the levels held."""
    held = held or Held()
    told = []
    for at, value in enumerate(values):
        held = hold(held, value, LOW, "low", at * 10_000)
        told.append(held.level)
    return told


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        ([2.0, 2.0], [N, B]),
        ([2.0, 0.5, 2.0, 0.5, 2.0, 0.5], [N] * 6),  # one look is none
        ([70.0, 6.0], [N, Y]),  # both were at least yellow
        ([70.0, 70.0, 70.0], [N, R, R]),
        ([2.0, 2.0, *[0.95] * 12], [N, *[B] * 13]),  # within a tenth of the threshold
        ([2.0, 2.0, *[0.5] * 6], [N, *[B] * 6, N]),
        ([70.0, 70.0, *[0.5] * 5, 6.0], [N, *[R] * 6, Y]),  # of six, the worst
        ([70.0, 70.0, *[0.5] * 5, 70.0, *[0.5] * 5], [N, *[R] * 12]),  # bad again: counted anew
        ([2.0, 2.0, *[None] * 6], [N, *[B] * 6, N]),  # nobody measures it any more
    ],
)
def test_a_level_is_held(values: list[float | None], levels: list[Level]) -> None:
    assert walk(values) == levels


@given(st.lists(st.floats(0, 100), max_size=60))
def test_levels_move_at_most_once_in_two_looks(values: list[float]) -> None:
    told = [N, *walk(list(values))]
    moves = [at for at in range(1, len(told)) if told[at] is not told[at - 1]]
    assert all(later - earlier >= 2 for earlier, later in itertools.pairwise(moves))


SPANS = (300, 1_800, 3_600, 21_600, 259_200)


def counts(*shares: float) -> dict[int, Counts]:
    """Give windows with a share of bad events each."""
    return {
        span: Counts(round(10_000 * (1 - bad)), 10_000)
        for span, bad in zip(SPANS, shares, strict=True)
    }


@pytest.mark.parametrize(
    ("shares", "level"),
    [  # of 99.9 %: a rate of 14.4 is 1.44 % bad. Windows 5 min, 30 min, 1 h, 6 h, 3 d
        ((0.0, 0.0, 0.0, 0.0, 0.0), None),
        ((0.02, 0.02, 0.02, 0.02, 0.02), R),
        ((0.0, 0.02, 0.02, 0.0, 0.0), None),  # it is over: the short window is well
        ((0.02, 0.02, 0.005, 0.0, 0.0), None),  # it has not mattered yet
        ((0.0, 0.007, 0.007, 0.007, 0.0), Y),
        ((0.0, 0.0, 0.0, 0.002, 0.002), B),
        ((0.0144, 0.0, 0.0144, 0.0, 0.0), R),
        ((0.0143, 0.0143, 0.0143, 0.0059, 0.0), None),
    ],
)
def test_what_burns(shares: tuple[float, ...], level: Level | None) -> None:
    found = judge(counts(*shares), 0.999, 20)
    assert (found and found.level) == level


def test_few_events_burn_nothing() -> None:
    few = {span: Counts(4, 5) for span in SPANS}
    assert judge(few, 0.999, 20) is None
    assert judge(few, 0.999, 5) is not None


def test_an_hour_at_14_4_spends_a_fiftieth_of_the_budget() -> None:
    found = judge(counts(*[0.0144] * 5), 0.999, 20)
    assert found is not None
    assert found.spent == pytest.approx(0.02)


def test_the_twelve_stand_in_their_order() -> None:
    codes = [m.code for m in health.metrics()]
    assert (len(codes), codes[0], codes[8]) == (12, "order_create", "connector_availability")
    for metric in health.metrics():
        health.check(metric, metric.thresholds)
    with pytest.raises(InputError, match="get graver"):
        health.check(health.find("seal_lag"), Thresholds(blue=3, yellow=2))
    with pytest.raises(InputError, match="at most 100"):
        health.check(health.find("event_delivery"), Thresholds(blue=101))
