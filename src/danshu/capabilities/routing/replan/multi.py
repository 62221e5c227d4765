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

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from danshu.capabilities.routing.replan import bound, duals, flow
from danshu.capabilities.routing.replan.cells import (
    CLOSED,
    UNIT_WORK,
    Cells,
    Compounds,
    Orders,
    Problem,
    count_cells,
)
from danshu.capabilities.routing.replan.duals import Duals

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from danshu.capabilities.routing.replan.columns import Columns
    from danshu.capabilities.routing.replan.flow import Flow
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


class Best(NamedTuple):
    """Prices, the bound that they prove, 分, and the mean of the last steps' prices.

    The steps swing about the optimum: their mean lies nearer to it than most of them.
    """

    prices: Duals
    bound_fen: float
    mean: Duals


class Work:
    """Tables of one problem that all steps read; arrays only."""

    def __init__(
        self, snapshot: Snapshot, problem: Problem, cells: Cells, compounds: Compounds
    ) -> None:
        from danshu.capabilities.routing.replan import oracle, placing

        self.placing = placing
        self.problem = problem
        self.cells = cells
        self.compounds = compounds
        self.extra = snapshot.tables.extra_fen
        self.parcel = snapshot.figures.parcel_fen
        self.lines = (
            compounds.sku,
            compounds.qty,
            compounds.grams,
            compounds.penalty_fen,
            compounds.can,
        )
        self.switched = flow.with_switching(cells, problem.switching_fen)
        self.ws = oracle.workspace(len(problem.capacity))
        self.penalty = int(
            max(
                cells.penalty_fen.max(initial=0),
                compounds.penalty_fen.max(initial=0),
            )
        )

    def bound_at(self, prices: Duals) -> tuple[float, NDArray[Any], Floats]:
        """Give the bound at these prices, and what the cheapest plans would use too much of."""
        problem = self.problem
        total, used, work, _ = self._plan_alone(prices)
        return total, used - np.maximum(problem.atp, 0), work - np.maximum(problem.capacity, 0.0)

    def plan_at(self, prices: Duals) -> tuple[float, NDArray[np.int16]]:
        """Give the bound at these prices, and the compound orders' cheapest plans there."""
        total, _, _, out = self._plan_alone(prices)
        return total, out

    def _plan_alone(
        self, prices: Duals
    ) -> tuple[float, NDArray[np.int32], Floats, NDArray[np.int16]]:
        """Give the bound, what the cheapest plans of each by itself use, the compound ones' own."""
        problem, cells, compounds = self.problem, self.cells, self.compounds
        used = np.zeros(problem.atp.shape, np.int32)
        work = np.zeros(len(problem.capacity))
        out = np.full(len(compounds.line), -1, np.int16)
        total = self.placing.least_of_all(
            compounds.line_start, self.lines, compounds.region, compounds.opening_fen, self.extra,
            prices.lam, prices.mu, self.parcel, compounds.most, compounds.was,
            problem.switching_fen, used, work, self.ws, out,
        )  # fmt: skip
        least = np.zeros(len(cells.size), np.int64)
        total += self.placing.least_of_cells(
            cells.sku, cells.size, cells.penalty_fen, self.switched, prices.lam, prices.mu, used,
            work, least,
        )  # fmt: skip
        total -= bound.worth(problem.atp, problem.capacity, prices)
        return total, used, work, out

    def place_compounds(
        self, prices: Duals, atp: NDArray[np.int32], room: Floats, of: NDArray[np.int16],
        sequence: NDArray[np.int64], *, is_again: bool,
    ) -> float:  # fmt: skip
        """Place compound orders at prices; changes `atp`, `room` and `of`."""
        compounds = self.compounds
        gained: float = self.placing.place_all(
            sequence, compounds.line_start, self.lines, compounds.region, compounds.opening_fen,
            self.extra, prices.lam, prices.mu, self.parcel, compounds.most, compounds.was,
            self.problem.switching_fen, atp, room, self.ws, of, is_again,
        )  # fmt: skip
        return gained

    def take_units(
        self, units: NDArray[np.int16], atp: NDArray[np.int32], room: Floats, sign: int
    ) -> None:
        """Take (1) or give back (-1) what placed unit orders need."""
        sku = np.repeat(self.cells.sku, self.cells.size)
        has = units >= 0
        np.subtract.at(atp, (sku[has], units[has]), sign)
        room -= sign * UNIT_WORK * np.bincount(units[has], minlength=len(room))

    def cost_compounds(self, of: NDArray[np.int16]) -> Floats:
        """Give the true cost of each compound order's plan, 分."""
        compounds = self.compounds
        out = np.zeros(len(compounds.order))
        free = no_prices(self.problem)
        self.placing.cost_all(
            compounds.line_start, self.lines, compounds.region, compounds.opening_fen, self.extra,
            free.lam, free.mu, self.parcel, of, out,
        )  # fmt: skip
        return out

    def make_room(
        self, solved: Flow, atp: NDArray[np.int32], room: Floats, of: NDArray[np.int16],
        sequence: NDArray[np.int64],
    ) -> int:  # fmt: skip
        """Move compound orders where they and the unit orders gain together; tells how many."""
        compounds = self.compounds
        lost = duals.read_duals(solved, len(atp), self.penalty)
        saved = duals.read_gains(solved, lost)
        moved: int = self.placing.yield_all(
            sequence, compounds.line_start, self.lines, compounds.region, compounds.opening_fen,
            self.extra, lost.lam, saved.lam, lost.mu, saved.mu, self.parcel, compounds.most,
            compounds.was, self.problem.switching_fen, atp, room, self.ws, of,
        )  # fmt: skip
        return moved

    def sum_up(self, solved: Flow, of: NDArray[np.int16]) -> Placed:
        """Tell the plan that a flow and the compound orders' places make together."""
        units = flow.place(self.cells, solved)[1]
        cost = solved.cost_fen + float((self.cost_compounds(of) + self.switching_of(of)).sum())
        return Placed(units, of.copy(), cost)

    def switching_of(self, of: NDArray[np.int16]) -> Floats:
        """Give what each compound order pays for leaving a warehouse that has it, 分."""
        moved = (self.compounds.was >= 0) & (self.compounds.was != of)
        leaves = np.logical_or.reduceat(moved, self.compounds.line_start[:-1])
        paid: Floats = self.problem.switching_fen * leaves.astype(np.float64)
        return paid

    def left_fen(self) -> Floats:
        """Give what leaving each compound order behind costs, 分."""
        none = np.full(len(self.compounds.line), -1, np.int16)
        return self.cost_compounds(none) + self.switching_of(none)

    def fit_compounds(self, prices: Duals) -> NDArray[np.int16]:
        """Place the compound orders alone at these prices, long ones first."""
        of = np.full(len(self.compounds.line), -1, np.int16)
        atp, room = self.problem.atp.copy(), np.maximum(self.problem.capacity, 0.0)
        self.place_compounds(prices, atp, room, of, self.by_length(), is_again=False)
        return of

    def by_length(self) -> NDArray[np.int64]:
        """Give the compound orders, those of most lines first."""
        return np.argsort(-np.diff(self.compounds.line_start), kind="stable")

    def take_shares(
        self, columns: Columns, share: Floats, atp: NDArray[np.int32], room: Floats,
        of: NDArray[np.int16],
    ) -> NDArray[np.int64]:  # fmt: skip
        """Let orders have their plans of largest share while these fit; gives those without."""
        compounds = self.compounds
        likely = np.argsort(-share, kind="stable")
        likely = likely[share[likely] >= LEAST_SHARE]
        has = np.zeros(columns.count, np.bool_)
        if len(likely):
            self.placing.take_plans(
                columns.order[likely], columns.round[likely], columns.plans(),
                compounds.line_start, self.lines, atp, room, of, has,
            )  # fmt: skip
        sequence = self.by_length()
        return sequence[~has[sequence]]


def no_prices(problem: Problem) -> Duals:
    """Prices of nothing."""
    return Duals(np.zeros(problem.atp.shape), np.zeros(len(problem.capacity)))


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


class Placed(NamedTuple):
    """A plan: warehouses of the unit orders by cell member, of the compound lines; cost in 分."""

    units: NDArray[np.int16]
    compounds: NDArray[np.int16]
    cost_fen: float


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
    rest = work.take_shares(found.columns, share, atp, room, of)
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
