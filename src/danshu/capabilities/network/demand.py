"""Demand over days as gamma distributions: what a place asks for in d days, by mean and variance.

Days of a forecast err together: the variance of a sum of days is that of independent days and of
wholly dependent ones, mixed by DEPENDENCE. A gamma of the same mean and variance is never below
zero, skewed as counts are, and closed under what is asked here (Burgin, OR Quarterly 26, 1975).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DEPENDENCE: Final = 0.1
TINY: Final = 1e-9
SPREAD_80: Final = 2.5631031
"""How many standard deviations a normal's 10 % and 90 % quantiles are apart."""


class Sums(NamedTuple):
    """Demand of the first 1, 2, … days, in units: mean and variance, the last axis is days."""

    mean: Floats
    variance: Floats

    def at(self, days: int) -> tuple[Floats, Floats]:
        """Give mean and variance of the first `days` (at most those that are known; 0 is none)."""
        if days <= 0:
            return np.zeros(self.mean.shape[:-1]), np.zeros(self.mean.shape[:-1])
        last = min(days, self.mean.shape[-1]) - 1
        return self.mean[..., last], self.variance[..., last]

    def between(self, first: int, last: int) -> tuple[Floats, Floats]:
        """Give mean and variance of the days after `first` up to `last`."""
        (mean_a, var_a), (mean_b, var_b) = self.at(first), self.at(last)
        return mean_b - mean_a, np.maximum(var_b - var_a, 0.0)


def sum_days(mean: Floats, deviation: Floats) -> Sums:
    """Sum days up: mean and standard deviation of each day, units; the last axis is days."""
    alone = np.cumsum(np.square(deviation), axis=-1)
    together = np.square(np.cumsum(deviation, axis=-1))
    return Sums(np.cumsum(mean, axis=-1), (1.0 - DEPENDENCE) * alone + DEPENDENCE * together)


def exceed(mean: Floats, variance: Floats, level: Floats) -> Floats:
    """Give the chance that demand is more than `level` whole units; below none it is sure."""
    from scipy.special import gammaincc

    mean, variance, level = np.broadcast_arrays(mean, variance, level)
    has = mean > TINY
    safe = np.where(has, mean, 1.0)
    spread = np.maximum(np.where(has, variance, 1.0), 1e-6 * safe)
    # Half a unit more: counts are whole, and "more than 3" begins at 4.
    at = np.maximum(level + 0.5, 0.0) * safe / spread
    chance = np.where(has, gammaincc(safe * safe / spread, at), 0.0)
    return np.where(level < 0, 1.0, chance)


def quantile(mean: Floats, variance: Floats, share: float | Floats) -> Floats:
    """Give the level that demand stays within with chance `share`, units."""
    from scipy.special import gammaincinv

    mean, variance = np.broadcast_arrays(mean, variance)
    has = mean > TINY
    safe = np.where(has, mean, 1.0)
    spread = np.maximum(np.where(has, variance, 1.0), 1e-6 * safe)
    return np.where(has, gammaincinv(safe * safe / spread, share) * spread / safe, 0.0)


def expect_short(mean: Floats, variance: Floats, level: Floats) -> Floats:
    """Give the units that are expected to be asked for beyond `level`: the loss function."""
    from scipy.special import gammaincc

    mean, variance, level = np.broadcast_arrays(mean, variance, level)
    has = mean > TINY
    safe = np.where(has, mean, 1.0)
    spread = np.maximum(np.where(has, variance, 1.0), 1e-6 * safe)
    shape, x = safe * safe / spread, np.maximum(level, 0.0)
    rate = safe / spread
    over = safe * gammaincc(shape + 1.0, rate * x) - x * gammaincc(shape, rate * x)
    return np.where(has, np.maximum(over, 0.0) + np.maximum(-level, 0.0), 0.0)
