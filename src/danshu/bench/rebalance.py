"""`danshu bench rebalance`: stock of 37 warehouses and 2,000 SKUs planned at once, then played.

The places are the demo merchant's, everything else is drawn from a seed: demand of provinces by
inhabitants, negative binomial with weeks and slow swings; stock near two weeks of demand, misplaced
by lognormal(-0.2, 0.9). The plan's gap is to its own Lagrangian bound. Then 20 seeds of 120 days:
ours against base-stock, naive beside them, under the same demand and the same suppliers' delays;
a figure and its ends are a mean of paired seeds with its 95 % interval. The floor is the shortest
program that moves stock: each SKU from whoever has most to whoever lacks most, without trucks'
prices, in the same run.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from danshu.bench.report import Number, Report, make_report, read_machine, read_rss_mb
from danshu.capabilities.network import demand, rebalance, simulate, trucks
from danshu.capabilities.network.model import SHIPPED
from danshu.hub.network_inputs import ROAD, distances
from danshu.testing import merchant

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from danshu.capabilities.network.rebalance import Problem
    from danshu.capabilities.network.simulate import Setting, Told

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SEED: Final = 20_261_130
SKUS: Final = 2_000
SIM_SKUS: Final = 100
SEEDS: Final = 20
DAYS: Final = 120
_BORDER: Final = ("71", "81", "82")
BUDGET: Final = {
    "solve_s": 60.0,
    "gap_percent": 10.0,
    "stockouts_vs_base_stock_percent_high": 0.0,
    "stock_vs_base_stock_percent_high": 0.0,
}


class Land(NamedTuple):
    """Warehouses and provinces, where they lie, and the provinces' shares of demand."""

    lng: Floats
    lat: Floats
    km: Floats  # [W, W]
    lead_days: Ints  # [W, W]
    share: Floats  # [R]
    near: Ints  # [R, reach]


def survey() -> Land:
    """Lay the demo merchant's places out."""
    sites = merchant.warehouses()
    lng = np.array([w.lng_udeg for w in sites]) / 1e6
    lat = np.array([w.lat_udeg for w in sites]) / 1e6
    asked = merchant.demand()
    found: dict[str, list[Any]] = {}
    for region in merchant.regions():
        if region.code.isdigit() and region.code[:2] not in _BORDER:
            found.setdefault(region.code[:2], []).append(region)
    codes = sorted(found)
    at = np.array(
        [
            (np.mean([r.lng_udeg for r in found[c]]), np.mean([r.lat_udeg for r in found[c]]))
            for c in codes
        ]
    ) / 1e6  # fmt: skip
    share = np.array([sum(asked.get(r.code, 0) for r in found[c]) for c in codes], np.float64)
    km = ROAD * distances(lng, lat, lng, lat)
    far = distances(at[:, 0], at[:, 1], lng, lat)
    near = np.argsort(far, axis=1, kind="stable")[:, : simulate.REACH]
    lead = 1 + np.ceil(km / SHIPPED.speed_km_day).astype(np.int64)
    return Land(lng, lat, km, lead, share / share.sum(), near.astype(np.int64))


def draw_goods(rng: np.random.Generator, skus: int) -> tuple[Floats, Floats, Ints]:
    """Draw units sold a day in the country, price in 分 and grams."""
    rate = rng.lognormal(4.3, 1.0, skus)
    price = np.rint(rng.lognormal(8.2, 0.8, skus))
    weight = np.clip(1_000 * rng.lognormal(-0.4, 0.8, skus), 100, 10_000).astype(np.int64)
    return rate, price, weight


