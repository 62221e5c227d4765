"""Order-up-to levels: the textbook's, and as many units in all put where they are short less.

Base-stock estimates each row for itself, and takes demand as normal. Ours borrows: a row's rate is
drawn towards what its goods sell in the country and its warehouse of all goods, as far as the row's
own days are noise (James and Stein 1961, as DerSimonian and Laird estimate it, Controlled Clinical
Trials 7, 1986); the variance is that of a negative binomial whose dispersion the goods share; and
the levels of a SKU's warehouses, which add up to base-stock's, have the same chance of falling
short under a gamma.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_HALVINGS: Final = 30
_TINY: Final = 1e-9


def estimate(window: Floats) -> tuple[Floats, Floats]:
    """Estimate mean and variance of a day from days x SKU x warehouse of demand."""
    days = len(window)
    mean = window.mean(axis=0)
    raw = np.maximum(window.var(axis=0), mean)
    shares = mean.sum(axis=0) / max(float(mean.sum()), _TINY)
    pooled = np.maximum(mean.sum(axis=1)[:, None] * shares, _TINY)
    ratio, noise = mean / pooled, raw / (days * np.square(pooled))
    weight = 1.0 / np.maximum(noise, _TINY)
    weight[raw <= _TINY] = 0.0
    total = max(float(weight.sum()), _TINY)
    middle = float((weight * ratio).sum()) / total
    spread = float((weight * np.square(ratio - middle)).sum()) - (np.count_nonzero(weight) - 1)
    between = max(spread / max(total - float(np.square(weight).sum()) / total, _TINY), 0.0)
    own = between / np.maximum(between + noise, _TINY)
    mixed = pooled * (own * ratio + (1.0 - own))
    squares = np.maximum(np.square(mean).sum(axis=1), _TINY)
    dispersion = np.maximum((raw - mean).sum(axis=1) / squares, 0.0)[:, None]
    return mixed, mixed + dispersion * np.square(mixed)


def share_out(mean: Floats, variance: Floats, total: Floats, usable: NDArray[np.bool_]) -> Ints:
    """Share `total` [S] units among warehouses so that each has the same chance of falling short.

    Demand is a gamma, its quantile after Wilson and Hilferty (PNAS 17, 1931).
    """
    safe = np.maximum(mean, _TINY)
    ninth = variance / (9.0 * np.square(safe))
    low, high = np.full(len(mean), -8.0), np.full(len(mean), 8.0)

    def at(z: Floats) -> Floats:
        level = safe * np.maximum(1.0 - ninth + z[:, None] * np.sqrt(ninth), 0.0) ** 3
        return np.where(usable, level, 0.0)

    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        over = at(middle).sum(axis=1) > total
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    level = at(low)
    whole = np.floor(level)
    left = np.minimum(np.rint(total - whole.sum(axis=1)), usable.sum()).astype(np.int64)
    order = np.argsort(-(np.where(usable, level - whole, -1.0)), axis=1, kind="stable")
    rank = np.argsort(order, axis=1, kind="stable")
    told: Ints = (whole + (rank < left[:, None])).astype(np.int64)
    return told
