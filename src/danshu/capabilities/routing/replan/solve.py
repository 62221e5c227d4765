"""All open orders decided at once: the plan, its bound, the prices, who moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from danshu.capabilities.routing.replan import bound, duals, flow, master, multi
from danshu.capabilities.routing.replan.cells import (
    CLOSED,
    UNIT_WORK,
    Cells,
    Problem,
    count_cells,
    gather_compounds,
    split_orders,
)
from danshu.capabilities.routing.replan.work import Placed, Work

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from danshu.capabilities.routing.replan.duals import Duals
    from danshu.capabilities.routing.snapshot import Snapshot

    Ints = NDArray[np.int64]


class Plan(NamedTuple):
    """A plan of n orders and m lines; money in 分.

    `cost_fen` is the sum of `becomes_fen` and of what switching costs; `bound_fen` is at most the
    cheapest plan. `was_fen` counts what stands in a warehouse that is closed now as left behind.
    `is_proven`: the flow was OPTIMAL and the bound is within 0.01 %.
    """

    warehouse: NDArray[np.int16]  # [m], -1 = left behind
    was_fen: Ints  # [n]
    becomes_fen: Ints  # [n]
    moves: NDArray[np.bool_]  # [n], has another plan than before
    cost_fen: int
    bound_fen: int
    gap_percent: float
    is_proven: bool
    prices: Duals


PROVEN_PERCENT = 0.01


def solve(
    snapshot: Snapshot, problem: Problem, told: Callable[[str, float], None] | None = None
) -> Plan:
    """Plan all orders of a problem. `told` hears of each stage and how far it is, 0 to 1."""
    tell = told or _say_nothing
    tell("cells", 0.0)
    units, others = split_orders(problem)
    cells = count_cells(snapshot, problem, units)
    compounds = gather_compounds(snapshot, problem, others)
    work = Work(snapshot, problem, cells, compounds)
    lines = np.full(len(problem.orders.sku), -1, np.int16)
    if len(others):
        tell("prices", 0.0)
        best = multi.climb(work, multi.begin(work, snapshot), multi.DUAL_STEPS, tell)
        found = master.solve(work, best, tell)
        placed = multi.place(work, found, tell)
        prices, least = found.best, found.bound_fen
        lines[compounds.line] = placed.compounds
    else:
        tell("flow", 0.0)
        solved = flow.solve(
            flow.build_graph(cells, problem.atp, problem.capacity, problem.switching_fen)
        )
        tell("flow", 0.9)
        prices = duals.read_duals(solved, len(problem.atp), work.penalty)
        placed = Placed(flow.place(cells, solved)[1], lines[:0], float(solved.cost_fen))
        least = bound_units(cells, problem, prices)
    told_at = problem.orders.line_start[cells.member]
    lines[told_at] = placed.units
    tell("moves", 0.0)
    return _describe(work, lines, placed, least, prices)


def bound_units(cells: Cells, problem: Problem, prices: Duals) -> float:
    """Give the bound of unit orders alone; work counts in whole orders, as the flow has it."""
    slots = np.floor(np.maximum(problem.capacity, 0.0) / UNIT_WORK + 1e-9) * UNIT_WORK
    cost = flow.with_switching(cells, problem.switching_fen)
    return bound.least_units(cells, cost, problem.atp, prices) - bound.worth(
        problem.atp, slots, prices
    )


def _describe(
    work: Work,
    lines: NDArray[np.int16],
    placed: Placed,
    least: float,
    prices: Duals,
) -> Plan:
    """Tell for each order what it cost before and costs now."""
    told, cells = work.problem.orders, work.cells
    count = len(told.region)
    was_fen, becomes_fen = np.zeros(count, np.int64), np.zeros(count, np.int64)
    cell = np.repeat(np.arange(len(cells.size)), cells.size)
    at = told.line_start[cells.member]
    for where, out in ((told.was[at], was_fen), (lines[at], becomes_fen)):
        fen = cells.cost_fen[cell, np.clip(where, 0, None)].astype(np.int64)
        left = (where < 0) | (fen >= CLOSED)
        out[cells.member] = np.where(left, cells.penalty_fen[cell], fen)
    compounds = work.compounds
    penalty = (
        np.add.reduceat(compounds.penalty_fen, compounds.line_start[:-1])
        if len(compounds.order)
        else np.zeros(0, np.int64)
    )
    for of, out in ((compounds.was, was_fen), (lines[compounds.line], becomes_fen)):
        whole = work.cost_compounds(of)
        out[compounds.order] = np.where(np.isfinite(whole), whole, penalty).astype(np.int64)
    gap = bound.gap_percent(placed.cost_fen, least)
    return Plan(
        warehouse=lines,
        was_fen=was_fen,
        becomes_fen=becomes_fen,
        moves=_find_moves(told.line_start, told.was, lines),
        cost_fen=round(placed.cost_fen),
        bound_fen=int(np.floor(least)),
        gap_percent=gap,
        is_proven=len(compounds.order) == 0 and gap <= PROVEN_PERCENT,
        prices=prices,
    )


def _find_moves(
    start: NDArray[np.int32], was: NDArray[np.int16], lines: NDArray[np.int16]
) -> NDArray[np.bool_]:
    """Tell which orders go elsewhere; none that would lose what it has."""
    total = np.concatenate([np.zeros(1, np.int64), np.cumsum(was != lines)])
    lost = np.concatenate([np.zeros(1, np.int64), np.cumsum((was >= 0) & (lines < 0))])
    moved: NDArray[np.bool_] = (np.diff(total[start]) > 0) & (np.diff(lost[start]) == 0)
    return moved


def _say_nothing(stage: str, share: float) -> None:
    del stage, share
