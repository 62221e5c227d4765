"""A day of orders over 37 real warehouses and 340 real regions, from a seed.

Places, tariffs and transit times are the demo merchant's; goods, stock and orders are invented:
demand by inhabitants and Zipf(1.0) over SKUs, each SKU stocked in a random part of the warehouses,
near the demand but misallocated by lognormal(0, 0.8), weights lognormal(-0.4, 0.8) kg. Stock is
`tight` x demand, work `work_tight` x what the orders need.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from danshu.capabilities.routing.network import Network, Site, build_network
from danshu.capabilities.routing.replan.cells import Orders, Problem
from danshu.capabilities.routing.ruling import FREE
from danshu.capabilities.routing.signals import resolve
from danshu.capabilities.routing.snapshot import Prices, Snapshot
from danshu.testing import merchant

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SEED: Final = 20_260_601
NOW_MS: Final = 1_780_000_000_000
MINUTE: Final = 600
REGIONS: Final = 340
PROMISE_MIN: Final = 2_880.0
VALUE_FEN: Final = 10_000
LINE_SHARES: Final = (0.52, 0.22, 0.13, 0.08, 0.05)  # orders with 1 to 5 lines, 1.9 on average
NORMAL: Final = (1.3, 1.5)
TIGHT: Final = (1.12, 1.10)
_BORDER: Final = ("71", "81", "82")


class Country(NamedTuple):
    """Snapshot without prices, shares of regions and SKUs in the demand, grams of each SKU."""

    snapshot: Snapshot
    region_share: Floats  # [R]
    sku_share: Floats  # [S]
    weight_g: Ints  # [S]


@cache
def network() -> Network:
    """Give the demo merchant's 37 warehouses and the 340 regions of China with most buyers."""
    weight = merchant.demand()
    home = [r for r in merchant.regions() if r.code.isdigit() and r.code[:2] not in _BORDER]
    chosen = sorted(home, key=lambda region: (-weight[region.code], region.code))[:REGIONS]
    codes = {region.code for region in chosen}
    sites = [
        Site(w.code, w.storage_bits, w.capacity_units, w.cutoff_min) for w in merchant.warehouses()
    ]
    return build_network(sites, chosen, [n for n in merchant.lanes() if n.region in codes])


def build(skus: int, rng: np.random.Generator) -> Country:
    """Build the country of so many SKUs."""
    here = network()
    weight = np.array([merchant.demand()[code] for code in here.regions], np.float64)
    rank = rng.permutation(skus) + 1.0
    share = 1.0 / rank
    kg = np.clip(rng.lognormal(-0.4, 0.8, skus), 0.1, 10.0)
    return Country(
        Snapshot(here, resolve((), here, NOW_MS)),
        weight / weight.sum(),
        share / share.sum(),
        (kg * 1_000).astype(np.int64),
    )


def with_prices(snapshot: Snapshot, prices: Prices) -> Snapshot:
    """Give the same snapshot at other prices."""
    return Snapshot(snapshot.network, snapshot.signals, prices, snapshot.figures, snapshot.policy)


def draw_orders(
    country: Country, count: int, rng: np.random.Generator, *, is_single: bool
) -> Orders:
    """Draw orders of one unit a line: one line each, or 1 to 5 of different SKUs."""
    sizes = np.ones(count, np.int64) if is_single else rng.choice(5, count, p=LINE_SHARES) + 1
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    sku = _draw_skus(country, sizes, start, rng)
    lines = len(sku)
    return Orders(
        region=rng.choice(len(country.region_share), count, p=country.region_share).astype(
            np.int32
        ),
        promise_min=np.full(count, PROMISE_MIN),
        value_fen=np.full(count, VALUE_FEN, np.int64),
        shut=np.zeros(count, np.int64),
        favour=np.full(count, FREE, np.int32),
        parcels_max=np.zeros(count, np.int32),
        line_start=start.astype(np.int32),
        sku=sku.astype(np.int32),
        qty=np.ones(lines, np.int32),
        weight_g=country.weight_g[sku].astype(np.int32),
        storage=np.ones(lines, np.int32),
        was=np.full(lines, -1, np.int16),
    )


def _draw_skus(country: Country, sizes: Ints, start: Ints, rng: np.random.Generator) -> Ints:
    """Draw each line's SKU, and again where an order has it already."""
    sku = rng.choice(len(country.sku_share), int(start[-1]), p=country.sku_share)
    owner = np.repeat(np.arange(len(sizes)), sizes)
    while True:
        key = owner * len(country.sku_share) + sku
        order = np.argsort(key, kind="stable")
        twins = order[1:][np.diff(key[order]) == 0]
        if not len(twins):
            return sku
        sku[twins] = rng.choice(len(country.sku_share), len(twins), p=country.sku_share)


def build_problem(
    country: Country,
    orders: Orders,
    rng: np.random.Generator,
    tightness: tuple[float, float],
) -> Problem:
    """Lay stock and work out for these orders; no order has a warehouse yet."""
    needed = np.bincount(orders.sku, orders.qty, len(country.sku_share))
    work = float(len(orders.region) + 0.5 * len(orders.sku))
    atp, capacity = spread(country, needed, work, rng, tightness)
    return Problem(orders, MINUTE, atp, capacity)


def spread(
    country: Country,
    needed: NDArray[Any],
    work: float,
    rng: np.random.Generator,
    tightness: tuple[float, float],
) -> tuple[NDArray[np.int32], Floats]:
    """Spread stock and work over the warehouses."""
    pull = _pull(country)
    warehouses = len(pull)
    odds = rng.random((len(needed), warehouses)) ** (1.0 / (pull * warehouses))[None, :]
    held = np.clip(rng.uniform(0.3, 0.75, len(needed)) * warehouses, 3, None).astype(np.int64)
    rank = np.argsort(np.argsort(-odds, axis=1), axis=1)
    part = np.where(rank < held[:, None], pull[None, :], 0.0)
    part *= rng.lognormal(0.0, 0.8, part.shape)
    part /= part.sum(axis=1, keepdims=True)
    total = np.ceil(tightness[0] * needed)
    exact = np.cumsum(part * total[:, None], axis=1)
    atp = np.diff(np.rint(exact), axis=1, prepend=0.0).astype(np.int32)
    share = atp.sum(axis=0) * rng.lognormal(0.0, 0.1, warehouses)  # people are where goods are
    return atp, tightness[1] * work * share / share.sum()


def _pull(country: Country) -> Floats:
    """Give each warehouse's share of the demand, the cheapest lane serving each region."""
    near = country.snapshot.network.first_kg_fen.argmin(axis=1)
    pull = np.bincount(near, country.region_share, minlength=len(country.snapshot.network.codes))
    floor = np.maximum(pull, 0.25 / len(pull))
    share: Floats = floor / floor.sum()
    return share
