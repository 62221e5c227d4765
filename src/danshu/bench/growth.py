"""`danshu bench growth`: does an order cost more when millions are stored?

The same load, 37 warehouses, all of the line but the workers (their log would first have to take in
millions of facts that nobody said), at 10,000, 300,000 and 3,000,000 stored orders. Floor: the same
load on the first thousand orders, in the same run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.bench import crowd, place
from danshu.bench import rig as rigs
from danshu.bench.load import Plan
from danshu.bench.report import Report, make_report

if TYPE_CHECKING:
    from danshu.bench.rig import Rig

STEPS: Final = (10_000, 300_000, 3_000_000)
RATE: Final = 2_000
SECONDS: Final = 10
BUDGET: Final = {"cpu_ratio_3m_to_10k": 1.3}


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure at 10,000 and 300,000 stored orders and at `size` (default 3,000,000)."""
    most = size or STEPS[-1]
    steps = sorted({*(s for s in STEPS if s < most), most})
    with rigs.open_rig(place.plenty(), workers=False) as rig:
        plan = Plan(
            host="127.0.0.1",
            port=rig.ports[0],
            key=rig.key,
            rate=RATE,
            seconds=seconds or SECONDS,
            regions=rigs.places(),
            skus=place.ambient(),
        )
        place.drive(rig, plan, "w", 500, 3)
        _, empty = place.drive(rig, plan, "z", RATE, seconds or SECONDS)
        figures: dict[str, Any] = {}
        costs = []
        stored = 0
        for step in steps:
            crowd.fill(rig.url, rig.tenant, stored, step, most)
            stored = step
            cost = _measure(rig, plan, f"g{step}x", figures, step)
            costs.append(cost)
        figures["cpu_ratio_3m_to_10k"] = round(costs[-1] / costs[0], 3)
        figures["stored"] = most
    return make_report(
        "growth",
        figures=figures,
        floor={"cpu_us_per_order": empty["all"]},
        ratio={"largest_to_empty": round(costs[-1] / empty["all"], 3)},
        budget=BUDGET,
    )


def _measure(rig: Rig, plan: Plan, prefix: str, figures: dict[str, Any], step: int) -> float:
    """Drive the load twice and keep the cheaper: a checkpoint of the filling may fall into one."""
    best: dict[str, float] = {}
    for turn in range(2):
        out, cpu = place.drive(rig, plan, f"{prefix}{turn}x", RATE, int(plan.seconds))
        if not best or cpu["all"] < best["all"]:
            best = cpu
            figures[f"p99_ms_{step}"] = out.p99_ms
    figures[f"cpu_us_per_order_{step}"] = best["all"]
    figures[f"database_us_{step}"] = best["database"]
    return best["all"]
