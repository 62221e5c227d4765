"""The whole decision of `bench route`: policy asked, prices in force, every scorer heard.

The policy is all templates that are shipped, as one set; every SKU has a price; S2 speaks of every
lane. A single order is measured from its view to its record: each of them five times, each time by
a policy that has met none of its contexts, and the least counts: its work, not the machine's other.
A group is measured from its orders to plans and votes, with contexts that were
met; its records by themselves, as in the other figures.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from danshu.bench.report import measure_least_cpu_us, measure_least_walls_us, percentile
from danshu.capabilities.routing.batch import Request, build_batch
from danshu.capabilities.routing.decide import decide_batch, route_batch, write_decisions
from danshu.capabilities.routing.panel import PARTS, SITUATIONS, Panel
from danshu.capabilities.routing.policy.engine import (
    Compiled,
    OrderView,
    PolicyEngine,
    view_order,
)
from danshu.capabilities.routing.policy.model import PolicySet
from danshu.capabilities.routing.policy.templates import shipped
from danshu.capabilities.routing.score import CLASSES
from danshu.capabilities.routing.scorers.vote import Budget, Votes, write_votes
from danshu.capabilities.routing.snapshot import Prices, Snapshot
from danshu.kernel.limits import GROUP_ORDERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from danshu.bench.report import Number
    from danshu.capabilities.routing.batch import Batch, Routed

BUDGET: Final = {"full_p99_us": 150.0, "full_batch_us_per_order": 8.0}
NOW_MS: Final = 1_780_000_000_000
_CHANNELS: Final = ("taobao", "jd", "pinduoduo", "douyin")


class Full(NamedTuple):
    """Snapshot with prices and panel, the policy on it, counters, the budget of escalations."""

    snapshot: Snapshot
    policy: PolicyEngine
    atp: NDArray[np.int32]
    capacity: NDArray[np.float64]
    budget: Budget


def build_full(
    snapshot: Snapshot, atp: NDArray[np.int32], capacity: NDArray[np.float64], seed: int
) -> Full:
    """Add prices, panel and policy to a snapshot."""
    rng = np.random.default_rng(seed)
    network = snapshot.network
    skus, warehouses = atp.shape
    prices = Prices(
        "bench",
        rng.integers(0, 80, (warehouses,)),
        tuple(f"SKU{row:05d}" for row in range(skus)),
        rng.integers(0, 300, (skus, warehouses)),
    )
    middle = (snapshot.tables.eta_min * rng.normal(1.0, 0.15, snapshot.tables.eta_min.shape)) + 60
    eta = np.stack([middle * 0.8, middle, middle * 1.3], axis=-1).astype(np.int16)
    panel = Panel(
        network.codes,
        network.regions,
        eta_min=np.broadcast_to(eta, (PARTS, SITUATIONS, *eta.shape)).copy(),
        radius_min=np.full((len(CLASSES), warehouses), 240, np.int64),
        cost_error_fen=400,
        limit_fen=20_000,
    )
    policy = PolicySet(graphs=tuple(graph for each in shipped() for graph in each.graphs))
    full = Snapshot(network, snapshot.signals, prices, snapshot.figures, policy.digest, panel=panel)
    return Full(full, PolicyEngine(Compiled(policy), full), atp, capacity, Budget())


def view(n: int, request: Request) -> OrderView:
    """An order as policies see it."""
    lines = [(line.qty, line.weight_g, line.storage) for line in request.lines]
    channel = _CHANNELS[n % len(_CHANNELS)]
    return view_order(channel, request.region, request.value_fen, request.promise_min, lines)


def decide_full(full: Full, requests: Sequence[Request], minute: int) -> object:
    """From the orders to the records, as the desk does it."""
    ruled = rule_all(full, requests)
    return decide_batch(full.snapshot, ruled, minute, full.atp, full.capacity, budget=full.budget)


def rule_all(full: Full, requests: Sequence[Request]) -> list[Request]:
    """Ask policy about each order."""
    return [
        Request(
            region=request.region,
            promise_min=request.promise_min,
            value_fen=request.value_fen,
            lines=request.lines,
            ruling=full.policy.rule(view(n, request), NOW_MS),
        )
        for n, request in enumerate(requests)
    ]


def _unmet(full: Full) -> Full:
    """The same with a policy that was asked nothing yet."""
    return full._replace(policy=PolicyEngine(Compiled(full.policy.compiled.policy), full.snapshot))


def vote_all(
    full: Full, ruled: Sequence[Request], minute: int
) -> tuple[Batch, Routed, list[Votes]]:
    """From ruled orders to plans and what every scorer says of them."""
    batch = build_batch(full.snapshot, ruled)
    routed = route_batch(full.snapshot, batch, minute, full.atp, full.capacity)
    return batch, routed, write_votes(full.snapshot, batch, minute, routed, full.budget)


def measure_full(
    full: Full, ones: list[Request], group: list[Request], minute: int, orders: int
) -> dict[str, Number]:
    """p50, p99 of single orders (least wall of each), CPU of a group for each of its orders."""
    walls = measure_least_walls_us(
        lambda: _unmet(full), ones[:orders], lambda each, one: decide_full(each, [one], minute)
    )
    ruled = rule_all(full, group)
    batch, routed, votes = vote_all(full, ruled, minute)
    works: dict[str, Callable[[], object]] = {
        "full_batch_us_per_order": lambda: vote_all(full, rule_all(full, group), minute),
        "full_record_us_per_order": partial(
            write_decisions, full.snapshot, ruled, minute, routed, "numba", votes
        ),
        "votes_us_per_order": partial(
            write_votes, full.snapshot, batch, minute, routed, full.budget
        ),
    }
    return {
        "full_p50_us": percentile(walls, 0.5),
        "full_p99_us": percentile(walls, 0.99),
        **{
            name: measure_least_cpu_us(work, times=10, rounds=60) / GROUP_ORDERS
            for name, work in works.items()
        },
    }
