"""The best moves of one SKU among warehouses: a min-cost flow with convex costs at both ends.

Each lot that a warehouse gives costs it more than the one before, each that it takes is worth less;
a lot on a lane costs what the lane asks. Shortest augmenting paths (Ahuja, Magnanti, Orlin: Network
Flows, 1993, ch. 9 and 14) end where the next lot is worth no more than it costs: with convex ends
that is the optimum over whole lots.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from danshu.capabilities.network.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]

FAR: Final = 1e30
_EPSILON: Final = 1e-7


@compiled
def find_ends(loss: Floats, gain: Floats, cost: Floats) -> tuple[Longs, Longs]:
    """Find who could give to whom at all, and who could take: the rest is never looked at again."""
    places = loss.shape[0]
    gives = np.zeros(places, np.bool_)
    takes = np.zeros(places, np.bool_)
    for w in range(places):
        for v in range(places):
            if loss[w, 0] + cost[w, v] < gain[v, 0] - _EPSILON:
                gives[w] = True
                takes[v] = True
    return np.flatnonzero(gives), np.flatnonzero(takes)


@compiled
def reach(
    givers: Longs, takers: Longs, cost: Floats, moved: Ints, to_giver: Floats, to_taker: Floats,
    by_giver: Longs, by_taker: Longs,
) -> None:  # fmt: skip
    """Find the cheapest way to every taker (Bellman and Ford): over lanes, and back over lots that
    move already. `by_…` name the end before on the way, -1 where it begins.
    """
    is_new = True
    while is_new:
        is_new = False
        for a in range(len(givers)):
            if to_giver[a] >= FAR:
                continue
            for b in range(len(takers)):
                way = to_giver[a] + cost[givers[a], takers[b]]
                if way < to_taker[b] - _EPSILON:
                    to_taker[b] = way
                    by_taker[b] = a
                    is_new = True
        if is_new:
            is_new = go_back(givers, takers, cost, moved, to_giver, to_taker, by_giver)


@compiled
def go_back(
    givers: Longs, takers: Longs, cost: Floats, moved: Ints, to_giver: Floats, to_taker: Floats,
    by_giver: Longs,
) -> bool:  # fmt: skip
    """Look whether taking a lot back from a lane makes a giver cheaper to reach."""
    is_new = False
    for b in range(len(takers)):
        if to_taker[b] >= FAR:
            continue
        for a in range(len(givers)):
            if moved[givers[a], takers[b]] > 0:
                way = to_taker[b] - cost[givers[a], takers[b]]
                if way < to_giver[a] - _EPSILON:
                    to_giver[a] = way
                    by_giver[a] = b
                    is_new = True
    return is_new


@compiled
def solve_one(loss: Floats, gain: Floats, cost: Floats, moved: Ints) -> float:
    """Fill `moved` [from, to] with lots; gives what they are worth, costs taken off.

    `loss` [from, k]: the (k+1)-th lot given, `gain` [to, k]: the (k+1)-th taken, FAR and -FAR where
    there is none; `cost` [from, to] of a lot, FAR where there is no lane.
    """
    places, deep = loss.shape
    givers, takers = find_ends(loss, gain, cost)
    moved[:, :] = 0
    given = np.zeros(places, np.int64)
    taken = np.zeros(places, np.int64)
    to_giver = np.empty(len(givers), np.float64)
    to_taker = np.empty(len(takers), np.float64)
    by_giver = np.empty(len(givers), np.int64)
    by_taker = np.empty(len(takers), np.int64)
    worth = 0.0
    while len(givers) > 0:
        for a in range(len(givers)):
            w = givers[a]
            to_giver[a] = loss[w, given[w]] if given[w] < deep else FAR
        by_giver[:] = -1
        to_taker[:] = FAR
        reach(givers, takers, cost, moved, to_giver, to_taker, by_giver, by_taker)
        best, b = -_EPSILON, -1
        for k in range(len(takers)):
            v = takers[k]
            if taken[v] < deep and to_taker[k] - gain[v, taken[v]] < best:
                best, b = to_taker[k] - gain[v, taken[v]], k
        if b < 0:
            break
        worth -= best
        taken[takers[b]] += 1
        while True:
            a = by_taker[b]
            moved[givers[a], takers[b]] += 1
            b = by_giver[a]
            if b < 0:
                given[givers[a]] += 1
                break
            moved[givers[a], takers[b]] -= 1
    return worth


@compiled
def solve_moves(
    loss: Floats, gain: Floats, cost: Floats, price: Floats, weight: Floats, moved: Ints
) -> Floats:
    """Solve every SKU at prices of a gram on each lane; gives the worth of each.

    `loss`, `gain` [SKU, place, k], `cost` [SKU, from, to] of a lot without the truck, `price`
    [from, to] of a gram, `weight` of a lot, grams; `moved` [SKU, from, to] is filled with lots.
    """
    skus = loss.shape[0]
    worth = np.zeros(skus, np.float64)
    for s in range(skus):
        worth[s] = solve_one(loss[s], gain[s], cost[s] + price * weight[s], moved[s])
    return worth
