"""Compiled: shortest distances to the sink where flow may still grow or shrink."""

from __future__ import annotations

from typing import Any

from danshu.capabilities.routing.replan.compiling import compiled


@compiled
def relax(tail: Any, head: Any, cost: Any, grows: Any, shrinks: Any, distance: Any) -> int:
    """Sweep over the arcs until nothing changes; gives the sweeps, -1 for a negative cycle.

    The last arcs lie nearest the sink, so a sweep goes from the last to the first and back.
    """
    arcs = tail.shape[0]
    unknown = 1 << 60
    for sweep in range(2 * distance.shape[0]):
        changed = False
        for step in range(2 * arcs):
            a = arcs - 1 - step if step < arcs else step - arcs
            u, v = tail[a], head[a]
            if grows[a] and distance[v] < unknown and distance[v] + cost[a] < distance[u]:
                distance[u] = distance[v] + cost[a]
                changed = True
            if shrinks[a] and distance[u] < unknown and distance[u] - cost[a] < distance[v]:
                distance[v] = distance[u] - cost[a]
                changed = True
        if not changed:
            return sweep + 1
    return -1
