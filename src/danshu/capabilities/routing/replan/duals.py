"""Shadow prices of a flow: the distances to the sink in its residual graph (Bellman-Ford).

Distances are potentials that prove the flow optimal (complementary slackness: Ahuja, Magnanti and
Orlin, Network Flows, 9.4). One more unit of stock, of work, saves what its node is away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from danshu.capabilities.routing.replan.cells import UNIT_WORK
from danshu.kernel.errors import ProgramError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from danshu.capabilities.routing.replan.flow import Flow

    Floats = NDArray[np.float64]


class Duals(NamedTuple):
    """Prices in 分: `lam` of a unit of stock [S, W], `mu` of a unit of work [W]."""

    lam: Floats
    mu: Floats


def read_duals(flow: Flow, skus: int, penalty_fen: int) -> Duals:
    """Read the prices off a flow, clipped to [0, penalty]. Raises ProgramError for a cycle."""
    from danshu.capabilities.routing.replan import residual

    graph = flow.graph
    distance = np.full(len(graph.supply), np.int64(1) << 60)
    distance[-1] = 0
    left = graph.capacity - flow.units
    sweeps = residual.relax(
        graph.tail, graph.head, graph.cost_fen, left > 0, flow.units > 0, distance
    )
    if sweeps < 0:
        raise ProgramError("the flow is not optimal: its residual graph has a negative cycle")
    return _prices(graph, distance, skus, penalty_fen)


def read_gains(flow: Flow, lost: Duals) -> Duals:
    """Read what one more unit of stock, of work, would save; `lost` is what losing one costs.

    Shortest distances from the sink: a unit more closes a cycle through its node.
    """
    from danshu.capabilities.routing.replan import residual

    graph = flow.graph
    distance = np.full(len(graph.supply), np.int64(1) << 60)
    distance[-1] = 0
    left = graph.capacity - flow.units
    sweeps = residual.relax(
        graph.head, graph.tail, graph.cost_fen, left > 0, flow.units > 0, distance
    )
    if sweeps < 0:
        raise ProgramError("the flow is not optimal: its residual graph has a negative cycle")
    first = graph.first_warehouse
    saved = np.where(distance < np.int64(1) << 59, np.maximum(-distance, 0), 0)
    opening = saved[first:-1]
    lam = np.zeros(lost.lam.shape)
    lam[graph.stock_sku, graph.stock_wh] = np.maximum(
        saved[graph.cells : first] - opening[graph.stock_wh], 0
    )
    return Duals(np.minimum(lam, lost.lam), np.minimum(opening / UNIT_WORK, lost.mu))


def _prices(graph: Any, distance: NDArray[np.int64], skus: int, penalty_fen: int) -> Duals:
    first = graph.first_warehouse
    opening = np.clip(distance[first:-1], 0, penalty_fen)
    stock = np.clip(distance[graph.cells : first], 0, 1 << 59)
    lam = np.zeros((skus, len(opening)))
    lam[graph.stock_sku, graph.stock_wh] = np.clip(stock - opening[graph.stock_wh], 0, penalty_fen)
    return Duals(lam, opening / UNIT_WORK)


def mix(one: Duals, other: Duals) -> Duals:
    """Half of each."""
    return Duals((one.lam + other.lam) / 2, (one.mu + other.mu) / 2)
