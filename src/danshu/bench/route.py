"""`danshu bench route`: what one decision over 37 warehouses and 17 variables costs."""

from __future__ import annotations

from functools import partial
from itertools import cycle, islice
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numba import njit

from danshu.bench import route_full
from danshu.bench.report import (
    Number,
    Report,
    keeps,
    make_report,
    measure_least_cpu_us,
    measure_least_walls_us,
    measure_walls_us,
    percentile,
    read_machine,
    without_garbage_collection,
)
from danshu.capabilities.routing.batch import (
    Batch,
    Request,
    RequestLine,
    Routed,
    build_batch,
)
from danshu.capabilities.routing.decide import (
    decide_batch,
    find_engine,
    replay,
    route_batch,
    write_decisions,
)
from danshu.capabilities.routing.model import Lane, Region
from danshu.capabilities.routing.network import Site, build_network
from danshu.capabilities.routing.signals import resolve
from danshu.capabilities.routing.snapshot import Snapshot
from danshu.kernel.canonical import encode_struct
from danshu.kernel.limits import GROUP_ORDERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Stock = NDArray[np.int32]
    Floats = NDArray[np.float64]

SEED: Final = 20_260_601
WAREHOUSES: Final = 37
REGIONS: Final = 340
SKUS: Final = 2_000
VARIABLES: Final = 17
MINUTE: Final = 600
ORDERS: Final = 20_000
SECONDS: Final = 40
EQUAL_ORDERS: Final = 2_000
_LINE_SHARES: Final = (0.52, 0.22, 0.13, 0.08, 0.05)  # of orders with 1 to 5 lines, 1.9 on average
BUDGET: Final = {
    "p99_us": 50.0,
    "batch_us_per_order": 2.0,
    "split5_us": 1_000.0,
    **route_full.BUDGET,
}


class World(NamedTuple):
    """A synthetic country: snapshot, stock of 45 % of all (SKU, warehouse), plenty of capacity."""

    snapshot: Snapshot
    atp: Stock
    capacity: Floats
    rng: np.random.Generator


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure; `size` single decisions (20,000), about `seconds` (40) in all."""
    machine = read_machine()
    share_s = (seconds or SECONDS) / 8
    orders = size or ORDERS
    world = build_world()
    find_engine("numba")
    figures: dict[str, Number] = {}
    with without_garbage_collection():
        figures |= measure_single(world, orders, share_s)
        figures |= measure_groups(world)
        figures |= measure_splits(min(max(orders // 20, 100), 1_000))
        figures |= measure_whole(world, orders)
        figures["equal"] = count_equal(EQUAL_ORDERS)
        figures["replayed_equal"] = count_replayed(world)
        floor = measure_floor(world, orders, share_s)
    return make_report(
        "route",
        figures=figures,
        floor=floor,
        budget=BUDGET,
        met=keeps(figures, BUDGET) and figures["equal"] == EQUAL_ORDERS,
        machine=machine,
    )


def build_world(density: float = 0.45, units: int = 1_000_000) -> World:
    """Build the instance from its seed."""
    rng = np.random.default_rng(SEED)
    here, there = rng.uniform(0, 3_000, (WAREHOUSES, 2)), rng.uniform(0, 3_000, (REGIONS, 2))
    sites = [
        Site(f"WH{w:02d}", 31 if w % 3 else 7, 20_000, int(rng.choice([960, 1_080, 1_440])))
        for w in range(WAREHOUSES)
    ]
    regions = [Region(code=f"{110_100 + r * 100}", name=f"R{r}") for r in range(REGIONS)]
    lanes = []
    for r, w in np.ndindex(REGIONS, WAREHOUSES):
        km = 1.3 * float(np.hypot(*(here[w] - there[r])))
        lanes.append(
            Lane(
                warehouse=sites[w].code,
                region=regions[r].code,
                transit_min=int(600 + km / 45 * 60),
                sd_min=int(60 + km * 0.1),
                first_kg_fen=int(350 + 0.12 * km),
                extra_kg_fen=int(60 + 0.16 * km),
            )
        )
    network = build_network(sites, regions, lanes)
    snapshot = Snapshot(network, resolve([], network, 1_780_000_000_000))
    stocked = rng.random((SKUS, WAREHOUSES)) < density
    atp = np.where(stocked, units, 0).astype(np.int32)
    return World(snapshot, atp, np.full(WAREHOUSES, 1e12), rng)


def make_requests(world: World, count: int, lines: int = 0) -> list[Request]:
    """Random orders of `lines` lines, or of 1 to 5 by their shares."""
    rng, regions = world.rng, world.snapshot.network.regions
    sizes = [lines] * count if lines else rng.choice(5, count, p=_LINE_SHARES) + 1
    return [
        Request(
            region=regions[int(rng.integers(REGIONS))],
            promise_min=int(rng.choice([-1, 1_440, 2_880, 4_320])),
            value_fen=int(rng.integers(1_000, 100_000)),
            lines=tuple(
                RequestLine(
                    f"SKU{row:05d}",
                    int(row),
                    int(rng.integers(1, 4)),
                    int(min(max(rng.lognormal(-0.4, 0.8), 0.1), 10) * 1_000),
                    int(rng.choice([1, 1, 1, 2, 4, 8])),
                )
                for row in rng.choice(SKUS, int(size), replace=False)
            ),
        )
        for size in sizes
    ]


def route_one(world: World, batch: Batch, engine: str = "numba") -> Routed:
    """The product's own call with ready arrays."""
    return route_batch(world.snapshot, batch, MINUTE, world.atp, world.capacity, engine)


