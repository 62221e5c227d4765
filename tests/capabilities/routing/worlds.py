"""Small seeded worlds: networks, stock and orders that reach every branch of a decision."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from danshu.capabilities.routing.batch import Batch, Request, RequestLine
from danshu.capabilities.routing.model import Lane, Region
from danshu.capabilities.routing.network import Network, Site, build_network
from danshu.capabilities.routing.ruling import Ruling
from danshu.capabilities.routing.signals import Signals
from danshu.capabilities.routing.snapshot import Prices, Snapshot


class World(NamedTuple):
    """A snapshot and live counters."""

    snapshot: Snapshot
    atp: np.ndarray
    capacity: np.ndarray
    rng: np.random.Generator

    def counters(self) -> tuple[np.ndarray, np.ndarray]:
        return self.atp.copy(), self.capacity.copy()


def make_network(
    seed: int = 1, warehouses: int = 37, regions: int = 40, closed: float = 0.1
) -> Network:
    rng = np.random.default_rng(seed)
    sites = [
        Site(
            f"W{w:02d}",
            int(rng.choice([1, 3, 7, 15, 31])),
            int(rng.integers(10, 40)),
            int(rng.choice([600, 960, 1080, 1440])),
            int(rng.integers(100, 300)),
        )
        for w in range(warehouses)
    ]
    places = [Region(code=str(110100 + 100 * r), name=f"地区{r}") for r in range(regions)]
    here, there = rng.uniform(0, 3000, (warehouses, 2)), rng.uniform(0, 3000, (regions, 2))
    lanes = []
    for r, w in np.ndindex(regions, warehouses):
        km = float(np.hypot(*(here[w] - there[r])))
        if rng.random() >= closed:
            lanes.append(
                Lane(
                    warehouse=sites[w].code,
                    region=places[r].code,
                    transit_min=int(120 + km / 0.75),
                    sd_min=int(km * 0.1),
                    first_kg_fen=int(350 + 0.12 * km),
                    extra_kg_fen=int(60 + 0.16 * km),
                )
            )
    return build_network(sites, places, lanes)


def make_world(
    seed: int = 1,
    warehouses: int = 37,
    regions: int = 40,
    skus: int = 60,
    density: float = 0.4,
    priced: bool = False,
    signals: Signals | None = None,
    units: int = 6,
) -> World:
    """Scarce stock and scarce capacity, so that a batch runs out of both."""
    rng = np.random.default_rng(seed)
    network = make_network(seed, warehouses, regions)
    prices = None
    if priced:
        prices = Prices(
            "p1",
            rng.integers(0, 80, warehouses),
            tuple(f"S{s}" for s in range(0, skus, 2)),
            rng.integers(0, 300, ((skus + 1) // 2, warehouses)),
        )
    snapshot = Snapshot(network, signals or Signals(0, {}), prices)
    stocked = rng.random((skus, warehouses)) < density
    atp = np.where(stocked, rng.integers(1, units + 1, (skus, warehouses)), 0).astype(np.int32)
    return World(snapshot, atp, network.capacity_units(), rng)


def make_requests(
    world: World, count: int, lines: tuple[int, int] = (1, 5), twins: float = 0.15
) -> list[Request]:
    """Random orders; some ask one SKU on several lines, name unknown regions or SKUs."""
    rng, skus = world.rng, len(world.atp)
    regions = world.snapshot.network.regions
    requests = []
    for _ in range(count):
        size = int(rng.integers(lines[0], lines[1] + 1))
        pool = skus if rng.random() >= twins else max(size // 2, 1)
        rows = [int(rng.integers(pool)) for _ in range(size)]
        if rng.random() < 0.02:
            rows[0] = -1
        requests.append(
            Request(
                region="000000" if rng.random() < 0.01 else str(rng.choice(regions)),
                promise_min=int(rng.choice([-1, 0, 300, 720, 1440, 2880])),
                value_fen=int(rng.integers(0, 400_000)),
                lines=tuple(
                    RequestLine(
                        f"S{row}",
                        row,
                        int(rng.integers(1, 4)),
                        int(rng.choice([0, 120, 999, 1000, 1001, 2500, 30_000])),
                        int(rng.choice([1, 1, 1, 1, 2, 4, 8, 16, 10])),
                    )
                    for row in rows
                ),
            )
        )
    return requests


def make_rulings(world: World, count: int) -> list[Ruling | None]:
    """Random rulings, few different ones; some orders have none."""
    rng, codes = world.rng, world.snapshot.network.codes
    some: list[Ruling | None] = [None]
    for _ in range(12):
        forbidden = rng.choice(codes, int(rng.integers(0, len(codes) // 2 + 1)), replace=False)
        preferred = rng.choice(codes, int(rng.integers(0, 4)), replace=False)
        some.append(
            Ruling(
                policy="p",
                forbid=tuple(map(str, forbidden)),
                prefer=tuple((str(code), int(rng.integers(-900, 900))) for code in preferred),
                parcels_max=int(rng.integers(0, 4)),
            )
        )
    return [some[int(rng.integers(len(some)))] for _ in range(count)]


def slice_batch(batch: Batch, first: int, last: int) -> Batch:
    """Orders first to last of a batch, as a batch."""
    a, b = batch.line_start[first], batch.line_start[last]
    of_orders = ("region", "promise_min", "value_fen", "shut", "favour", "parcels_max")
    of_lines = ("sku", "qty", "weight_g", "storage", "price_row")
    return batch._replace(
        line_start=(batch.line_start[first : last + 1] - a).astype(np.int32),
        **{name: getattr(batch, name)[first:last].copy() for name in of_orders},
        **{name: getattr(batch, name)[a:b].copy() for name in of_lines},
    )
