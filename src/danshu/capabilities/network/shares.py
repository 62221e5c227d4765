"""How units are shared out so that the next one is worth the same everywhere.

For a launch among warehouses and for a promotion among channels: a place that has x units sells its
next one with chance P(D > x); units go, lot by lot, where that chance times what a sale earns is
greatest (the newsvendor with several outlets and one pool: Silver, Pyke, Thomas 2017, ch. 9).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from danshu.capabilities.network import demand

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_STEPS = 2_000
_TIE = 1e-6  # of its worth: as good as the best


def share(total: int, mean: Floats, variance: Floats, earns: Floats, lot: int = 1) -> Ints:
    """Share `total` units among places whose demand has `mean` and `variance`; a sale `earns` 分.

    In whole lots; what is less than a lot goes where the next unit sells best. Large totals go in
    at most _STEPS portions. Places without demand get nothing while others want something.
    """
    have = np.zeros(len(mean), np.int64)
    if total <= 0 or not len(mean):
        return have
    step = max(lot, lot * -(-total // (_STEPS * lot)))
    left = total
    while left > 0:
        units = min(step, left)
        # The worth of the next portion: sales expected with it less those without.
        gain = earns * (
            demand.expect_short(mean, variance, have.astype(np.float64))
            - demand.expect_short(mean, variance, (have + units).astype(np.float64))
        )
        top = float(gain.max())
        best = int(mean.argmax())
        if top > 0:  # the first units are worth the same everywhere: where most is wanted still
            best = int(np.where(gain >= top * (1 - _TIE), mean - have, -np.inf).argmax())
        have[best] += units
        left -= units
    return have


def worth(have: Ints, mean: Floats, variance: Floats, earns: Floats) -> float:
    """Give what a sharing out is expected to earn, 分."""
    sold = mean - demand.expect_short(mean, variance, have.astype(np.float64))
    return float((earns * sold).sum())


def short_chance(have: Ints, mean: Floats, variance: Floats) -> int:
    """Give the chance that the place that is worst off falls short, thousandths."""
    if not len(mean):
        return 0
    chances = demand.exceed(mean, variance, have.astype(np.float64))
    return int(np.rint(1_000 * float(chances.max())))
