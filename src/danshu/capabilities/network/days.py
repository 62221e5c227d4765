"""A day of the simulated network, compiled: what is asked for, from where it is served."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from danshu.capabilities.network.compiling import compiled
from danshu.capabilities.network.flow import FAR, solve_one

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Smalls = NDArray[np.int32]

STEPS: Final = 16
"""Lots of a SKU that a warehouse may give or take at one review of the simulation."""


@compiled
def serve(stock: Ints, asked: Ints, near: Ints, counted: Ints, missed: Ints) -> int:
    """Serve a day: regions ask one after the other, each from its nearest warehouses with stock.

    `stock` [SKU, warehouse] falls; `asked` [region, SKU]; `near` [region, reach], -1 for none.
    `counted` [SKU, warehouse] grows by what was asked of the first choice, `missed` [SKU] by what
    that could not serve. Gives the units that nobody could serve.
    """
    lost = 0
    regions, skus = asked.shape
    reach = near.shape[1]
    for s in range(skus):
        for r in range(regions):
            wanted = asked[r, s]
            if wanted == 0:
                continue
            for rank in range(reach):
                w = near[r, rank]
                if w < 0:
                    break
                if rank == 0:
                    counted[s, w] += wanted
                took = min(wanted, stock[s, w])
                stock[s, w] -= took
                wanted -= took
                if rank == 0:
                    missed[s] += wanted
                if wanted == 0:
                    break
            lost += wanted
    return lost


@compiled
def _expect_short(mean: float, deviation: float, level: float) -> float:
    """Give the loss function of a normal: what is asked for beyond a level."""
    if deviation < 1e-9:
        return max(mean - level, 0.0)
    z = (level - mean) / deviation
    beyond = 0.5 * math.erfc(z / math.sqrt(2.0))
    density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    return max(deviation * (density - z * beyond), 0.0)


@compiled
def find_moves(
    day: Floats, variance: Floats, have: Ints, spare: Ints, coming: Ints, lead: Ints, soon: Ints,
    late: Ints, lot: Ints, short_fen: Floats, cost: Floats, price: Floats, weight: Floats,
    moved: Smalls,
) -> None:  # fmt: skip
    """Find the moves of a review as `rebalance` does, demand taken as normal for speed.

    `day`, `variance` [SKU, warehouse] of a day's demand; of what each will `have`, only `spare`
    can be given. A warehouse may be short until its next
    supply comes (`soon` [warehouse] days, from what it has), or until an order of today would come
    (`late` days, from what it has and what is `coming` by then): whoever gives loses the worse of
    both, whoever takes gains the better. `lead` [warehouse]: days of its fastest lane.
    """
    skus, places = day.shape
    loss = np.empty((places, STEPS), np.float64)
    gain = np.empty((places, STEPS), np.float64)
    for s in range(skus):
        size = float(lot[s])
        for w in range(places):
            here = float(have[s, w])
            loss[w, :] = FAR
            gain[w, :] = 0.0
            for turn in range(2):
                until = soon[w] if turn == 0 else late[w]
                x = here if turn == 0 else here + coming[s, w]
                mean, var = day[s, w] * until, variance[s, w] * until
                spread = math.sqrt(var)
                last = _expect_short(mean, spread, x)
                for k in range(STEPS):
                    if spare[s, w] < size * (k + 1):
                        break
                    now = _expect_short(mean, spread, x - size * (k + 1))
                    step = short_fen[s] * max(now - last, 0.0)
                    loss[w, k] = step if turn == 0 else max(loss[w, k], step)
                    last = now
                early = min(lead[w], until)
                mean_a, var_a = day[s, w] * early, variance[s, w] * early
                rest = x - mean_a + _expect_short(mean_a, math.sqrt(var_a), x)
                window, wide = mean - mean_a, math.sqrt(max(var - var_a, 0.0))
                last = _expect_short(window, wide, rest)
                for k in range(STEPS):
                    now = _expect_short(window, wide, rest + size * (k + 1))
                    gain[w, k] = max(gain[w, k], short_fen[s] * max(last - now, 0.0))
                    last = now
        solve_one(loss, gain, cost[s] + price * weight[s], moved[s])
