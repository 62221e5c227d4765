"""Plans of compound orders that were found at some prices: the columns of the master program."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from danshu.capabilities.routing.replan.work import Work

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

_STRIDE = 1_000_003


class Needs(NamedTuple):
    """What columns need, entry by entry: row (SKU x warehouses + warehouse, or warehouse)."""

    row: Ints
    column: Ints
    amount: Floats


class Columns:
    """N plans of K compound orders. Plan j is that of order `order[j]` in round `round[j]`.

    A plan that leaves everything behind is no column: every order has it anyway. `cost_fen` is
    without prices and with what switching costs.
    """

    def __init__(self, work: Work) -> None:
        compounds = work.compounds
        self.work = work
        self.count = len(compounds.order)
        self.start = compounds.line_start
        self.sizes = np.diff(self.start)
        self.owner = np.repeat(np.arange(self.count), self.sizes)
        at = np.arange(len(compounds.line)) - self.start[self.owner]
        rng = np.random.default_rng(1)  # of a hash: two plans with one key lose a column, no more
        self.odd = rng.integers(1, 1 << 40, int(self.sizes.max(initial=0)))[at]
        self.rounds: list[NDArray[np.int16]] = []
        self.key = np.zeros(0, np.int64)
        self.order = np.zeros(0, np.int64)
        self.round = np.zeros(0, np.int64)
        self.cost_fen = np.zeros(0)

    def add(self, of: NDArray[np.int16]) -> int:
        """Add the plans of all orders that are not there yet; tells how many."""
        key = np.add.reduceat((of + np.int64(2)) * self.odd, self.start[:-1])
        key = key * _STRIDE + np.arange(self.count)
        ships = np.maximum.reduceat(of, self.start[:-1]) >= 0
        cost = self.work.cost_compounds(of) + self.work.switching_of(of)
        new = np.flatnonzero(ships & np.isfinite(cost) & ~np.isin(key, self.key))
        if len(new):
            self.key = np.concatenate([self.key, key[new]])
            self.order = np.concatenate([self.order, new])
            self.round = np.concatenate([self.round, np.full(len(new), len(self.rounds))])
            self.cost_fen = np.concatenate([self.cost_fen, cost[new]])
            self.rounds.append(of.copy())
        return len(new)

    def needs(self, warehouses: int) -> tuple[Needs, Needs]:
        """Give what the columns need of stock and of work."""
        compounds = self.work.compounds
        sizes = self.sizes[self.order]
        column = np.repeat(np.arange(len(self.order)), sizes)
        first = np.cumsum(sizes) - sizes
        line = self.start[self.order][column] + np.arange(len(column)) - first[column]
        wh = self.plans()[self.round[column], line].astype(np.int64)
        has = wh >= 0
        column, line, wh = column[has], line[has], wh[has]
        parcels = np.unique(column * warehouses + wh)
        stock = Needs(
            compounds.sku[line].astype(np.int64) * warehouses + wh,
            column,
            compounds.qty[line].astype(np.float64),
        )
        work = Needs(
            np.concatenate([parcels % warehouses, wh]),
            np.concatenate([parcels // warehouses, column]),
            np.concatenate([np.ones(len(parcels)), np.full(len(wh), 0.5)]),
        )
        return stock, work

    def plans(self) -> NDArray[np.int16]:
        """Give all rounds, [rounds, lines]."""
        return np.stack(self.rounds)
