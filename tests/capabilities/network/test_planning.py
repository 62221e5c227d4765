"""Chances, safety stock, moves, shares and levels against what they must be by themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.capabilities.network import (
    advise,
    demand,
    flow,
    levels,
    rebalance,
    risk,
    safety,
    shares,
    trucks,
)
from danshu.capabilities.network.model import SHIPPED, NetworkSettings, NetworkSku

FAST = 5.0


def steady(*rates: float, days: int = 28) -> demand.Sums:
    mean = np.repeat(np.array(rates)[:, None], days, axis=1)
    return demand.sum_days(mean, np.sqrt(1.5 * mean))


def one(value: float) -> np.ndarray:
    return np.array([float(value)])


def test_loss_and_chance_are_those_of_draws() -> None:
    rng = np.random.default_rng(1)
    mean, variance, level = 35.0, 80.0, 40.0
    drawn = rng.gamma(mean**2 / variance, variance / mean, 200_000)
    short = demand.expect_short(one(mean), one(variance), one(level))[0]
    assert short == pytest.approx(np.maximum(drawn - level, 0).mean(), rel=0.02)
    chance = demand.exceed(one(mean), one(variance), one(level))[0]
    assert chance == pytest.approx((np.rint(drawn) > level).mean(), abs=0.005)
    at = demand.quantile(one(mean), one(variance), 0.9)[0]
    assert (drawn <= at).mean() == pytest.approx(0.9, abs=0.005)


@given(st.floats(0.0, 50.0), st.integers(0, 400), st.integers(0, 200), st.integers(1, 28))
@settings(max_examples=40, deadline=None)
def test_risks_grow_with_days_and_fall_with_stock(
    rate: float, free: int, coming: int, arrival: int
) -> None:
    def chances(units: int) -> list[int]:
        found = risk.find_risks(
            steady(rate), np.array([units]), np.array([coming]), np.array([arrival])
        )
        return list(found.chance[0])

    less, more = chances(free), chances(free + 50)
    assert less == sorted(less)
    assert all(a >= b for a, b in zip(less, more, strict=True))
    assert all(0 <= a <= 1_000 for a in less)


def test_the_eve_of_an_arrival_counts() -> None:
    none, units = np.array([0]), np.array([50])
    without = risk.find_risks(steady(FAST), units, none, none)
    late = risk.find_risks(steady(FAST), units, np.array([500]), np.array([20]))
    soon = risk.find_risks(steady(FAST), units, np.array([500]), np.array([3]))
    assert without.out[0] in (10, 11)
    assert late.chance[0][3] > 900 > 20 > soon.chance[0][3]
    assert late.out[0] == without.out[0]
    assert soon.out[0] == 0
    short = risk.find_risks(steady(0.0), np.array([-1]), none, none)
    assert (short.chance[0][0], short.out[0]) == (1_000, 1)


def test_safety_stock_serves_what_it_promises() -> None:
    mean, variance, service = one(35), one(80), one(0.95)
    kept = safety.by_cycle(mean, variance, service)
    assert safety.served(mean, variance, kept)[0] >= 0.95 > safety.served(mean, variance, kept - 1)
    assert safety.by_normal(variance, service)[0] == 15  # 1.645 deviations of 8.94
    fill = safety.by_fill(mean, variance, one(35), one(0.99))
    assert demand.expect_short(mean, variance, mean + fill)[0] <= 0.35 + 1e-6
    assert demand.expect_short(mean, variance, mean + fill - 1)[0] > 0.35
    # Silver, Pyke, Thomas: a day's demand of 5 +- 2 over 9 +- 3 days.
    assert safety.over_lead(one(5), one(4), one(9), one(9))[0] == 9 * 4 + 25 * 9
    sample = np.array([[8.0, 10.0, 12.0, 30.0]])
    assert safety.by_sample(sample, 0.7)[0] == 15  # the fourth largest of all less their mean
    season = safety.by_season(mean, variance, one(75), one(25))
    assert season[0] == np.rint(demand.quantile(mean, variance, 0.75))[0]
    assert safety.by_cycle(one(0), one(0), service)[0] == 0


def optimum(loss: np.ndarray, gain: np.ndarray, cost: np.ndarray) -> float:
    """Solve one SKU's moves as a linear program: integral, being a flow."""
    from scipy.optimize import linprog

    places, deep = loss.shape
    aims = [*loss.ravel(), *(-gain).ravel(), *cost.ravel()]
    rows = np.zeros((2 * places, len(aims)))
    for w in range(places):
        rows[w, w * deep : (w + 1) * deep] = 1
        rows[places + w, places * deep + w * deep : places * deep + (w + 1) * deep] = 1
        rows[w, 2 * places * deep + w * places : 2 * places * deep + (w + 1) * places] = -1
        rows[places + w, 2 * places * deep + w :: places] = -1
    bounds = [(0, 1)] * (2 * places * deep) + [(0, None)] * places**2
    told = linprog(aims, A_eq=rows, b_eq=np.zeros(2 * places), bounds=bounds)
    return -float(told.fun)


