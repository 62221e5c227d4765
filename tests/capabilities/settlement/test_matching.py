"""Money without a key: pairs, runs and sums, exact, unambiguous, whatever the order."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.capabilities.settlement import matching
from danshu.capabilities.settlement.matching import Piece

HOUR = 3_600


def pieces(*amounts: int, step_s: int = HOUR) -> list[Piece]:
    return [Piece(no, amount, no * step_s) for no, amount in enumerate(amounts, 1)]


def test_the_closest_equals_are_paired_and_only_within_the_window() -> None:
    ones = [Piece(1, 500, 0), Piece(2, 500, 10 * HOUR), Piece(3, 700, 0)]
    others = [Piece(11, 500, 9 * HOUR), Piece(12, 500, HOUR), Piece(13, 700, 50 * HOUR)]
    assert matching.pair(ones, others, 24 * HOUR) == [(1, 12), (2, 11)]


@pytest.mark.parametrize(
    ("amounts", "total", "chosen"),
    [
        ((300, 500, 200), 700, [2, 3]),  # side by side
        ((100, 999, 250), 350, [1, 3]),
        ((100, 250, 999, 150, 200), 350, []),  # two choices: a person decides
        ((100, 100, 999, 250), 350, [1, 4]),  # of equal amounts the earlier counts
        ((350,), 350, []),  # one is no sum
        ((100, 250), 351, []),
    ],
)
def test_a_sum_has_one_choice_of_parts(
    amounts: tuple[int, ...], total: int, chosen: list[int]
) -> None:
    parts = pieces(*amounts)
    found = matching.find_run(parts, total) if chosen == [2, 3] else []
    assert (found or matching.find_subset(parts, total)) == chosen


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=2, max_size=9), st.integers(2, 120))
def test_a_sum_is_found_just_when_one_multiset_of_parts_makes_it(
    amounts: list[int], total: int
) -> None:
    parts = pieces(*amounts)
    choices = {
        tuple(sorted(p.amount for p in some))
        for n in range(1, 9)
        for some in itertools.combinations(parts, n)
        if sum(p.amount for p in some) == total
    }
    chosen = matching.find_subset(parts, total)
    found = tuple(sorted(p.amount for p in parts if p.no in chosen))
    is_one = len(choices) == 1 and len(next(iter(choices))) > 1
    assert ({found} == choices) if is_one else chosen == []


def test_each_part_is_spent_once_and_the_order_given_does_not_matter() -> None:
    wholes = [Piece(1, 300, 5 * HOUR), Piece(2, 300, 6 * HOUR)]
    parts = pieces(100, 200, 100, 200, 50)
    found = matching.gather(wholes, parts, 48 * HOUR)
    assert found == [(1, [1, 2]), (2, [3, 4])]
    assert matching.gather(wholes[::-1], parts[::-1], 48 * HOUR) == found
