"""The linear program of all orders over the plans found so far, solved near to its optimum.

Column generation (Dantzig and Wolfe, Operations Research 8, 1960) with prices held in a band about
the last ones, which narrows (the boxstep method: Marsten, Hogan and Blankenship, Operations
Research 23, 1975). Its prices prove a bound that price steps alone come to very slowly where stock
is tight; its shares say which plan of each order goes with those of the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from danshu.capabilities.routing.replan import saddle
from danshu.capabilities.routing.replan.cells import CLOSED, UNIT_WORK
from danshu.capabilities.routing.replan.columns import Columns
from danshu.capabilities.routing.replan.duals import Duals

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from danshu.capabilities.routing.replan.work import Best, Work

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Told = Callable[[str, float], None]

ROUNDS: Final = 6
STEPS: Final = 180  # of prices and shares, a round
CLOSE_PERCENT: Final = 0.05  # of the bound to the master's own value: near enough
_NEAR_FEN: Final = 150.0  # dearer choices of unit orders are left out of a round
_BAND_FEN, _BAND_SHARE, _NARROWS = 150.0, 0.5, 0.6
_LEAST_BAND_FEN: Final = 30.0
_WEIGHT: Final = 60.0
_SHAKES: Final = 5  # times that prices are shaken for the first plans
_SHAKE, _LATER_SHAKE = 0.2, 0.15


class Mastered(NamedTuple):
    """The best prices and their bound, 分; the last prices; columns and their shares."""

    best: Duals
    bound_fen: float
    last: Duals
    columns: Columns
    share: Floats  # of each column


class _Layout(NamedTuple):
    """Where what stands in a program: columns and arcs of cells among its variables, its rows."""

    program: saddle.Program
    column: Ints  # [columns], their variables
    arc: Ints  # [arcs], their variables
    cell: Ints  # [arcs]
    wh: Ints  # [arcs]
    stock: Ints  # [stock rows], SKU x warehouses + warehouse


def solve(work: Work, begin: Best, told: Told) -> Mastered:
    """Raise the bound from these prices, and share the orders out over plans that fit together."""
    rng = np.random.default_rng(len(work.compounds.order))  # equal inputs, equal plans
    columns = Columns(work)
    for _ in range(_SHAKES):
        columns.add(work.plan_at(_shake(begin.mean, _SHAKE, rng))[1])
    for first in (begin.prices, begin.mean):
        columns.add(work.plan_at(first)[1])
    columns.add(work.compounds.was)
    columns.add(work.fit_compounds(begin.mean))  # long orders have no plan but a placed one
    best, top, last = begin.prices, begin.bound_fen, begin.mean
    shares: Floats = np.zeros(0)
    if not len(columns.order) or not len(work.problem.atp):
        return Mastered(best, top, last, columns, shares)
    flows, weight = np.zeros(work.cells.cost_fen.shape, np.float32), _WEIGHT
    for turn in range(ROUNDS):
        told("master", turn / ROUNDS)
        layout = _lay_out(work, columns, last)
        price = np.concatenate([last.lam.ravel()[layout.stock], last.mu])
        band = max(_LEAST_BAND_FEN, _BAND_FEN * _NARROWS**turn)
        low = np.maximum(price * (1 - _BAND_SHARE) - band, 0.0)
        high = np.minimum(price * (1 + _BAND_SHARE) + band, float(work.penalty))
        share = _begin_shares(layout, shares, flows)
        point, prices, value = saddle.solve(
            layout.program, saddle.Point(share, price, weight), low, high, STEPS
        )
        weight, shares = point.weight, point.share[layout.column]
        flows[:] = 0.0
        flows[layout.cell, layout.wh] = point.share[layout.arc]
        last = _read(layout, prices, last)
        bound, plans = work.plan_at(last)
        columns.add(plans)
        if bound > top:
            best, top = last, bound
        if turn == ROUNDS - 1 or value - top < CLOSE_PERCENT / 100 * top:
            break
        columns.add(work.plan_at(_shake(last, _LATER_SHAKE, rng))[1])
    told("master", 1.0)
    share = np.zeros(len(columns.order))
    share[: len(shares)] = shares
    return Mastered(best, top, last, columns, share)


def _shake(prices: Duals, by: float, rng: np.random.Generator) -> Duals:
    return Duals(prices.lam * rng.uniform(1 - by, 1 + by, prices.lam.shape), prices.mu)


def _lay_out(work: Work, columns: Columns, at: Duals) -> _Layout:
    """Lay the program out: a block for each compound order, then for each cell of unit orders.

    The last choice of a block is to leave the order behind.
    """
    problem, cells = work.problem, work.cells
    warehouses = problem.atp.shape[1]
    orders, found = columns.count, len(columns.order)
    sku = np.clip(cells.sku, 0, len(problem.atp) - 1)
    reduced = work.switched + at.lam[sku] + UNIT_WORK * at.mu
    reduced[(work.switched >= CLOSED) | (problem.atp[sku] <= 0)] = np.inf
    least = np.minimum(reduced.min(axis=1), cells.penalty_fen)
    cell, wh = np.nonzero(reduced <= least[:, None] + _NEAR_FEN)
    sizes = np.concatenate(
        [
            np.bincount(columns.order, minlength=orders),
            np.bincount(cell, minlength=len(cells.size)),
        ]
    )
    block = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes + 1)])
    sequence = np.argsort(columns.order, kind="stable")
    column = np.empty(found, np.int64)
    column[sequence] = np.arange(found) + columns.order[sequence]  # each earlier block has one more
    arc = found + orders + np.arange(len(cell)) + cell
    cost = np.zeros(block[-1])
    cost[block[1:] - 1] = np.concatenate([work.left_fen(), cells.penalty_fen])
    cost[column], cost[arc] = columns.cost_fen, work.switched[cell, wh]
    stock, labour = columns.needs(warehouses)
    wanted = np.concatenate([stock.row, cells.sku[cell].astype(np.int64) * warehouses + wh])
    rows, row_of = np.unique(wanted, return_inverse=True)
    row = np.concatenate([row_of, len(rows) + labour.row, len(rows) + wh])
    variable = np.concatenate([column[stock.column], arc, column[labour.column], arc])
    value = np.concatenate(
        [stock.amount, np.ones(len(arc)), labour.amount, np.full(len(arc), UNIT_WORK)]
    )
    limit = np.concatenate(
        [np.maximum(problem.atp, 0).ravel()[rows], np.maximum(problem.capacity, 0.0)]
    )
    program = saddle.Program(
        block=block,
        mass=np.concatenate([np.ones(orders), cells.size]).astype(np.float64),
        column=_compress(variable, row, value, len(cost)),
        cost=cost,
        row=_compress(row, variable, value, len(limit)),
        limit=limit.astype(np.float64),
    )
    return _Layout(program, column, arc, cell, wh, rows)


def _compress(outer: Ints, inner: Ints, value: Floats, count: int) -> tuple[Ints, Ints, Floats]:
    """Sort entries by `outer`, twins added up, and say where each of `count` begins."""
    width = int(inner.max(initial=0)) + 1
    key, at = np.unique(outer * width + inner, return_inverse=True)
    start = np.searchsorted(key, np.arange(count + 1, dtype=np.int64) * width)
    total: Floats = np.bincount(at, value, len(key)).astype(np.float64)
    return start.astype(np.int64), key % width, total


def _begin_shares(layout: _Layout, shares: Floats, flows: NDArray[np.float32]) -> Floats:
    """Go on from the last shares; evenly at first."""
    program = layout.program
    sizes = np.diff(program.block)
    if not len(shares):
        even: Floats = np.repeat(program.mass / sizes, sizes)
        return even
    share = np.zeros(len(program.cost))
    share[layout.column[: len(shares)]] = shares
    share[layout.arc] = flows[layout.cell, layout.wh]
    left = program.mass - np.add.reduceat(share, program.block[:-1])
    share[program.block[1:] - 1] = np.maximum(left, 0.0)
    return share


def _read(layout: _Layout, price: Floats, last: Duals) -> Duals:
    """Read prices off the rows; those of stock that no choice wants stay."""
    lam = last.lam.ravel().copy()
    lam[layout.stock] = price[: len(layout.stock)]
    return Duals(lam.reshape(last.lam.shape), price[len(layout.stock) :].copy())