def decide_some(world: World, requests: list[Request]) -> object:
    """The product's own call from requests to records."""
    return decide_batch(world.snapshot, requests, MINUTE, world.atp, world.capacity)


def measure_single(world: World, orders: int, share_s: float) -> dict[str, Number]:
    """One single-line order at a time: ready arrays, with the record, and in plain Python."""
    requests = make_requests(world, min(orders, 2_000), lines=1)
    batches = [build_batch(world.snapshot, [request]) for request in requests]
    works: dict[str, list[Callable[[], object]]] = {
        "": [partial(route_one, world, batch) for batch in batches],
        "decide_": [partial(decide_some, world, [request]) for request in requests],
        "python_": [partial(route_one, world, batch, "python") for batch in batches],
    }
    figures: dict[str, Number] = {}
    for prefix, calls in works.items():
        measure_walls_us(calls[:100], share_s)
        walls = measure_walls_us(list(islice(cycle(calls), orders)), share_s)
        for name, share in (("p50_us", 0.5), ("p99_us", 0.99), ("p999_us", 0.999)):
            figures[prefix + name] = percentile(walls, share)
    return figures


def measure_groups(world: World) -> dict[str, Number]:
    """CPU of a group of 256: arrays in, arrays out; then requests to arrays, arrays to records."""
    figures: dict[str, Number] = {}
    for name, lines in (("batch", 0), ("batch_one_line", 1), ("batch_three_lines", 3)):
        batch = build_batch(world.snapshot, make_requests(world, GROUP_ORDERS, lines))
        figures[f"{name}_us_per_order"] = per_order(partial(route_one, world, batch))
    requests = make_requests(world, GROUP_ORDERS, 3)
    batch = build_batch(world.snapshot, requests)
    routed = route_one(world, batch)
    build = partial(build_batch, world.snapshot, requests)
    write = partial(write_decisions, world.snapshot, requests, MINUTE, routed, "numba")
    figures["build_us_per_order"] = per_order(build)
    figures["record_us_per_order"] = per_order(write)
    return figures


def measure_whole(world: World, orders: int) -> dict[str, Number]:
    """The same with policy, prices and every scorer (route_full)."""
    full = route_full.build_full(world.snapshot, world.atp, world.capacity, SEED)
    ones = make_requests(world, min(orders, 2_000), 1)
    group = make_requests(world, GROUP_ORDERS)
    return route_full.measure_full(full, ones, group, MINUTE, orders)


def per_order(work: Callable[[], object]) -> float:
    """CPU of `work` for each order of a group."""
    work()
    return measure_least_cpu_us(work, times=20, rounds=60) / GROUP_ORDERS


