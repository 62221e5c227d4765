"""Compiled: a linear program over blocks of choices by primal-dual hybrid gradient.

    min c x,  x of each block >= 0 with the block's sum,  A x <= b at prices y within [low, high]

Chambolle and Pock, J. Math. Imaging Vision 40, 2011, with steps of each row and block (Pock and
Chambolle, ICCV 2011); restarts from averages and the weight between the two sides as in PDLP
(Applegate et al., NeurIPS 2021). One thread in one order of additions: equal inputs, equal bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from danshu.capabilities.routing.replan.compiling import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

RESTART_STEPS: Final = 60


class Program(NamedTuple):
    """The program: blocks of variables, columns and rows of A (compressed both ways), c and b."""

    block: Ints  # [B+1], first variable of each block
    mass: Floats  # [B], sum of each block's variables
    column: tuple[Ints, Ints, Floats]  # start [n+1], row, value
    cost: Floats  # [n]
    row: tuple[Ints, Ints, Floats]  # start [m+1], variable, value
    limit: Floats  # [m]


class Point(NamedTuple):
    """Shares of the choices, prices of the rows, the weight between their steps."""

    share: Floats  # [n]
    price: Floats  # [m]
    weight: float


@compiled
def step_shares(
    block: Any, mass: Any, start: Any, row: Any, value: Any, cost: Any, price: Any, tau: Any,
    share: Any, ahead: Any, total: Any,
) -> None:  # fmt: skip
    """Step down along the reduced costs, back onto each block's simplex; `ahead` extrapolates."""
    for k in range(mass.shape[0]):
        a, b = block[k], block[k + 1]
        high = 0.0
        for j in range(a, b):
            reduced = cost[j]
            for e in range(start[j], start[j + 1]):
                reduced += value[e] * price[row[e]]
            ahead[j] = share[j] - tau[k] * reduced
            high += ahead[j]
        # Michelot, J. Optimization Theory 50, 1986: drop what falls below, until nothing does.
        active = b - a
        level = (high - mass[k]) / active
        while True:
            high, count = 0.0, 0
            for j in range(a, b):
                if ahead[j] > level:
                    high += ahead[j]
                    count += 1
            if count >= active or count == 0:
                break
            active, level = count, (high - mass[k]) / count
        for j in range(a, b):
            new = max(ahead[j] - level, 0.0)
            ahead[j] = 2.0 * new - share[j]
            share[j] = new
            total[j] += new


@compiled
def step_prices(
    start: Any, variable: Any, value: Any, limit: Any, sigma: Any, low: Any, high: Any, ahead: Any,
    price: Any, total: Any,
) -> None:  # fmt: skip
    """Raise the price of what is wanted too much, lower that of what is left, within its band."""
    for r in range(limit.shape[0]):
        over = -limit[r]
        for e in range(start[r], start[r + 1]):
            over += value[e] * ahead[variable[e]]
        price[r] = min(max(price[r] + sigma[r] * over, low[r]), high[r])
        total[r] += price[r]


@compiled
def least(
    block: Any, mass: Any, start: Any, row: Any, value: Any, cost: Any, price: Any, limit: Any
) -> float:
    """Give the Lagrangian value of the program at prices: each block's least reduced cost."""
    total = 0.0
    for k in range(mass.shape[0]):
        best = np.inf
        for j in range(block[k], block[k + 1]):
            reduced = cost[j]
            for e in range(start[j], start[j + 1]):
                reduced += value[e] * price[row[e]]
            best = min(best, reduced)
        total += best * mass[k]
    for r in range(limit.shape[0]):
        total -= price[r] * limit[r]
    return total


@compiled
def excess(start: Any, variable: Any, value: Any, limit: Any, high: Any, share: Any) -> float:
    """Give what these shares use too much of, at the highest prices."""
    total = 0.0
    for r in range(limit.shape[0]):
        over = -limit[r]
        for e in range(start[r], start[r + 1]):
            over += value[e] * share[variable[e]]
        total += max(over, 0.0) * high[r]
    return total


def solve(
    program: Program, begin: Point, low: Floats, high: Floats, steps: int
) -> tuple[Point, Floats, float]:
    """Step from a point; gives the last one, the best prices on the way and their value."""
    lhs = np.add.reduceat(np.append(program.column[2], 0.0), program.column[0][:-1])
    lhs[np.diff(program.column[0]) == 0] = 0.0
    wide = np.maximum(np.maximum.reduceat(lhs, program.block[:-1]), 1.0)
    deep = np.add.reduceat(np.append(program.row[2], 0.0), program.row[0][:-1])
    deep[np.diff(program.row[0]) == 0] = 1.0
    sizes = np.diff(program.block)
    share, price, weight = begin.share.copy(), begin.price.copy(), begin.weight
    ahead = np.zeros_like(share)
    best, top = price.copy(), -np.inf
    done = 0
    while done < steps:
        count = min(RESTART_STEPS, steps - done)
        done += count
        was = share.copy(), price.copy()
        sums = np.zeros_like(share), np.zeros_like(price)
        tau, sigma = 1.0 / (weight * wide), weight / deep
        for _ in range(count):
            step_shares(
                program.block, program.mass, *program.column, program.cost, price, tau, share,
                ahead, sums[0],
            )  # fmt: skip
            step_prices(
                *program.row, program.limit, sigma, low, high, ahead, price, sums[1]
            )  # fmt: skip
        found = []
        for x, y in ((sums[0] / count, sums[1] / count), (share, price)):
            value = least(program.block, program.mass, *program.column, program.cost, y,
                          program.limit)  # fmt: skip
            needed = program.cost @ x + excess(*program.row, program.limit, high, x)
            found.append((needed - value, value, x, y))
        _, value, share, price = min(found, key=lambda one: one[0])
        if value > top:
            best, top = price.copy(), value
        moved_x = np.sqrt(np.repeat(wide, sizes) @ (share - was[0]) ** 2)
        moved_y = np.sqrt(deep @ (price - was[1]) ** 2)
        if moved_x > 0 and moved_y > 0:
            weight = float(np.sqrt(weight * moved_y / moved_x))
    return Point(share, price, weight), best, top
