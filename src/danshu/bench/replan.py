"""`danshu bench replan`: a million open orders over 37 warehouses, decided at once.

Single-line orders: proven, when the flow is OPTIMAL and the Lagrangian value at its prices is
within 0.01 %. Orders of 1 to 5 lines: the gap is to the plan's own printed bound, on normal and on
tight stock. The floor is the bare solver on ready arrays.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np

from danshu.bench import country
from danshu.bench.report import Number, Report, make_report, read_machine, read_rss_mb
from danshu.capabilities.routing.replan import flow
from danshu.capabilities.routing.replan.cells import count_cells, split_orders
from danshu.capabilities.routing.replan.solve import solve

if TYPE_CHECKING:
    from danshu.capabilities.routing.replan.cells import Problem
    from danshu.capabilities.routing.snapshot import Snapshot

SKUS: Final = 5_000
SINGLE: Final = 1_000_000
MULTI_SHARE: Final = 0.2  # of the single-line orders: 200,000
BUDGET: Final = {
    "single_1m_s": 60.0,
    "single_1m_gap_percent": 0.01,
    "multi_200k_s": 90.0,
    "multi_200k_gap_percent": 0.5,
    "multi_200k_tight_s": 90.0,
    "multi_200k_tight_gap_percent": 0.5,
    "rss_mb": 1_500.0,
}


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure `size` single-line orders (1,000,000) and a fifth as many of 1 to 5 lines."""
    del seconds
    machine = read_machine()
    count = size or SINGLE
    snapshot, problem = build(count, country.TIGHT, is_single=True)
    figures: dict[str, Number] = measure("single_1m", snapshot, problem)
    floor = measure_floor(snapshot, problem)
    del problem
    for name, tightness in (("multi_200k", country.NORMAL), ("multi_200k_tight", country.TIGHT)):
        snapshot, problem = build(int(count * MULTI_SHARE), tightness, is_single=False)
        figures |= measure(name, snapshot, problem)
        del problem
    figures["rss_mb"] = read_rss_mb()
    return make_report("replan", figures=figures, floor=floor, budget=BUDGET, machine=machine)


def build(
    count: int, tightness: tuple[float, float], *, is_single: bool
) -> tuple[Snapshot, Problem]:
    """Build an instance from the seed."""
    rng = np.random.default_rng(country.SEED)
    here = country.build(SKUS, rng)
    orders = country.draw_orders(here, count, rng, is_single=is_single)
    return here.snapshot, country.build_problem(here, orders, rng, tightness)


def measure(name: str, snapshot: Snapshot, problem: Problem) -> dict[str, Number]:
    """Plan an instance: wall and CPU seconds, the gap to its own bound, lines left behind."""
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    plan = solve(snapshot, problem)
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    # What a plan proves is 0; the bound of a proven one differs by rounding alone.
    gap = 0.0 if plan.is_proven else plan.gap_percent
    return {
        f"{name}_s": wall_s,
        f"{name}_cpu_s": cpu_s,
        f"{name}_gap_percent": gap,
        f"{name}_cost_yuan": plan.cost_fen / 100,
        f"{name}_left_lines": int((plan.warehouse < 0).sum()),
    }


def measure_floor(snapshot: Snapshot, problem: Problem) -> dict[str, Number]:
    """Time the bare min-cost flow on ready arrays."""
    units, _ = split_orders(problem)
    graph = flow.build_graph(count_cells(snapshot, problem, units), problem.atp, problem.capacity)
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    flow.solve(graph)
    return {
        "single_1m_s": time.perf_counter() - wall_s,
        "single_1m_cpu_s": time.process_time() - cpu_s,
    }