def build_problem(land: Land, skus: int) -> Problem:
    """Build the network that is planned."""
    rng = np.random.default_rng(SEED)
    rate, price, weight = draw_goods(rng, skus)
    places = len(land.lng)
    share = rng.dirichlet(np.full(places, 3.0))
    day = rate[:, None] * share * rng.lognormal(0.0, 0.5, (skus, places))
    mean = np.repeat(day[:, :, None], 28, axis=2)
    sums = demand.sum_days(mean, np.sqrt(1.6 * mean + np.square(0.2 * mean)))
    free = np.floor(day * 14 * rng.lognormal(-0.2, 0.9, (skus, places))).astype(np.int64)
    return rebalance.Problem(
        sums=sums,
        free=free,
        spare=free,
        coming=np.zeros_like(free),
        lot=np.full(skus, SHIPPED.lot),
        weight_g=weight,
        short_fen=price * SHIPPED.short_share / 1_000,
        write_down_fen=price * SHIPPED.write_down_share / 1_000,
        lead_days=land.lead_days,
        km=land.km,
        open_lane=~np.eye(places, dtype=np.bool_),
        handling_fen=float(SHIPPED.handling_fen),
        trucks=SHIPPED.trucks,
        ml_per_g=float(SHIPPED.litres_per_kg),
        horizon_days=SHIPPED.horizon_days,
        aging_days=SHIPPED.aging_days,
    )


def plan(problem: Problem) -> dict[str, Number]:
    """Plan it: seconds, the gap, what it is worth."""
    # What is compiled is kept from then on; it is no part of a plan.
    rebalance.solve(cut(problem, 2), _quiet)
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    made = rebalance.solve(problem, _quiet)
    return {
        "solve_s": time.perf_counter() - wall_s,
        "solve_cpu_s": time.process_time() - cpu_s,
        "gap_percent": made.gap_percent,
        "worth_yuan": made.worth_fen / 100,
        "bound_yuan": made.bound_fen / 100,
        "moves": int((made.lots > 0).sum()),
        "trucks": int(made.truck_count.sum()),
        "truck_yuan": float(made.truck_fen.sum()) / 100,
    }


def _quiet(stage: str, share: float) -> None:
    del stage, share


def cut(problem: Problem, skus: int) -> Problem:
    """Give the problem of the first SKUs."""
    return problem._replace(
        sums=demand.Sums(problem.sums.mean[:skus], problem.sums.variance[:skus]),
        free=problem.free[:skus],
        spare=problem.spare[:skus],
        coming=problem.coming[:skus],
        lot=problem.lot[:skus],
        weight_g=problem.weight_g[:skus],
        short_fen=problem.short_fen[:skus],
        write_down_fen=problem.write_down_fen[:skus],
    )


def measure_floor(problem: Problem) -> dict[str, Number]:
    """Move greedily: from whoever has most days of demand to whoever has fewest, till all have what
    the horizon asks for; its worth by the same curves and trucks.
    """
    began_s = time.perf_counter()
    mean, _ = problem.sums.at(problem.horizon_days)
    lots = np.zeros((len(problem.lot), *problem.km.shape), np.int32)
    for s in range(len(problem.lot)):
        have = problem.free[s] // problem.lot[s]
        wanted = np.rint(mean[s] / problem.lot[s]).astype(np.int64)
        over, under = np.maximum(have - wanted, 0), np.maximum(wanted - have, 0)
        for j in np.argsort(-under, kind="stable").tolist():
            for i in np.argsort(-over, kind="stable").tolist():
                units = min(int(over[i]), int(under[j]), rebalance.LOTS)
                if units <= 0:
                    break
                lots[s, i, j] += units
                over[i] -= units
                under[j] -= units
    took_s = time.perf_counter() - began_s
    curves = rebalance.curve(problem)
    worth = price_greedy(problem, curves, lots)
    return {"solve_s": took_s, "worth_yuan": worth / 100}


def price_greedy(problem: Problem, curves: rebalance.Curves, lots: NDArray[np.int32]) -> float:
    """Give what moves are worth with trucks, those lots left out that the curves do not reach."""
    deep = rebalance.LOTS
    while True:
        over = (lots.sum(axis=1) > deep)[:, None, :] | (lots.sum(axis=2) > deep)[:, :, None]
        if not (over & (lots > 0)).any():
            break
        lots -= (over & (lots > 0)).astype(np.int32)
    weight = (problem.lot * problem.weight_g).astype(np.float64)
    load = np.einsum("s,sij->ij", weight, lots)
    cost, _, _ = trucks.choose(problem.trucks, problem.km, load, problem.ml_per_g)
    return rebalance.total(curves, lots) - float(cost.sum())


