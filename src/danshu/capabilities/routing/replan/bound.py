"""The Lagrangian lower bound: no plan of these orders, stock and work can cost less.

At any prices >= 0 the cheapest plan of each order by itself, less what stock and work are worth,
is at most the optimum (Geoffrion, Mathematical Programming Study 2, 1974).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from danshu.capabilities.routing.replan.cells import CLOSED, UNIT_WORK, Cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from danshu.capabilities.routing.replan.duals import Duals

_ROWS = 16_384


def least_units(
    cells: Cells, cost_fen: NDArray[np.int32], atp: NDArray[np.int32], duals: Duals
) -> float:
    """Sum what unit orders cost at these prices, each by itself, in 分."""
    total = 0.0
    for begin in range(0, len(cells.size), _ROWS):
        rows = slice(begin, begin + _ROWS)
        sku = np.clip(cells.sku[rows], 0, max(len(atp) - 1, 0))
        priced = cost_fen[rows] + UNIT_WORK * duals.mu[None, :]
        if len(atp):
            priced += duals.lam[sku]
        priced[cost_fen[rows] >= CLOSED] = np.inf
        least = np.minimum(priced.min(axis=1), cells.penalty_fen[rows])
        total += float(cells.size[rows] @ least)
    return total


def worth(atp: NDArray[np.int32], capacity: NDArray[np.float64], duals: Duals) -> float:
    """What all stock and work are worth at these prices, in 分."""
    stock = float(np.einsum("sw,sw->", duals.lam, np.maximum(atp, 0)))
    return stock + float(duals.mu @ np.maximum(capacity, 0.0))


def gap_percent(cost_fen: float, bound_fen: float) -> float:
    """How far a plan may be above the optimum, in percent; 0 = proven."""
    if cost_fen <= 0:
        return 0.0
    return max(0.0, 100.0 * (cost_fen - bound_fen) / max(bound_fen, 1.0))
