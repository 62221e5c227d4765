"""Forecasting by itself: nothing to come is seen, intervals hold, the better method is used."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.bench import forecast as bench
from danshu.bench import forecast_data
from danshu.capabilities.forecasting import (
    calibrate,
    choose,
    cold,
    drift,
    effects,
    scores,
    simple,
)
from danshu.capabilities.forecasting.cold import Goods
from danshu.capabilities.forecasting.effects import Promotion
from danshu.capabilities.forecasting.model import HORIZON, KINDS, Panel
from danshu.hub import forecast_making as making
from danshu.hub import forecast_reading as reading
from danshu.kernel.errors import InputError

MONDAY = datetime.date(2026, 6, 1).toordinal()


def panel(units: object, start: object = None) -> Panel:
    table = np.asarray(units, np.float64)
    count, days = table.shape
    begin = np.zeros(count, np.int64) if start is None else np.asarray(start)
    factor = np.ones((count, days + HORIZON))
    return Panel(table, begin, np.zeros(count, np.int64), MONDAY, factor)


def nothing_known(days: int) -> making.Known:
    return making.Known(("",) * (days + HORIZON), ())


def quiet(stage: str, done: int, total: int) -> None:
    del stage, done, total


def look(given: Panel, day: int, known: making.Known | None = None) -> choose.Origin:
    days = given.units.shape[1]
    with making.workers(1, with_extra=False) as hands:
        return making.look(given, known or nothing_known(days), day, hands, quiet)


def test_nothing_of_the_day_or_later_is_seen() -> None:
    rng = np.random.default_rng(1)
    before = panel(rng.poisson(3, (6, 140)))
    later = before.units.copy()
    later[:, 112:] = 999
    promotion = Promotion("p", np.arange(6), 100, 103, 0)
    known = making.Known(("",) * 168, (promotion,))
    one, other = look(before, 112, known), look(before._replace(units=later), 112, known)
    for method, mean in one.means.items():
        assert np.array_equal(mean, other.means[method]), method
    assert np.array_equal(one.spread.swing, other.spread.swing)


def test_intervals_hold_on_days_that_calibrated_nothing() -> None:
    rng = np.random.default_rng(2)
    rate = np.exp(rng.normal(0, 1.3, 400))[:, None] * np.ones(168)
    given = panel(rng.poisson(rate))
    origins = [look(given, day) for day in choose.origins(168, 4)]
    held, past = origins[-1], origins[:-1]
    sold = choose.panel_sold(given.until(held.day))
    settled = making.settle(past, held, sold)
    assert (settled.quantiles >= 0).all()
    assert (np.diff(settled.quantiles, axis=2) >= 0).all()
    upper = settled.quantiles[:, :, 6]
    assert 0.94 <= scores.inside(settled.quantiles, held.real, 0, 6) <= 0.99
    assert (held.real > upper).mean() < 0.035
    total = held.real.sum(axis=1)
    in_month = (total >= settled.sums[:, 2, 0]) & (total <= settled.sums[:, 2, 6])
    assert 0.9 <= in_month.mean() <= 0.99
    ours, *others = making.judge(past, held, sold)
    assert ours.name == making.OURS
    assert ours.rmsse <= min(one.rmsse for one in others) * 1.02


def test_a_mass_at_zero_stays_one() -> None:
    rng = np.random.default_rng(3)
    given = panel(rng.binomial(1, 0.08, (500, 168)) * rng.poisson(5, (500, 168)))
    origins = [look(given, day) for day in choose.origins(168, 4)]
    settled = making.settle(origins[:-1], origins[-1], choose.panel_sold(given))
    assert (settled.quantiles[:, :, :4] == 0).mean() > 0.99  # the median too
    assert (settled.quantiles[:, :, 6] > 0).mean() > 0.9
    assert np.isin(settled.spread.kind, [KINDS.index("intermittent"), KINDS.index("lumpy")]).all()


def test_the_week_is_chosen_where_there_is_one() -> None:
    rng = np.random.default_rng(4)
    week = np.array([30, 2, 2, 2, 2, 2, 30.0])
    given = panel(rng.poisson(np.tile(week, 24)[None, :].repeat(40, axis=0)))
    origins = [look(given, day) for day in choose.origins(168)]
    choice = choose.choose(origins, choose.panel_sold(given), origins[-1].spread.pool)
    flat = choice.names.index("window_28")
    assert not choice.kept[:, flat].any()
    told = choose.tell(choice, origins[-1].spread.kind, 0)
    assert "window_28" not in told.methods
    assert told.tried[-1].method == "window_28"  # the worst stands last, and is shown
    mean = choose.combine(origins[-1].means, choice)
    assert abs(mean[:, :7].mean(axis=0) - np.roll(week, -(140 % 7))).max() < 3


def test_goods_that_sold_once_are_not_called_frequent() -> None:
    rng = np.random.default_rng(5)
    rate, days = 0.01, 140
    units = rng.binomial(1, rate, (20_000, days)).astype(np.float64)
    units = units[(units > 0).any(axis=1)]
    given = panel(units, (units > 0).argmax(axis=1))
    plain = simple.flatten(given)
    is_old = days - given.start >= HORIZON
    for method in ("weekly_84", "smoothed", "sba"):
        mean = simple.METHODS[method](given, plain)
        # A little low: a week that was fitted to one sale explains part of it. First days counted,
        # it would be 1.3 to 2 times the rate.
        assert 0.8 * rate < mean[is_old].mean() < 1.05 * rate, method


@pytest.mark.parametrize(("after", "is_counted"), [(0, True), (7, False), (8, False)])
def test_the_first_day_says_nothing_once_a_week_came(after: int, *, is_counted: bool) -> None:
    units = np.zeros((1, 60))
    units[0, 59 - after] = 4.0
    level = simple.flatten(panel(units, [59 - after])).level[0]
    assert np.isnan(level[: 59 - after]).all()
    assert np.isfinite(level[59 - after]) == is_counted
    assert np.isfinite(level[60 - after :]).all()


def test_methods_half_as_bad_again_have_a_voice() -> None:
    real = np.full((50, HORIZON), 10.0)
    given = panel(np.random.default_rng(6).poisson(10, (50, 140)))
    off = {"weekly_28": 2.0, "tsb": -2.0 * 1.45**0.5, "sba": 2.0 * 1.6**0.5}
    means = {name: real + step for name, step in off.items()}
    spread = calibrate.measure(simple.flatten(given))
    origin = choose.Origin(112, means, real, scores.scales(given), spread)
    choice = choose.choose([origin], choose.panel_sold(given), spread.pool)
    assert choice.kept[0].tolist() == [True, True, False]
    middle = 10 + (off["weekly_28"] + off["tsb"]) / 2
    assert choose.combine(means, choice) == pytest.approx(np.full((50, HORIZON), middle))


def test_the_bench_says_what_zero_is_worth() -> None:
    rng = np.random.default_rng(7)
    given = panel(rng.binomial(1, 0.05, (300, 168)) * rng.poisson(4, (300, 168)))
    *past, held = [look(given, day) for day in choose.origins(168, 4)]
    sold = choose.panel_sold(given.until(held.day))
    zero = bench.nothing(held)
    counted = held.scale.absolute > 0
    by_hand = held.real[counted].mean(axis=1) / held.scale.absolute[counted]
    assert zero.mase == zero.mase_mean == pytest.approx(by_hand.mean(), abs=1e-4)
    ours = making.judge(past, held, sold)[0]
    assert ours.mase == pytest.approx(zero.mase, abs=0.01)  # the median of such goods is zero
    assert ours.mase_mean > 1.2 * zero.mase  # and no mean is as good by absolute error
    assert ours.pinball < zero.pinball
    found = bench.by_kind(past, held, sold)
    settled = making.settle(past, held, sold)
    beside = settled.mean.sum() / held.real.sum()
    assert found["foretold_to_came"] == pytest.approx(beside, abs=1e-3)
    assert 0.7 < found["foretold_to_came_rare"] < 1.3


@pytest.mark.parametrize(
    ("days", "found"),
    [(30, ()), (75, (33, 40, 47)), (112, (28, 56, 84)), (168, (84, 112, 140))],
)
def test_origins(days: int, found: tuple[int, ...]) -> None:
    assert choose.origins(days) == found


def test_kinds_by_interval_and_size() -> None:
    days = 84
    steady = np.full(days, 5.0)
    wild = np.where(np.arange(days) % 2 == 0, 1.0, 40.0)
    rare = np.where(np.arange(days) % 7 == 0, 3.0, 0.0)
    lumpy = np.where(np.arange(days) % 14 == 0, 50.0, rare)
    given = panel([steady, wild, rare, lumpy])
    plain = simple.Plain(given.units, np.ones((4, HORIZON)))
    kinds = [KINDS[k] for k in calibrate.measure(plain).kind]
    assert kinds == ["smooth", "erratic", "intermittent", "lumpy"]


def test_closed_weekdays_sell_nothing() -> None:
    week = np.array([6, 5, 5, 5, 6, 0, 7.0])
    given = panel(np.tile(week, 16)[None, :].repeat(5, axis=0))
    plain = simple.flatten(given)
    mean = simple.window(28)(given, plain)
    saturday = 5 - 112 % 7
    assert (mean[:, saturday::7] == 0).all()
    assert mean[:, :7].sum(axis=1) == pytest.approx(week.sum(), rel=0.05)


def test_what_a_promotion_does_is_learned_from_earlier_ones() -> None:
    units = np.full((3, 112), 10.0)
    units[:2, 60:64] = 30.0
    start = np.zeros(3, np.int64)
    rows = np.array([0, 1])
    past, next_ = Promotion("a", rows, 60, 63, 0), Promotion("b", rows, 115, 117, 0)
    named = [""] * 140
    factor, _, uplifts = effects.learn(units, start, named, [past, next_])
    # 4 days of 3.0 and 3 of the 1.5 that is said while nothing was seen
    assert uplifts == {"a": 2357, "b": 2357}
    assert factor[0, 115] == pytest.approx(uplifts["b"] / 1000)
    assert (factor[2] == 1).all()
    _, _, alone = effects.learn(units, start, named, [next_])
    assert alone["b"] == effects.UPLIFT
    _, _, said = effects.learn(units, start, named, [Promotion("c", rows, 115, 117, 2_500)])
    assert said["c"] == 2_500


def test_festivals_and_holidays() -> None:
    names = effects.kinds(datetime.date(2026, 11, 9).toordinal(), 4, lambda day: "")
    assert names == ["", "", "festival", ""]
    units = np.full((30, 140), 4.0)
    named = [""] * 168
    for day in (40, 41, 42, 150):
        named[day] = "holiday"
    units[:, 40:43] = 1.0
    factor, by_kind, _ = effects.learn(units, np.zeros(30, np.int64), named, [])
    assert by_kind["holiday"] == 625  # (3 days of 0.25 and 3 of 1) over 6
    assert factor[0, 150] == pytest.approx(0.625)


def test_new_goods_borrow_from_goods_like_them() -> None:
    days = 140
    units = np.zeros((4, days))
    units[0], units[1], units[2] = 20.0, 2.0, 8.0
    given = panel(units, [0, 0, 0, days])
    goods = [
        Goods("A", "纯棉毛巾 2条装 浅灰", 1990),
        Goods("B", "电动螺丝刀 套装", 19900),
        Goods("C", "纯棉浴巾 1条装 浅灰", 3990),
        Goods("D", "纯棉毛巾 2条装 米白", 1990),
    ]
    means = np.stack([np.full(HORIZON, level) for level in (20.0, 2.0, 8.0, 0.0)])
    lent = cold.borrow(given, goods, means)
    assert lent.similar[3][0] == "A"
    assert "B" not in lent.similar[3]
    assert 8 < lent.means[3].mean() < 20
    assert list(lent.wider) == [1, 1, 1, cold.WIDER]
    stranger = cold.borrow(given, [*goods[:3], Goods("E", "xyz", 1)], means)
    assert stranger.similar == {}


@pytest.mark.parametrize(
    ("came", "is_drift"),
    [([5] * 10, False), ([50] * 4, False), ([50] * 5 + [5] * 5, True), ([50, 5, 5, 5, 5], False)],
)
def test_drift(came: list[int], is_drift: bool) -> None:
    seen = drift.look([0] * len(came), [10] * len(came), came)
    assert seen.is_one is is_drift
    assert seen.outside == came.count(50)


def test_scores_by_hand() -> None:
    given = panel([[1, 2, 3, 4, 5, 6, 7, 3, 4, 5, 6, 7, 8, 9.0], [0] * 14])
    scale = scores.scales(given)
    assert list(scale.absolute) == [2, 0]
    real, mean = np.full((2, HORIZON), 6.0), np.full((2, HORIZON), 5.0)
    quantiles = np.repeat(mean[:, :, None], 7, axis=2)
    one = scores.score("m", mean, quantiles, real, scale)
    assert (one.series, one.mase, one.rmsse, one.coverage_80) == (1, 0.5, 0.5, 0.0)
    assert one.pinball == pytest.approx(0.5)  # seven quantiles in one place, half of them too low


def days(mean: int, steps: tuple[int, ...]) -> reading.DemandDay:
    return reading.DemandDay(
        mean_milli=mean, quantiles_milli=tuple(max(0, mean + step) for step in steps)
    )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 50_000), min_size=1, max_size=28),
    st.integers(0, 27),
    st.integers(0, 27),
)
def test_totals(means: list[int], first: int, length: int) -> None:
    steps = (-9000, -5000, -2000, 0, 2000, 5000, 9000)
    demand = reading.Demand(
        place="BJ01", sku="A", from_day="2026-11-30",
        days=tuple(days(mean, steps) for mean in means), forecast="f", model="m",
    )  # fmt: skip
    whole = reading.total(demand, first, first + length)
    part = means[first : first + length + 1]
    assert whole.mean_milli == sum(part)
    assert list(whole.quantiles_milli) == sorted(whole.quantiles_milli)
    assert min(whole.quantiles_milli) >= 0
    if len(part) > 1 and min(part) >= 9000:  # independent days swing by the root of their number
        assert whole.quantiles_milli[6] - whole.mean_milli == pytest.approx(
            9000 * len(part) ** 0.5, abs=2
        )


def test_series_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "daily.csv"
    first = datetime.date(2026, 1, 1)
    rows = [f"{first + datetime.timedelta(days=n)},x/a,{n % 3}" for n in range(100)]
    file.write_text("day,series,units\n" + "\n".join([*rows, "2026-04-09,y/late,5"]))
    found = forecast_data.read(file, 10)
    assert found.units.shape == (1, 100)  # what sold in the held-out days alone is not chosen
    assert found.units[0, :4].tolist() == [0, 1, 2, 0]
    file.write_text("day,units\n2026-01-01,3\n")
    with pytest.raises(InputError):
        forecast_data.read(file, 10)


def test_coverage_counts_part_of_a_mass() -> None:
    nothing = np.zeros((1, HORIZON, 7))
    nothing[:, :, 6] = 2.0
    zeros = np.zeros((1, HORIZON))
    assert scores.inside(nothing, zeros, 1, 5) == 1.0
    # zero was foretold with (0.9 + 0.975) / 2 of all chances; from 0.1 to 0.9 of them is within
    assert scores.covered(nothing, zeros, 0.8) == pytest.approx(0.8 / 0.9375)
    assert scores.covered(nothing, np.full((1, HORIZON), 9.0), 0.95) == 0.0
    spread = np.tile(np.array([1, 3, 5, 7, 9, 11, 13.0]), (1, HORIZON, 1))
    for value, is_within in ((2, False), (4, True), (8, True), (12, False), (20, False)):
        covered = scores.covered(spread, np.full((1, HORIZON), value), 0.8)
        assert covered == pytest.approx(float(is_within))