def measure_splits(orders: int) -> dict[str, Number]:
    """p99 over orders of 5, of 8 and of 40 lines where stock is scarce, so that plans split.

    Each order is decided five times and its least time counts: its work, not the machine's other.
    """
    world = build_world(density=0.1)
    figures: dict[str, Number] = {}
    for lines in (5, 8, 40):
        requests = make_requests(world, orders, lines)
        batches = [build_batch(world.snapshot, [request]) for request in requests]
        least = [measure_walls_us([partial(route_one, world, each)] * 5, 1)[0] for each in batches]
        figures[f"split{lines}_us"] = percentile(sorted(least), 0.99)
        if lines == 5:
            parts = np.concatenate([route_one(world, batch).parts_fen for batch in batches])
            figures["split5_share"] = float((parts[:, 5] > 0).mean())
    return figures


def count_equal(orders: int) -> int:
    """Orders of which both engines say the same in every respect, stock running out on the way."""
    world = build_world(density=0.4, units=2)
    batch = build_batch(world.snapshot, make_requests(world, orders))
    outs = []
    for engine in ("numba", "python"):
        atp, capacity = world.atp.copy(), np.full(WAREHOUSES, orders / WAREHOUSES)
        outs.append(route_batch(world.snapshot, batch, MINUTE, atp, capacity, engine))
    ours, theirs = outs
    equal = (ours.parts_fen == theirs.parts_fen).all(axis=1)
    equal &= (ours.totals_fen == theirs.totals_fen).all(axis=1)
    equal &= ours.room == theirs.room
    lines = (ours.warehouse == theirs.warehouse).all(axis=0) & (ours.can == theirs.can)
    equal &= np.logical_and.reduceat(lines, batch.line_start[:-1])
    return int(equal.sum())


def count_replayed(world: World) -> int:
    """Of 256 records, those that replay to the same bytes."""
    requests = make_requests(world, GROUP_ORDERS)
    decided = decide_batch(world.snapshot, requests, MINUTE, world.atp, world.capacity)
    return sum(
        encode_struct(replay(decision, world.snapshot)) == encode_struct(decision)
        for decision in decided.decisions
    )


def _find_least(values: Floats, weights: Floats, closed: NDArray[np.uint8]) -> int:
    """The floor of one decision: a weighted sum of 17 variables at 37 warehouses, masked argmin."""
    best, least = -1, np.inf
    for w in range(values.shape[1]):
        if closed[w]:
            continue
        total = 0.0
        for variable in range(values.shape[0]):
            total += weights[variable] * values[variable, w]
        if total < least:
            best, least = w, total
    return best


find_least: Final[Callable[[Floats, Floats, NDArray[np.uint8]], int]] = njit(_find_least)


def measure_floor(world: World, orders: int, share_s: float) -> dict[str, Number]:
    """The shortest honest programs over as many numbers: one argmin in numba, a group in numpy."""
    rng, tables = world.rng, world.snapshot.tables
    weights = rng.random(VARIABLES)
    works = [
        partial(
            find_least,
            rng.random((VARIABLES, WAREHOUSES)),
            weights,
            (rng.random(WAREHOUSES) < 0.5).astype(np.uint8),
        )
        for _ in range(500)
    ]
    works[0]()
    walls = measure_walls_us(list(islice(cycle(works), orders)), share_s)
    least = measure_least_walls_us(lambda: None, works, lambda _, work: work())
    batch = build_batch(world.snapshot, make_requests(world, GROUP_ORDERS, 1))
    kg = np.maximum(batch.weight_g * batch.qty - 1, 0) // 1_000

    def argmin() -> object:
        cost = tables.fixed_fen[batch.region] + tables.extra_fen[batch.region] * kg[:, None]
        cost[world.atp[batch.sku] < batch.qty[:, None]] = 1 << 50
        return cost.argmin(axis=1)

    return {
        "p50_us": percentile(walls, 0.5),
        "p99_us": percentile(walls, 0.99),
        "full_p50_us": percentile(least, 0.5),
        "full_p99_us": percentile(least, 0.99),
        "batch_one_line_us_per_order": per_order(argmin),
    }
