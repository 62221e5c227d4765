"""Rules against chance, exactly; trials: what is said, when they stop, how often wrongly."""

from __future__ import annotations

import itertools
import math
import uuid

import numpy as np
import pytest
from scipy import stats

from danshu.capabilities.associations import decide, evolve, rules, significance, trial
from danshu.capabilities.associations.facts import AssociationProposed
from danshu.capabilities.associations.model import Campaign, Figures, Plan
from danshu.capabilities.associations.rules import Pairs
from danshu.capabilities.associations.trial import Arms
from danshu.kernel.errors import Refusal

NOW_MS = 1_795_345_200_000
PLAN = Plan(
    act="coupon",
    first="DW",
    then="DET",
    window_d=30,
    text="该换清洁剂了",
    basis="已同意",
    until_ms=NOW_MS + 1_000,
    cost=500,
    budget=5_000,
    least_effect=20,
    counted_after_h=0,
)


def array(*rows: list[int]) -> np.ndarray:
    return np.array(rows, np.int64)


@pytest.mark.parametrize(
    ("both", "first", "then", "total"), [(9, 20, 15, 80), (3, 5, 4, 9), (1, 2, 2, 4)]
)
def test_one_stratum_is_fisher_s_test(both: int, first: int, then: int, total: int) -> None:
    table = [[both, first - both], [then - both, total - first - then + both]]
    wanted = stats.fisher_exact(table, alternative="greater").pvalue
    found = significance.exact(
        array([both])[0], array([first])[0], array([then])[0], array([total])[0]
    )
    assert math.isclose(found, wanted, rel_tol=1e-9)


def test_strata_are_added_up_as_if_counted_out() -> None:
    first, then, total = (4, 3), (5, 2), (9, 6)
    chances = [
        {x: stats.hypergeom.pmf(x, n, a, k) for x in range(min(a, k) + 1)}
        for a, k, n in zip(first, then, total, strict=True)
    ]
    for seen in range(6):
        wanted = sum(
            p * q
            for (x, p), (y, q) in itertools.product(chances[0].items(), chances[1].items())
            if x + y >= seen
        )
        found = significance.exact(
            np.array([seen, 0]), np.array(first), np.array(then), np.array(total)
        )
        assert math.isclose(found, wanted, rel_tol=1e-9)


def test_who_buys_much_seems_to_buy_everything_unless_strata_tell() -> None:
    """Simpson: within each stratum nothing goes with anything, all together it seems to."""
    both, first, then, total = [90, 1], [100, 10], [90, 10], [100, 100]
    lumped = [array([sum(x)]) for x in (both, first, then, total)]
    assert significance.test_pairs(*lumped)[0] < 1e-6
    told = significance.test_pairs(array(both), array(first), array(then), array(total))
    assert told[0] == 1.0


def test_many_pairs_at_once() -> None:
    """Benjamini and Yekutieli as by their own definition."""
    p = [0.001, 0.02, 0.0004, 0.3]
    tested = 10
    harmonic = sum(1 / n for n in range(1, tested + 1))
    ranked = sorted(p)
    wanted = {
        one: min(1.0, *(x * tested * harmonic / r for r, x in enumerate(ranked, 1) if x >= one))
        for one in p
    }
    assert significance.adjust(p, tested) == pytest.approx([wanted[one] for one in p])
    assert significance.adjust([], 5) == []


def test_a_rule_passes_and_too_few_do_not() -> None:
    def pairs(both: int, first: int) -> Pairs:
        return Pairs(
            first=["DW"],
            then=["DET"],
            both=array([both]),
            with_first=array([first]),
            with_then=array([both + 10]),
            every=array([first + 400]),
            totals=array([both, first, 10, 400]),
            units=first + 400,
            tested=90,
        )

    (found,) = rules.find(pairs(30, 60))
    assert (found.confidence, found.otherwise, found.lift) == (500, 25, 20_000)
    assert found.q < 1e-9
    assert rules.find(pairs(7, 60)) == []
    assert rules.find(pairs(12, 19)) == []
    assert rules.find(pairs(8, 300)) == []


