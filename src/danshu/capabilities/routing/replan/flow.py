"""The exact plan of unit orders: a min-cost flow from cells over stock and warehouses to the sink.

Nodes: cells (supply = count), stock of a SKU at a warehouse, warehouses, the sink. Arcs: cell to
stock (the order's cost), stock to warehouse (its units), warehouse to sink (orders that its work
allows), cell to sink (the penalty: left behind). Solved by cost scaling (Goldberg, J. Algorithms
22, 1997) of OR-Tools; no answer but OPTIMAL is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from danshu.capabilities.routing.replan.cells import CLOSED, UNIT_WORK, Cells
from danshu.kernel.errors import ProgramError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


class Graph(NamedTuple):
    """Arcs of the flow. Cells are nodes 0 to C-1, then stock, warehouses, the sink.

    Arcs stand in the order: cell to stock, cell to sink, stock to warehouse, warehouse to sink.
    """

    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    capacity: Ints
    cost_fen: Ints
    supply: Ints  # [nodes]
    cells: int
    served: int  # arcs from a cell to stock
    stock_sku: Ints  # [stock nodes]
    stock_wh: Ints  # [stock nodes]

    @property
    def first_warehouse(self) -> int:
        """The node of warehouse 0."""
        return self.cells + len(self.stock_sku)


class Flow(NamedTuple):
    """A flow on a graph, proven optimal; cost in 分 with the penalties."""

    graph: Graph
    units: Ints  # [arcs]
    cost_fen: int


def build_graph(
    cells: Cells, atp: NDArray[np.int32], capacity: NDArray[np.float64], switching_fen: int = 0
) -> Graph:
    """Lay the arcs out: where a cell is open, cheaper than its penalty, and something is left."""
    count, warehouses = cells.cost_fen.shape
    cost = with_switching(cells, switching_fen)
    rows = np.clip(cells.sku, 0, max(len(atp) - 1, 0))
    useful = cost < np.minimum(cells.penalty_fen, CLOSED)[:, None]
    if len(atp):
        useful &= atp[rows] > 0
    cell, wh = (part.astype(np.int32) for part in np.nonzero(useful))
    key = cells.sku[cell].astype(np.int64) * warehouses + wh
    stocks, stock_of = np.unique(key, return_inverse=True)
    sku, at = stocks // warehouses, stocks % warehouses
    first = count + len(stocks)
    sink = first + warehouses
    each = np.arange(count, dtype=np.int32)
    works = np.arange(warehouses, dtype=np.int32)
    slots = np.floor(np.maximum(capacity, 0.0) / UNIT_WORK + 1e-9).astype(np.int64)
    supply = np.zeros(sink + 1, np.int64)
    supply[:count] = cells.size
    supply[sink] = -int(cells.size.sum())
    return Graph(
        tail=np.concatenate(
            [cell, each, count + np.arange(len(stocks), dtype=np.int32), first + works]
        ).astype(np.int32),
        head=np.concatenate(
            [count + stock_of, np.full(count, sink), first + at, np.full(warehouses, sink)]
        ).astype(np.int32),
        capacity=np.concatenate(
            [cells.size[cell], cells.size, atp[sku, at].astype(np.int64), slots]
        ),
        cost_fen=np.concatenate(
            [
                cost[cell, wh].astype(np.int64),
                cells.penalty_fen,
                np.zeros(len(stocks) + warehouses, np.int64),
            ]
        ),
        supply=supply,
        cells=count,
        served=len(cell),
        stock_sku=sku,
        stock_wh=at,
    )


def with_switching(cells: Cells, switching_fen: int) -> NDArray[np.int32]:
    """Add what it costs to move an order from the warehouse that has it."""
    if switching_fen == 0:
        return cells.cost_fen
    has = np.flatnonzero(cells.was >= 0)
    cost = cells.cost_fen.copy()
    cost[has] = np.minimum(cost[has] + switching_fen, CLOSED)
    cost[has, cells.was[has]] = cells.cost_fen[has, cells.was[has]]
    return cost


def solve(graph: Graph) -> Flow:
    """Find the cheapest flow. Raises ProgramError when the solver proves nothing."""
    from ortools.graph.python import min_cost_flow  # type: ignore[import-untyped]

    solver = min_cost_flow.SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(
        graph.tail, graph.head, graph.capacity, graph.cost_fen
    )
    solver.set_nodes_supplies(np.arange(len(graph.supply), dtype=np.int32), graph.supply)
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise ProgramError(f"the min-cost flow ended with status {status}, not OPTIMAL")
    units = np.asarray(solver.flows(arcs), np.int64)
    return Flow(graph, units, int(solver.optimal_cost()))


def place(cells: Cells, flow: Flow) -> tuple[Ints, NDArray[np.int16]]:
    """Give each unit order its warehouse, -1 = left behind; those who may stay where they are do.

    Gives the orders' numbers and their warehouses.
    """
    graph = flow.graph
    used = np.flatnonzero(flow.units[: graph.served])
    cell = graph.tail[used]
    wh = graph.stock_wh[graph.head[used] - graph.cells].astype(np.int16)
    units = flow.units[used]
    placed = np.full(len(cells.member), -1, np.int16)
    # Arcs stand by cell, so the orders of a cell are given out by consecutive runs.
    before = np.cumsum(units) - units
    if len(used):
        new = np.flatnonzero(np.diff(cell, prepend=-1))
        base = before[new]
        run = np.repeat(np.arange(len(new)), np.diff(np.append(new, len(cell))))
        at = cells.start[cell] + before - base[run]
        index = np.repeat(at, units) + _count_within(units)
        placed[index] = np.repeat(wh, units)
    return cells.member, placed


def _count_within(sizes: Ints) -> Ints:
    """0, 1, ... within each run of the given sizes."""
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total, dtype=np.int64) - np.repeat(ends - sizes, sizes)
