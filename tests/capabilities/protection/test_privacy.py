"""Noise is discrete Laplace, exactly; budgets are spent; one person changes little."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from danshu.capabilities.protection import noise, privacy
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import PRIVACY_CELLS, PRIVACY_ONCE_MILLE, PRIVACY_YEAR_MILLE

DRAWS = 6_000


def test_noise_is_distributed_as_it_says() -> None:
    below = random.Random(20261130).randrange
    scale = 2.0  # sensitivity 1 at epsilon 0.5
    drawn = Counter(noise.add(0, 1, 500, below) for _ in range(DRAWS))
    assert sum(drawn.values()) == DRAWS
    p = math.exp(-1 / scale)
    for x in range(-6, 7):
        wanted = (1 - p) / (1 + p) * p ** abs(x) * DRAWS
        # five standard deviations of a count
        assert abs(drawn[x] - wanted) < 5 * math.sqrt(wanted), x


def test_epsilon_bounds_what_one_person_changes() -> None:
    """P(answer | with) <= e^epsilon P(answer | without), by the law of the sampler."""
    p = math.exp(-0.5)
    law = [(1 - p) / (1 + p) * p ** abs(x) for x in range(-50, 51)]
    for one, other in itertools.pairwise(law):
        assert one <= math.exp(0.5) * other + 1e-12
        assert other <= math.exp(0.5) * one + 1e-12


def test_bernoulli_of_more_than_one() -> None:
    below = random.Random(1).randrange
    hits = sum(noise.bernoulli_exp(3, 2, below) for _ in range(DRAWS))
    wanted = DRAWS * math.exp(-1.5)
    assert abs(hits - wanted) < 5 * math.sqrt(wanted)


@given(
    rows=st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.integers(-100, 100)), max_size=40
    ),
    who=st.sampled_from("abc"),
)
def test_a_person_changes_few_cells_and_each_by_little(
    rows: list[tuple[str, int, int]], who: str
) -> None:
    told = privacy.bound(rows, low=0, high=10)
    without = privacy.bound([r for r in rows if r[0] != who], low=0, high=10)
    counts = [told.get(c, (0, 0))[0] - without.get(c, (0, 0))[0] for c in told.keys() | without]
    sums = [told.get(c, (0, 0))[1] - without.get(c, (0, 0))[1] for c in told.keys() | without]
    assert sum(map(abs, counts)) <= PRIVACY_CELLS
    assert sum(map(abs, sums)) <= PRIVACY_CELLS * 10
    assert privacy.bound(list(reversed(rows)), low=0, high=10) == told


def test_a_budget_is_spent_and_then_refuses() -> None:
    told = privacy.spend(0, PRIVACY_ONCE_MILLE)
    assert told == PRIVACY_ONCE_MILLE
    again = privacy.spend(PRIVACY_YEAR_MILLE - 1, 2)
    assert isinstance(again, Refusal)
    assert again.code == "privacy_spent"
    assert privacy.spend(PRIVACY_YEAR_MILLE - 1, 1) == PRIVACY_YEAR_MILLE
    for wrong in (0, -1, PRIVACY_ONCE_MILLE + 1):
        assert isinstance(privacy.spend(0, wrong), Refusal)


def test_disjoint_groups_cost_their_largest() -> None:
    assert privacy.compose([100, 300, 200], disjoint=True) == 300
    assert privacy.compose([100, 300, 200], disjoint=False) == 600
    assert privacy.compose([], disjoint=True) == 0


def test_published_counts_are_never_below_nothing() -> None:
    below = random.Random(7).randrange
    told = privacy.publish_counts({n: 0 for n in range(50)}, 100, below)
    assert min(told.values()) == 0
    assert any(told.values())
    sums = privacy.publish_sums({"a": 1_000_000}, 2_000, below, low=0, high=100)
    assert abs(sums["a"] - 1_000_000) < 20_000  # a hundred times the scale