def test_an_arm_is_drawn_once_and_as_told() -> None:
    key, campaign = b"k" * 16, uuid.UUID(int=7).bytes
    arms = [trial.draw_arm(key, campaign, f"b{n}", 200) for n in range(5_000)]
    assert arms == [trial.draw_arm(key, campaign, f"b{n}", 200) for n in range(5_000)]
    assert 0.18 < arms.count("holdout") / len(arms) < 0.22
    other = [trial.draw_arm(key, uuid.UUID(int=8).bytes, f"b{n}", 200) for n in range(5_000)]
    assert arms != other


def test_newcombe_s_own_example() -> None:
    """56 of 70 against 48 of 80: 0.0524 to 0.3339 (Newcombe 1998, table II, a, method 10)."""
    low, high = trial.newcombe(Arms(treated=70, treated_bought=56, holdout=80, holdout_bought=48))
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_looking_again_and_again_rarely_says_what_is_not_so() -> None:
    """400 trials without an effect, looked at 40 times each: few are ever called an effect."""
    rng = np.random.default_rng(7)
    wrong = 0
    for _ in range(400):
        one = rng.random((40, 50)) < 0.2
        two = rng.random((40, 15)) < 0.2
        bought, held = one.sum(axis=1).cumsum(), two.sum(axis=1).cumsum()
        wrong += any(
            low > 0 or high < 0
            for n in range(40)
            for low, high in [
                trial.always_valid(
                    Arms(
                        treated=50 * (n + 1),
                        treated_bought=int(bought[n]),
                        holdout=15 * (n + 1),
                        holdout_bought=int(held[n]),
                    )
                )
            ]
        )
    assert wrong / 400 < 0.05


def running() -> Campaign:
    begun = evolve.begin(uuid.UUID(int=1), AssociationProposed(plan=PLAN), "person:1", NOW_MS)
    said = decide.start(begun, "", NOW_MS)
    assert not isinstance(said, Refusal)
    return evolve.evolve(begun, said, "person:2", NOW_MS)


def arms(treated: int, holdout: int, one: int, two: int) -> Arms:
    return Arms(treated=treated, treated_bought=one, holdout=holdout, holdout_bought=two)


@pytest.mark.parametrize(
    ("seen", "recent", "at_ms", "why"),
    [
        (arms(400, 100, 200, 10), arms(200, 50, 100, 5), NOW_MS, None),
        (arms(40_000, 9_000, 4_000, 900), arms(20, 5, 2, 1), NOW_MS, "no_effect"),
        (arms(400, 100, 200, 10), arms(40_000, 9_000, 4_000, 900), NOW_MS, "faded"),
        (arms(400, 100, 200, 10), arms(0, 0, 0, 0), NOW_MS + 1_000, "ended"),
        (arms(20, 5, 0, 0), arms(10, 3, 0, 0), NOW_MS, None),
    ],
)
def test_it_stops_by_itself(seen: Arms, recent: Arms, at_ms: int, why: str | None) -> None:
    figures = trial.measure(Figures(), seen, 0)
    assert decide.why_stop(running(), figures, recent, at_ms) == why


def test_a_spent_budget_stops_it() -> None:
    campaign = running()
    none = arms(0, 0, 0, 0)
    for used, why in ((9, None), (10, "budget")):
        said = decide.measure(campaign, none, used)
        assert said is not None
        assert decide.why_stop(campaign, said.figures, none, NOW_MS) == why


def test_what_may_be_done_when() -> None:
    campaign = running()
    assert decide.start(campaign, "", NOW_MS) is decide.NOT_PROPOSED
    said = decide.stop(campaign, "person", "")
    assert not isinstance(said, Refusal)
    stopped = evolve.evolve(campaign, said, "person:2", NOW_MS)
    assert decide.stop(stopped, "person", "") is decide.NOT_RUNNING
    assert decide.enrol(stopped, ("a",), ()) is decide.NOT_RUNNING
    assert decide.measure(campaign, arms(0, 0, 0, 0), 0) is None
