"""Tables of one problem that all steps of the plan read, and what they ask of compiled code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from danshu.capabilities.routing.replan import bound, duals, flow
from danshu.capabilities.routing.replan.cells import UNIT_WORK, Cells, Compounds, Problem
from danshu.capabilities.routing.replan.duals import Duals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from danshu.capabilities.routing.replan.flow import Flow
    from danshu.capabilities.routing.snapshot import Snapshot

    Floats = NDArray[np.float64]


class Best(NamedTuple):
    """Prices, the bound that they prove, 分, and the mean of the last steps' prices.

    The steps swing about the optimum: their mean lies nearer to it than most of them.
    """

    prices: Duals
    bound_fen: float
    mean: Duals


class Placed(NamedTuple):
    """A plan: warehouses of the unit orders by cell member, of the compound lines; cost in 分."""

    units: NDArray[np.int16]
    compounds: NDArray[np.int16]
    cost_fen: float


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


def no_prices(problem: Problem) -> Duals:
    """Prices of nothing."""
    return Duals(np.zeros(problem.atp.shape), np.zeros(len(problem.capacity)))
