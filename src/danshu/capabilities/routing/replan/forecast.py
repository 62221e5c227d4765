"""Prices that look ahead: what the rest of the horizon may ask for, drawn and solved.

A SKU's rate is the forecast's, corrected by what was counted so far (gamma-Poisson: the forecast
counts as PRIOR_DAY of a day's evidence). Three futures are drawn and their prices averaged, for
prices of one future are prices of its accidents: with a forecast that is wrong, static prices lose
against none, averaged ones that are refreshed do not (Acimovic and Graves, M&SOM 17(1) 2015, for
the idea of pricing by the duals of a transport problem).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from danshu.capabilities.routing.replan import duals, flow
from danshu.capabilities.routing.replan.cells import UNIT_WORK, Orders, Problem, count_cells
from danshu.capabilities.routing.replan.duals import Duals
from danshu.capabilities.routing.ruling import FREE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from danshu.capabilities.routing.snapshot import Snapshot

    Floats = NDArray[np.float64]

PRIOR_DAY: Final = 0.2
FUTURES: Final = 3
CAP_SHARE: Final = 0.7  # of the penalty of a line left behind


class Goods(NamedTuple):
    """What is sold: grams and storage classes by SKU, an order's usual value and promise."""

    weight_g: NDArray[np.int32]  # [S]
    storage: NDArray[np.int32]  # [S]
    value_fen: int
    promise_min: float


def correct(prior: Floats, seen: NDArray[Any], elapsed: float) -> Floats:
    """Give what to expect of each SKU in the rest of the day.

    `prior` [S] is the forecast of the whole day, `seen` [S] was counted in the `elapsed` share.
    """
    rate: Floats = (PRIOR_DAY * prior + seen) / (PRIOR_DAY + elapsed) * (1.0 - elapsed)
    return rate


def draw(goods: Goods, region_share: Floats, rate: Floats, rng: np.random.Generator) -> Orders:
    """Draw one future as orders of one unit."""
    counts = rng.poisson(rate)
    sku = np.repeat(np.arange(len(rate)), counts)
    count = len(sku)
    region = rng.choice(len(region_share), count, p=region_share)
    return Orders(
        region=region.astype(np.int32),
        promise_min=np.full(count, goods.promise_min),
        value_fen=np.full(count, goods.value_fen, np.int64),
        shut=np.zeros(count, np.int64),
        favour=np.full(count, FREE, np.int32),
        parcels_max=np.zeros(count, np.int32),
        line_start=np.arange(count + 1, dtype=np.int32),
        sku=sku.astype(np.int32),
        qty=np.ones(count, np.int32),
        weight_g=goods.weight_g[sku],
        storage=goods.storage[sku],
        was=np.full(count, -1, np.int16),
    )


def price_futures(
    snapshot: Snapshot,
    futures: Sequence[Orders],
    minute: int,
    atp: NDArray[np.int32],
    capacity: Floats,
) -> Duals:
    """Average the prices of these futures on the stock and work that are left."""
    lam, mu = np.zeros(atp.shape), np.zeros(len(capacity))
    for orders in futures:
        problem = Problem(orders, minute, atp, capacity)
        cells = count_cells(snapshot, problem, np.arange(len(orders.region)))
        graph = flow.build_graph(cells, atp, capacity)
        told = duals.read_duals(flow.solve(graph), len(atp), int(cells.penalty_fen.max(initial=0)))
        lam += told.lam / len(futures)
        mu += told.mu / len(futures)
    return cap(Duals(lam, mu), CAP_SHARE * snapshot.figures.unfulfilled_fen)


def cap(told: Duals, most_fen: float) -> Duals:
    """Bound what stock and work cost an order of one unit together.

    An order that is here is not left behind for one that may come: below the penalty less freight
    and lateness, prices choose a warehouse and refuse nobody.
    """
    mu = np.minimum(told.mu, most_fen / UNIT_WORK)
    return Duals(np.minimum(told.lam, most_fen - UNIT_WORK * mu[None, :]), mu)