@pytest.mark.parametrize("seed", range(12))
def test_moves_of_a_sku_are_the_best_there_are(seed: int) -> None:
    rng = np.random.default_rng(seed)
    places, deep = 5, 6
    loss = np.sort(rng.uniform(0, 60, (places, deep)), axis=1)
    gain = -np.sort(-rng.uniform(0, 100, (places, deep)), axis=1)
    cost = rng.uniform(1, 50, (places, places))
    np.fill_diagonal(cost, 1e6)
    moved = np.zeros((places, places), np.int32)
    worth = flow.solve_one(loss, gain, cost, moved)
    assert worth == pytest.approx(optimum(loss, gain, cost), abs=1e-4)
    given, taken = moved.sum(axis=1), moved.sum(axis=0)
    told = sum(gain[w, : taken[w]].sum() - loss[w, : given[w]].sum() for w in range(places))
    assert told - (moved * cost).sum() == pytest.approx(worth)
    assert moved.min() >= 0


def network(skus: int = 12, places: int = 5) -> rebalance.Problem:
    rng = np.random.default_rng(3)
    rates = rng.uniform(2, 20, (skus, places))
    mean = np.repeat(rates[:, :, None], 28, axis=2)
    free = np.floor(rates * 14 * rng.lognormal(-0.2, 1.0, (skus, places))).astype(np.int64)
    km = 300.0 * np.abs(np.arange(places)[:, None] - np.arange(places))
    return rebalance.Problem(
        sums=demand.sum_days(mean, np.sqrt(1.5 * mean)),
        free=free,
        spare=free,
        coming=np.zeros_like(free),
        lot=np.full(skus, 6),
        weight_g=np.full(skus, 800),
        short_fen=np.full(skus, 2_000.0),
        write_down_fen=np.full(skus, 3_000.0),
        lead_days=1 + (km // 600).astype(np.int64),
        km=km,
        open_lane=~np.eye(places, dtype=np.bool_),
        handling_fen=60.0,
        trucks=SHIPPED.trucks,
        ml_per_g=4.0,
        horizon_days=14,
        aging_days=120,
    )


def quiet(stage: str, share: float) -> None:
    del stage, share


def test_a_plan_moves_what_there_is_and_knows_its_bound() -> None:
    problem = network()
    plan = rebalance.solve(problem, quiet)
    assert 0 < plan.worth_fen <= plan.bound_fen
    units = plan.lots * problem.lot[:, None, None]
    assert (units.sum(axis=2) <= problem.spare).all()
    assert not plan.lots[:, range(5), range(5)].any()
    carries = [trucks.carry_g(t, 4.0) for t in SHIPPED.trucks]
    assert (plan.load_g <= plan.truck_count * max(carries)).all()
    again = rebalance.solve(problem, quiet)
    assert (again.lots == plan.lots).all()
    s, i, j = np.nonzero(plan.lots)
    low, mid, high = rebalance.weigh(problem, (s, i, j), units[s, i, j].astype(np.float64))
    assert (low <= mid).all()
    assert (mid <= high).all()
    before, after = rebalance.chances(problem, (s, i, j), units[s, i, j])
    assert (after <= before).all()
    assert (before - after).max() > 200


def test_a_budget_a_closed_lane_and_plenty_keep_stock_where_it_is() -> None:
    problem = network()
    spent = []
    for budget in (0.0, 50_000.0):
        plan = rebalance.solve(problem, quiet, budget)
        units = (plan.lots * problem.lot[:, None, None]).sum()
        spent.append(plan.truck_fen.sum() + 60 * units)
        assert spent[-1] <= budget
    assert spent[1] > 0
    shut = problem._replace(open_lane=np.zeros((5, 5), np.bool_))
    assert not rebalance.solve(shut, quiet).lots.any()
    plenty = np.full_like(problem.free, 2_000)
    rich = problem._replace(free=plenty, spare=plenty, write_down_fen=np.zeros(12))
    assert not rebalance.solve(rich, quiet).lots.any()


@pytest.mark.parametrize(("kg", "at_most"), [(80, 7_000), (1_500, 120_000), (30_000, 800_000)])
def test_trucks_carry_a_load_for_no_less_than_full_ones(kg: int, at_most: int) -> None:
    km, load = np.array([[500.0]]), np.array([[kg * 1_000.0]])
    cost, main, count = trucks.choose(SHIPPED.trucks, km, load, 4.0)
    full = trucks.rate(SHIPPED.trucks, km, 4.0) * load
    assert full[0, 0] <= cost[0, 0] <= at_most
    assert count[0, 0] >= 1
    assert 0 <= main[0, 0] < len(SHIPPED.trucks)
    assert trucks.choose(SHIPPED.trucks, km, 0 * load, 4.0)[0][0, 0] == 0


@given(st.integers(0, 5_000), st.integers(1, 12))
@settings(max_examples=30, deadline=None)
def test_what_is_shared_out_is_all_there_is(total: int, lot: int) -> None:
    mean = np.array([10.0, 40.0, 0.0, 160.0])
    have = shares.share(total, mean, 2 * mean, np.ones(4), lot)
    assert have.sum() == total
    assert have[3] >= have[1] - lot
    assert have[1] >= have[0] - lot
    if total <= mean.sum():
        assert have[2] == 0


def test_an_even_share_leaves_everybody_as_likely_to_fall_short() -> None:
    mean = np.array([20.0, 80.0])
    have = shares.share(110, mean, 2 * mean, np.ones(2))
    chance = demand.exceed(mean, 2 * mean, have.astype(np.float64))
    assert abs(chance[0] - chance[1]) < 0.06
    all_here = np.array([110, 0])
    assert shares.worth(have, mean, 2 * mean, np.ones(2)) > shares.worth(
        all_here, mean, 2 * mean, np.ones(2)
    )
    assert shares.short_chance(all_here, mean, 2 * mean) == 1_000


def test_levels_keep_their_sum_and_even_the_chances_out() -> None:
    rng = np.random.default_rng(5)
    window = rng.poisson(rng.uniform(0.2, 6, (10, 4)), (28, 10, 4)).astype(np.float64)
    mean, variance = levels.estimate(window)
    raw = window.mean(axis=0)
    truth = np.abs(mean - raw)
    assert truth.max() > 0  # it borrows
    assert (variance >= mean).all()
    total = np.rint(20 * raw.sum(axis=1))
    usable = np.array([True, True, True, False])
    up_to = levels.share_out(17 * mean, 17 * variance, total, usable)
    assert (up_to.sum(axis=1) == total).all()
    assert not up_to[:, 3].any()


def test_classes_and_services_follow_value_and_wish() -> None:
    value = np.array([5.0, 70.0, 20.0, 5.0, 0.0])
    assert list(advise.classify(value, 700, 900)) == [2, 0, 1, 2, 2]
    made = NetworkSettings(skus=(NetworkSku(sku="C", service=999),))
    classes = np.array([0, 1, 2])
    assert list(advise.services(made, ("A", "B", "C"), classes)) == [980, 950, 999]


def test_safety_is_advised_where_it_pays_and_seasons_are_once() -> None:
    sums = demand.Sums(steady(FAST).mean[:, None], steady(FAST).variance[:, None])
    lead = (np.array([10]), np.array([3]))
    kept, price = np.array([[0]]), np.array([5_000])
    told = advise.advise(SHIPPED, sums, kept, np.array([950]), price, lead, np.array([0]))
    assert told.advised[0, 0] > 20
    assert told.kept_then[0, 0] >= 950 > told.kept_now[0, 0]
    assert told.gap_fen[0, 0] > 0
    once = advise.advise(SHIPPED, sums, kept, np.array([950]), price, lead, np.array([28]))
    assert once.advised[0, 0] == 0  # short 0.25 against 0.6 of write-down: fewer than the mean
    none = demand.Sums(0 * sums.mean, 0 * sums.variance)
    told = advise.advise(SHIPPED, none, kept, np.array([950]), price, lead, np.array([0]))
    assert told.advised[0, 0] == 0


def test_slow_movers_are_marked_down_as_far_as_it_pays() -> None:
    sums = demand.Sums(steady(1.0).mean[:, None], steady(1.0).variance[:, None])
    price = np.array([10_000])
    slow = advise.find_slow(SHIPPED, sums, np.array([[600]]), price)
    assert slow.cover_days[0, 0] == 600
    assert slow.value_fen[0, 0] == (600 - 120) * 10_000
    low, mid, high = (part[0, 0] for part in slow.worth_fen)
    assert slow.markdown[0, 0] > 0
    assert 0 < mid < high
    assert low < mid
    brisk = advise.find_slow(SHIPPED, sums, np.array([[100]]), price)
    assert (brisk.value_fen[0, 0], brisk.markdown[0, 0]) == (0, 0)
    dead = demand.Sums(0 * sums.mean, 0 * sums.variance)
    assert advise.find_slow(SHIPPED, dead, np.array([[5]]), price).cover_days[0, 0] == advise.NEVER
