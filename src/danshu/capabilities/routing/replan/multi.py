"""The plan of all open orders: dual steps with the exact split plan as oracle, then placing.

1. Starting prices: a flow in which each line of a compound order is an order that bears 60 % of a
   parcel's cost.
2. Dual steps (Rprop: each price has its own step, x 1.35 while its sign stays, x 0.45 when it
   flips; Riedmiller and Braun 1993); the prices of the best bound are kept, and the mean of the
   last ones.
3. The master program (master.py) over plans found at these prices: a better bound, and shares of
   plans that fit together.
4. Compound orders take the plan of the largest share that still fits, those without one are placed
   at the prices, long ones first; unit orders get the exact flow on the rest.
5. Rounds: compound orders look at what the flow leaves, at true costs; then they make room where
   they and the unit orders gain together: what a unit more saves the flow, and what a unit less
   costs it, are two distances in its residual graph. The cheapest round stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from danshu.capabilities.routing.replan import duals, flow
from danshu.capabilities.routing.replan.cells import (
    CLOSED,
    UNIT_WORK,
    Cells,
    Orders,
    count_cells,
)
from danshu.capabilities.routing.replan.duals import Duals
from danshu.capabilities.routing.replan.work import Best, Placed, Work, no_prices

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from danshu.capabilities.routing.replan.columns import Columns
    from danshu.capabilities.routing.replan.master import Mastered
    from danshu.capabilities.routing.snapshot import Snapshot

    Floats = NDArray[np.float64]
    Told = Callable[[str, float], None]

PARCEL_SHARE: Final = 0.6  # of a parcel's cost, that a line bears in the starting flow
DUAL_STEPS: Final = 40
AVERAGED: Final = 15  # prices of the last steps, that the master program begins at
ROUNDS: Final = 8
LEAST_SHARE: Final = 0.02  # of a plan in the master program, that an order may take
STARTED_LINES: Final = 10_000  # of compound orders: that many are placed, over all starts
MOST_STARTS: Final = 8
SHAKEN_SHARE: Final = 0.4
_UNITS_COUNTED: Final = 20  # of a line, in the starting flow
_GROW, _SHRINK = 1.35, 0.45
_FIRST_FEN, _LEAST_FEN, _MOST_FEN = 20.0, 0.5, 900.0


def begin(work: Work, snapshot: Snapshot) -> Duals:
    """Give prices to begin with: those of a flow of lines, counted in cells."""
    cells, compounds, problem = work.cells, work.compounds, work.problem
    told, lines = problem.orders, compounds.line
    owner = np.repeat(compounds.order, np.diff(compounds.line_start))
    every = np.repeat(np.arange(len(lines)), np.clip(told.qty[lines], 1, _UNITS_COUNTED))
    alone = Orders(
        region=told.region[owner[every]],
        promise_min=told.promise_min[owner[every]],
        value_fen=told.value_fen[owner[every]],
        shut=told.shut[owner[every]],
        favour=told.favour[owner[every]],
        parcels_max=np.zeros(len(every), np.int32),
        line_start=np.arange(len(every) + 1, dtype=np.int32),
        sku=told.sku[lines[every]],
        qty=np.ones(len(every), np.int32),
        weight_g=told.weight_g[lines[every]],
        storage=told.storage[lines[every]],
        was=np.full(len(every), -1, np.int16),
    )
    pieces = count_cells(
        snapshot, problem._replace(orders=alone, switching_fen=0), np.arange(len(every))
    )
    share = np.rint(PARCEL_SHARE * pieces.cost_fen).astype(np.int32)
    pieces = pieces._replace(
        cost_fen=np.where(pieces.cost_fen >= CLOSED, CLOSED, share).astype(np.int32)
    )
    both: list[tuple[Any, Any]] = list(zip(cells, pieces, strict=True))
    together = Cells(*(np.concatenate(pair) for pair in both))
    # A line of a compound order needs less work than an order of one line.
    counted = float(together.size.sum())
    orders = float(cells.size.sum()) + len(compounds.order)
    fair = UNIT_WORK * counted / max(orders + 0.5 * counted, 1.0)
    graph = flow.build_graph(together, problem.atp, problem.capacity * fair)
    return duals.read_duals(flow.solve(graph), len(problem.atp), work.penalty)


def climb(work: Work, start: Duals, steps: int, told: Told) -> Best:
    """Raise the bound by dual steps from these prices."""
    prices, best, top = start, start, -np.inf
    mean = [np.zeros(table.shape) for table in start]
    steps_of = [np.full(table.shape, _FIRST_FEN) for table in prices]
    before = [np.zeros(table.shape, np.int8) for table in prices]
    for turn in range(steps):
        total, *over = work.bound_at(prices)
        if total > top:
            best, top = prices, total
        moved = []
        for n, table in enumerate(prices):
            sign = np.sign(over[n]).astype(np.int8)
            sign[(sign < 0) & (table <= 0)] = 0
            turned = sign * before[n]
            steps_of[n] *= np.where(turned > 0, _GROW, np.where(turned < 0, _SHRINK, 1.0))
            np.clip(steps_of[n], _LEAST_FEN, _MOST_FEN, out=steps_of[n])
            before[n] = sign
            moved.append(np.clip(table + steps_of[n] * sign, 0.0, work.penalty))
        prices = Duals(*moved)
        if turn >= steps - AVERAGED:
            for table, price in zip(mean, prices, strict=True):
                table += price / min(AVERAGED, steps)
        told("prices", (turn + 1) / steps)
    total, *_ = work.bound_at(Duals(*mean))
    if total > top:
        best, top = Duals(*mean), total
    return Best(best, top, Duals(*mean))


def take_shares(
    work: Work, columns: Columns, share: Floats, atp: NDArray[np.int32], room: Floats,
    of: NDArray[np.int16],
) -> NDArray[np.int64]:  # fmt: skip
    """Let orders have their plans of largest share while these fit; gives those without."""
    compounds = work.compounds
    likely = np.argsort(-share, kind="stable")
    likely = likely[share[likely] >= LEAST_SHARE]
    has = np.zeros(columns.count, np.bool_)
    if len(likely):
        work.placing.take_plans(
            columns.order[likely], columns.round[likely], columns.plans(),
            compounds.line_start, work.lines, atp, room, of, has,
        )  # fmt: skip
    sequence = work.by_length()
    return sequence[~has[sequence]]


def place(work: Work, found: Mastered, told: Told) -> Placed:
    """Place all orders by their shares and at the prices; of several starts the cheapest plan.

    Few orders leave no room to mend a bad start, and starting again costs little.
    """
    starts = int(np.clip(STARTED_LINES // max(len(work.compounds.line), 1), 1, MOST_STARTS))
    draw = np.random.default_rng(len(work.compounds.order))  # equal inputs, equal plans
    best = _place_once(work, found, found.share, draw, told)
    for turn in range(1, starts):
        told("place", turn / starts)
        shaken = found.share + SHAKEN_SHARE * draw.random(len(found.share)) * (found.share > 0)
        other = _place_once(work, found, shaken, draw, told)
        best = other if other.cost_fen < best.cost_fen else best
    told("place", 1.0)
    return best


def _place_once(
    work: Work, found: Mastered, share: Floats, draw: np.random.Generator, told: Told
) -> Placed:
    """Place all orders, those of large shares first, and improve the plan at true costs."""
    problem, compounds = work.problem, work.compounds
    sequence = work.by_length()
    of = np.full(len(compounds.line), -1, np.int16)
    atp, room = problem.atp.copy(), np.maximum(problem.capacity, 0.0)
    rest = take_shares(work, found.columns, share, atp, room, of)
    work.place_compounds(found.last, atp, room, of, rest, is_again=False)
    solved = flow.solve(flow.build_graph(work.cells, atp, room, problem.switching_fen))
    best = work.sum_up(solved, of)
    for turn in range(ROUNDS):
        told("place", turn / ROUNDS)
        # What the flow leaves is free: compound orders look at it once more, at true costs.
        work.take_units(best.units, atp, room, 1)
        work.place_compounds(no_prices(problem), atp, room, of, sequence, is_again=True)
        work.take_units(best.units, atp, room, -1)
        if not work.make_room(solved, atp, room, of, draw.permutation(len(sequence))):
            break
        solved = flow.solve(flow.build_graph(work.cells, atp, room, problem.switching_fen))
        better = work.sum_up(solved, of)
        if better.cost_fen >= best.cost_fen:
            break
        best = better
    return best
