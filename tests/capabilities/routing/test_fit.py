"""Learning from deliveries whose truth is known: the truth comes back, the held-out days judge."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from danshu.capabilities.routing.panel import PART_MIN, SITUATIONS, Panel
from danshu.capabilities.routing.score import Coefficients
from danshu.capabilities.routing.scorers import eta, fit, seating
from danshu.capabilities.routing.scorers.history import Parcel, gather
from danshu.capabilities.routing.snapshot import Snapshot
from danshu.kernel.errors import InputError
from danshu.testing.deliveries import TRUTH, Delivered, deliver
from tests.capabilities.routing.worlds import make_world

START = Coefficients()


def test_the_estimate_is_that_of_the_engines_tables() -> None:
    done = deliver(2, parcels=400, days=1)
    world = make_world(seed=2)
    for snapshot in (world.snapshot,):
        network, tables = snapshot.network, snapshot.tables
        parcels = [
            Parcel(0, 650, network.regions[r], network.codes[w], 0, -1, 0, 0, 60)
            for r, w in np.argwhere(network.lane_open)
        ]
        seen = gather(network, [(snapshot, parcels)], START.same_city_min)
        found, spread = fit.estimate(seen, START)
        wait = np.where(network.cutoff_min <= 650, 1_440 - 650 + 480, 30)
        r, w = seen.region, seen.warehouse
        np.testing.assert_allclose(found, tables.eta_min[r, w] + wait[w], rtol=1e-12)
        np.testing.assert_allclose(spread, tables.sd_min[r, w], rtol=1e-12)
    assert done.history.parcels == 400


def test_the_truth_comes_back_and_is_used_only_because_it_is_better() -> None:
    done = deliver(1, parcels=4_000)
    told = fit.propose(done.history, START, "learned-1")
    figures = told.figures
    for name, tolerance in (
        ("weather_slow", 0.03),
        ("road_slow", 0.06),
        ("agv_base", 0.05),
        ("wave_wait_min", 12),
        ("sd_equipment", 0.5),
        ("sd_saturation_min", 180.0),
    ):
        assert getattr(figures, name) == pytest.approx(getattr(TRUTH, name), abs=tolerance), name
    assert told.passed
    assert told.after.eta_mae_min < told.before.eta_mae_min
    assert told.after.brier_ppm < told.before.brier_ppm
    assert told.after.cost_error_fen < told.before.cost_error_fen
    # money, hard limits and what nothing was learned about stay as they were
    assert (figures.late_fen, figures.labour_closed) == (START.late_fen, START.labour_closed)
    assert figures.sd_transit == START.sd_transit
    assert "sd_transit" not in told.learned
    # held against the truth itself, nothing is left to gain
    again = fit.propose(done.history, figures, "learned-2")
    assert not again.passed


def test_a_history_of_the_figures_in_use_is_no_reason_to_change_them() -> None:
    done = deliver(3, parcels=1_500, truth=START)
    assert not fit.propose(done.history, START, "x").passed


def test_without_variation_nothing_is_learned() -> None:
    done = deliver(4, parcels=800)
    flat = done.history._replace(
        road=np.zeros(800), agv=np.full(800, 0.7), weather_from=np.zeros(800),
        weather_to=np.zeros(800),
    )  # fmt: skip
    figures, learned = fit.learn(flat, START)
    assert {"road_slow", "agv_base", "weather_slow"}.isdisjoint(learned)
    assert (figures.road_slow, figures.agv_base) == (START.road_slow, START.agv_base)


def test_too_little_history_is_refused() -> None:
    few = deliver(1, parcels=100)
    with pytest.raises(InputError):
        fit.propose(few.history, START, "x")
    one_day = deliver(1, parcels=600, days=1)
    with pytest.raises(InputError):
        fit.propose(one_day.history, START, "x")
    assert seating.seat(few.history, few.network, START, "x").panel.absent == "too_few"


@pytest.fixture(scope="module")
def biased() -> tuple[Delivered, seating.Seated]:
    done = deliver(5, parcels=4_000, bias_min=300.0, unrest=0.1)
    return done, seating.seat(done.history, done.network, TRUTH, "v1")


def test_s2_learns_what_no_formula_knows(biased: tuple[Delivered, seating.Seated]) -> None:
    done, seated = biased
    assert seated.panel.absent == ""
    assert seated.panel.eta_min is not None
    assert seated.second_mae_min < seated.first_mae_min
    tables = seated.panel.eta_min
    assert tables.shape[1] == SITUATIONS
    assert (tables[..., 0] <= tables[..., 1]).all()
    assert (tables[..., 1] <= tables[..., 2]).all()
    # warehouses that are slower than the formula says are slower in the tables, too
    formula = np.array([done.network.transit_min[:, w].mean() for w in range(8)])
    learned = tables[5, 0, :, :, 1].mean(axis=0) - formula
    assert np.corrcoef(learned, done.biased)[0, 1] > 0.9


def test_the_radius_covers_deliveries_that_come_later(
    biased: tuple[Delivered, seating.Seated],
) -> None:
    done, seated = biased
    fresh = deliver(5, parcels=6_000, days=30, bias_min=300.0, unrest=0.1)
    assert np.allclose(fresh.network.transit_min, done.network.transit_min)
    later = fresh.history
    part = later.minute // PART_MIN
    assert seated.panel.eta_min is not None
    told = seated.panel.eta_min[part, later.situation, later.region, later.warehouse, 1]
    radius = seated.panel.radius_min[later.storage, later.warehouse]
    drift = fresh.biased[later.warehouse] - done.biased[later.warehouse]
    missed = np.abs(later.taken_min - drift - told)
    assert (missed <= radius).mean() >= 0.87


def test_the_limit_keeps_thin_margins_within_the_budget(
    biased: tuple[Delivered, seating.Seated],
) -> None:
    done, _ = biased
    missed, limit = seating.tune(done.history, TRUTH, permille=5)
    odds = np.rint(fit.lateness(done.history, TRUTH) * 1000)
    odds[~np.isfinite(done.history.promise_min)] = 0
    at_risk = done.history.value_fen * odds.astype(np.int64) // 1000
    would = (done.history.margin_fen < missed) & (at_risk > limit)
    assert missed > 0
    assert 0 < would.sum() <= done.history.parcels * 5 // 1000


def test_without_the_extra_s2_is_absent_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(InputError, match=r"pip install 'danshu\[forecast\]'"):
        eta.load_engine()
    done = deliver(6, parcels=600)
    seated = seating.seat(done.history, done.network, TRUTH, "v1")
    assert (seated.panel.absent, seated.panel.eta_min) == ("no_extra", None)
    assert seated.panel.cost_error_fen > 0  # what needs no model is measured all the same


def test_equal_histories_give_equal_panels() -> None:
    done = deliver(7, parcels=1_500, unrest=0.1, bias_min=300.0)
    one = seating.seat(done.history, done.network, TRUTH, "v1").panel
    two = seating.seat(done.history, done.network, TRUTH, "v1").panel
    assert one.digest == two.digest
    assert one.eta_min is not None


def test_nonsense_is_worse_and_stays_out() -> None:
    done = deliver(8, parcels=800)
    rng = np.random.default_rng(1)
    half = np.unique(done.history.day)[16]
    wild = np.where(
        done.history.day < half, rng.integers(5_000, 20_000, 800), done.history.taken_min
    )
    poisoned = done.history._replace(taken_min=wild)
    panel: Panel = seating.seat(poisoned, done.network, TRUTH, "v1").panel
    assert (panel.absent, panel.eta_min) == ("worse", None)


def test_what_the_network_no_longer_knows_is_left_out() -> None:
    done = deliver(1, parcels=40, days=1)
    snapshot = Snapshot(done.network, make_world().snapshot.signals)
    parcel = Parcel(0, 0, "999999", "WH00", 0, -1, 0, 0, 60)
    gone = parcel._replace(region=done.network.regions[0], warehouse="X")
    assert gather(done.network, [(snapshot, [parcel, gone])], 360).parcels == 0