def build_setting(land: Land, skus: int) -> tuple[Setting, Ints]:
    """Build the network that is played, and its recorded demand [days, R, S]."""
    from scipy.special import ndtri

    rng = np.random.default_rng(SEED + 1)
    rate, price, weight = draw_goods(rng, skus)
    places = len(land.lng)
    days = simulate.WARM_DAYS + DAYS
    regions = len(land.share)
    base = rate * land.share[:, None] * rng.lognormal(0.0, 0.3, (regions, skus))
    week = 1.0 + 0.2 * np.sin(2 * np.pi * np.arange(days) / 7)
    swing = np.exp(0.5 * np.cumsum(rng.normal(0.0, 0.06, (days, regions, skus)), axis=0))
    mean = base * week[:, None, None] * swing
    asked = rng.poisson(mean * rng.gamma(2.0, 0.5, mean.shape)).astype(np.int64)
    setting = simulate.Setting(
        near=land.near,
        lead_days=land.lead_days,
        km=land.km,
        usable=np.ones(places, np.bool_),
        lot=np.full(skus, SHIPPED.lot),
        weight_g=weight,
        price_fen=price,
        short_fen=price * SHIPPED.short_share / 1_000,
        service_z=np.full(skus, float(ndtri(0.95))),
        supplier_days=np.full(places, SHIPPED.supplier_days),
        supplier_deviation=np.full(places, SHIPPED.supplier_deviation_days),
        review_days=SHIPPED.review_days,
        handling_fen=float(SHIPPED.handling_fen),
        holding_day=SHIPPED.holding_share / 1_000 / 365,
        trucks=SHIPPED.trucks,
        ml_per_g=float(SHIPPED.litres_per_kg),
        budget_fen=float("inf"),
    )
    return setting, asked


def play(land: Land, skus: int, seeds: int) -> dict[str, Number]:
    """Play 120 days under every policy and seed."""
    setting, asked = build_setting(land, skus)
    began_s = time.perf_counter()
    found = simulate.compare(
        setting, asked, range(1, seeds + 1), ("naive", "base_stock", "ours"), lambda done: None
    )
    ours, base, naive = found["ours"], found["base_stock"], found["naive"]
    figures: dict[str, Number] = {"play_s": time.perf_counter() - began_s, "seeds": seeds}
    pairs = {
        "stockouts_vs_base_stock_percent": _change(ours, base, "short"),
        "stock_vs_base_stock_percent": _change(ours, base, "stock"),
        "stockouts_vs_naive_percent": _change(ours, naive, "short"),
        "stock_vs_naive_percent": _change(ours, naive, "stock"),
        "cost_vs_base_stock_percent": simulate.interval(
            [100.0 * (_cost(a) / _cost(b) - 1.0) for a, b in zip(ours, base, strict=True)]
        ),
    }
    for name, told in pairs.items():
        figures |= {name: told.mean, f"{name}_low": told.low, f"{name}_high": told.high}
    for name, runs in found.items():
        rates = [100.0 * (1.0 - one.short / one.asked) for one in runs]
        figures[f"fill_{name}_percent"] = float(np.mean(rates))
    return figures


def _change(ours: list[Told], others: list[Told], name: str) -> simulate.Interval:
    pairs = zip(ours, others, strict=True)
    return simulate.interval(
        [100.0 * (getattr(a, name) / max(getattr(b, name), 1) - 1.0) for a, b in pairs]
    )


def _cost(one: Told) -> float:
    return one.move_fen + one.holding_fen + one.short_fen


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure `size` SKUs (2,000) planned, a twentieth of them (100) played on 20 seeds."""
    del seconds
    machine = read_machine()
    land = survey()
    skus = size or SKUS
    problem = build_problem(land, skus)
    figures = plan(problem)
    floor = measure_floor(problem)
    figures |= play(land, max(skus // (SKUS // SIM_SKUS), 2), SEEDS)
    figures["rss_mb"] = read_rss_mb()
    return make_report("rebalance", figures=figures, floor=floor, budget=BUDGET, machine=machine)
