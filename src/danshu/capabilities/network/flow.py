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

FAR: Final = 1e30
_EPSILON: Final = 1e-7


@compiled
def solve_one(loss: Floats, gain: Floats, cost: Floats, moved: Ints) -> float:
    """Fill `moved` [from, to] with lots; gives what they are worth, costs taken off.

    `loss` [from, k]: the (k+1)-th lot given, `gain` [to, k]: the (k+1)-th taken, FAR and -FAR where
    there is none; `cost` [from, to] of a lot, FAR where there is no lane.
    """
    places, deep = loss.shape
    # Who could give to whom at all: the rest is never looked at again.
    givers = np.empty(places, np.int64)
    takers = np.empty(places, np.int64)
    n_givers, n_takers = 0, 0
    for w in range(places):
        gives, takes = False, False
        for v in range(places):
            if loss[w, 0] + cost[w, v] < gain[v, 0] - _EPSILON:
                gives = True
            if loss[v, 0] + cost[v, w] < gain[w, 0] - _EPSILON:
                takes = True
        if gives:
            givers[n_givers] = w
            n_givers += 1
        if takes:
            takers[n_takers] = w
            n_takers += 1
    moved[:, :] = 0
    given = np.zeros(places, np.int64)
    taken = np.zeros(places, np.int64)
    to_giver = np.empty(n_givers, np.float64)
    to_taker = np.empty(n_takers, np.float64)
    by_giver = np.empty(n_givers, np.int64)
    by_taker = np.empty(n_takers, np.int64)
    worth = 0.0
    while n_givers > 0 and n_takers > 0:
        for a in range(n_givers):
            w = givers[a]
            to_giver[a] = loss[w, given[w]] if given[w] < deep else FAR
            by_giver[a] = -1
        for b in range(n_takers):
            to_taker[b] = FAR
        is_new = True
        while is_new:
            is_new = False
            for a in range(n_givers):
                if to_giver[a] >= FAR:
                    continue
                for b in range(n_takers):
                    way = to_giver[a] + cost[givers[a], takers[b]]
                    if way < to_taker[b] - _EPSILON:
                        to_taker[b] = way
                        by_taker[b] = a
                        is_new = True
            if not is_new:
                break
            is_new = False
            for b in range(n_takers):
                if to_taker[b] >= FAR:
                    continue
                for a in range(n_givers):
                    if moved[givers[a], takers[b]] > 0:
                        way = to_taker[b] - cost[givers[a], takers[b]]
                        if way < to_giver[a] - _EPSILON:
                            to_giver[a] = way
                            by_giver[a] = b
                            is_new = True
        best, at = -_EPSILON, -1
        for b in range(n_takers):
            v = takers[b]
            if taken[v] < deep and to_taker[b] - gain[v, taken[v]] < best:
                best, at = to_taker[b] - gain[v, taken[v]], b
        if at < 0:
            break
        worth -= best
        taken[takers[at]] += 1
        b = at
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
