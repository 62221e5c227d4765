"""The shadow gate 影子闸门: do decisions at prices cost less than decisions without?

The same orders are decided twice by the online engine, in the order of their arrival and on the
same stock and work: without prices (myopic) and at the prices. What counts is the true cost; the
prices themselves are no money.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from danshu.capabilities.routing.batch import PART_NAMES, Batch
from danshu.capabilities.routing.decide import ENGINE, route_batch
from danshu.capabilities.routing.snapshot import Prices, Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from danshu.capabilities.routing.replan.cells import Problem
    from danshu.capabilities.routing.replan.duals import Duals

_PRICE = PART_NAMES.index("price_fen")


class Trial(NamedTuple):
    """What the same orders cost without prices and at them, 分."""

    orders: int
    myopic_fen: int
    priced_fen: int

    @property
    def gain_fen(self) -> int:
        """What the prices saved; below 0 they lost."""
        return self.myopic_fen - self.priced_fen


def make_prices(version: str, codes: Sequence[str], told: Duals) -> Prices:
    """Round prices to whole 分, SKUs without any left out; `codes` are the SKUs by row.

    NaN and infinite prices are nobody's: they raise OverflowError or ValueError by no means, but
    become -1, which no snapshot takes.
    """
    lam = _whole(told.lam)
    rows = np.flatnonzero(lam.any(axis=1))
    return Prices(version, _whole(told.mu), tuple(codes[row] for row in rows.tolist()), lam[rows])


def _whole(table: NDArray[np.float64]) -> NDArray[np.int64]:
    good = np.isfinite(table)
    return np.where(good, np.rint(np.where(good, table, 0.0)), -1.0).astype(np.int64)


def at_prices(snapshot: Snapshot, prices: Prices | None) -> Snapshot:
    """Give the same snapshot at other prices, None = without any."""
    return Snapshot(snapshot.network, snapshot.signals, prices, snapshot.figures, snapshot.policy)


def lay_batch(snapshot: Snapshot, problem: Problem, row_of: Mapping[int, int]) -> Batch:
    """Lay a problem's orders out as the engine takes them, with what policy says of them.

    `row_of` maps SKU rows to rows of the prices.
    """
    orders, table = problem.orders, problem.surcharge_fen
    wide = len(snapshot.network.codes)
    return Batch(
        region=orders.region,
        promise_min=orders.promise_min,
        value_fen=orders.value_fen,
        line_start=orders.line_start,
        sku=orders.sku,
        qty=orders.qty,
        weight_g=orders.weight_g,
        storage=orders.storage,
        price_row=np.array([row_of.get(sku, -1) for sku in orders.sku.tolist()], np.int32),
        shut=orders.shut,
        favour=orders.favour,
        parcels_max=orders.parcels_max,
        surcharge_fen=table if len(table) else np.zeros((0, wide), np.int64),
    )


def decide(
    snapshot: Snapshot,
    problem: Problem,
    codes: Sequence[str],
    prices: Prices | None,
    engine: str = ENGINE,
) -> int:
    """Decide the orders of a problem in their order; gives their true cost, 分."""
    priced = at_prices(snapshot, prices)
    row_of = {row: priced.price_rows[code] for row, code in enumerate(codes)
              if code in priced.price_rows}  # fmt: skip
    batch = lay_batch(priced, problem, row_of)
    routed = route_batch(
        priced, batch, problem.minute, problem.atp.copy(), problem.capacity.copy(), engine
    )
    return int(routed.parts_fen.sum() - routed.parts_fen[:, _PRICE].sum())


def compare(
    snapshot: Snapshot,
    problem: Problem,
    codes: Sequence[str],
    prices: Prices,
    engine: str = ENGINE,
) -> Trial:
    """Try prices on the orders of a problem.

    Raises InputError `prices` for prices that no snapshot takes.
    """
    priced = decide(snapshot, problem, codes, prices, engine)
    myopic = decide(snapshot, problem, codes, None, engine)
    return Trial(len(problem.orders.region), myopic, priced)


def passes(trials: Sequence[Trial]) -> bool:
    """Tell whether prices may be used: over the last trials together they saved something."""
    return sum(trial.gain_fen for trial in trials) > 0
