"""The simulated network: the same chance is the same run, and policies differ rightly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from danshu.capabilities.network import days, simulate
from danshu.capabilities.network.model import SHIPPED

PLACES, SKUS, DAYS = 4, 6, 56


def build(**changes: Any) -> tuple[simulate.Setting, np.ndarray]:
    rng = np.random.default_rng(2)
    km = 400.0 * np.abs(np.arange(PLACES)[:, None] - np.arange(PLACES))
    made = simulate.Setting(
        near=np.array([[0, 1, 2], [1, 0, 2], [2, 1, 3], [3, 2, 1]]),
        lead_days=1 + (km // 600).astype(np.int64),
        km=km,
        usable=np.ones(PLACES, np.bool_),
        lot=np.full(SKUS, 6),
        weight_g=np.full(SKUS, 500),
        price_fen=np.full(SKUS, 8_000.0),
        short_fen=np.full(SKUS, 2_000.0),
        service_z=np.full(SKUS, 1.2),
        supplier_days=np.full(PLACES, 8),
        supplier_deviation=np.full(PLACES, 3),
        review_days=7,
        handling_fen=20.0,
        holding_day=0.2 / 365,
        trucks=SHIPPED.trucks,
        ml_per_g=4.0,
        budget_fen=float("inf"),
    )._replace(**changes)
    rates = rng.uniform(10, 60, (PLACES, SKUS))
    swing = np.exp(np.cumsum(rng.normal(0, 0.04, (simulate.WARM_DAYS + DAYS, PLACES, SKUS)), 0))
    return made, rng.poisson(rates * swing).astype(np.int64)


def test_a_day_is_served_from_the_nearest_that_has_it() -> None:
    stock = np.array([[5, 2, 9]])
    counted, missed = np.zeros((1, 3), np.int64), np.zeros(1, np.int64)
    asked = np.array([[9], [1]])
    near = np.array([[0, 1, -1], [1, 2, -1]])
    lost = days.serve(stock, asked, near, counted, missed)
    assert lost == 2  # five here, two next door, and the third is out of reach
    assert stock.tolist() == [[0, 0, 8]]
    assert missed[0] == 4 + 1
    assert counted.tolist() == [[9, 1, 0]]


def test_the_same_chance_gives_the_same_run_and_the_record_is_seed_0() -> None:
    setting, asked = build()
    assert (simulate.draw(setting, asked, 0).asked == asked).all()
    other = simulate.draw(setting, asked, 7)
    assert (other.asked != asked).any()
    assert (simulate.draw(setting, asked, 7).asked == other.asked).all()
    more = simulate.draw(setting, asked, 0, np.array([1.5, 1.0, 1.0, 1.0]))
    ratio = more.asked[:, 0].sum() / asked[:, 0].sum()
    assert ratio == pytest.approx(1.5, rel=0.01)
    first, second = (simulate.run(setting, other, "ours") for _ in range(2))
    assert first.short == second.short
    assert (first.by_day == second.by_day).all()


def test_ours_is_short_of_less_at_no_more_stock() -> None:
    setting, asked = build()
    found = simulate.compare(setting, asked, range(1, 7), ("base_stock", "ours"), lambda n: None)
    short, stock = (
        simulate.interval(
            [
                getattr(a, f) / getattr(b, f)
                for a, b in zip(found["ours"], found["base_stock"], strict=True)
            ]
        )
        for f in ("short", "stock")
    )
    assert short.high < 1.0
    assert stock.mean < 1.02
    assert all(one.moved == 0 for one in found["base_stock"])
    assert any(one.moved > 0 for one in found["ours"])
    for runs in found.values():
        for one in runs:
            assert one.asked >= one.short >= one.lost >= 0
            assert one.by_day.sum() == one.short


def test_no_budget_moves_nothing_and_a_closed_warehouse_serves_nobody() -> None:
    setting, asked = build(budget_fen=0.0)
    chance = simulate.draw(setting, asked, 1)
    told = simulate.run(setting, chance, "ours")
    assert (told.moved, told.move_fen) == (0, 0.0)
    usable = np.array([False, True, True, True])
    near = np.array([[1, 2, -1], [1, 2, -1], [2, 1, 3], [3, 2, 1]])
    closed, _ = build(usable=usable, near=near)
    shut = simulate.Network(closed, chance)
    assert not shut.levels(simulate.WARM_DAYS)[:, 0].any()
    assert not shut.share_levels(simulate.WARM_DAYS)[:, 0].any()
    assert shut.past[:, :, 0].sum() == 0


def test_the_past_receives_what_it_received() -> None:
    setting, asked = build()
    chance = simulate.draw(setting, asked, 0)
    none = np.zeros((DAYS, SKUS, PLACES), np.int64)
    poor = simulate.run(setting, chance, "past", none)
    rich = simulate.run(setting, chance, "past", none + 100)
    assert poor.short > 0 == rich.lost
    assert rich.stock > poor.stock


def test_an_interval_holds_its_mean() -> None:
    told = simulate.interval([1.0, 2.0, 3.0])
    assert told.mean == 2.0
    assert told.high - told.mean == pytest.approx(4.303 * 1.0 / 3**0.5, rel=1e-3)
    assert simulate.interval([5.0]) == (5.0, 5.0, 5.0)
