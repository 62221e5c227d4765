"""Safety stock by the service that is wanted, over the time until more can come.

Demand over a lead time that is itself uncertain has mean L*d and variance L*s2 + d2*v, where a day
asks for d with variance s2 and the lead time is L days with variance v (Silver, Pyke, Thomas:
Inventory and Production Management in Supply Chains, 4th ed., 2017, ch. 6).

Cycle service: the chance of no shortage in a cycle; the reorder point is that quantile. Fill rate:
the share of units served at once; the reorder point where the expected shortage of a cycle is
(1 - rate) of what a cycle sells. One season: the newsvendor's critical ratio (ch. 9).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from danshu.capabilities.network import demand

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_HALVINGS = 40


def over_lead(day: Floats, variance: Floats, lead: Floats, lead_variance: Floats) -> Floats:
    """Give the variance of demand over a lead time, from a day's mean and variance."""
    told: Floats = lead * variance + np.square(day) * lead_variance
    return told


def by_cycle(mean: Floats, variance: Floats, service: Floats) -> Floats:
    """Give safety stock so that a cycle has no shortage with chance `service`, units."""
    level = demand.quantile(mean, variance, service)
    return np.maximum(np.ceil(level - mean - 1e-9), 0.0)


def by_normal(variance: Floats, service: Floats) -> Floats:
    """Give the same as if demand were normal: z standard deviations."""
    from scipy.special import ndtri

    told: Floats = np.maximum(np.ceil(ndtri(service) * np.sqrt(variance) - 1e-9), 0.0)
    return told


def by_sample(sums: Floats, service: float) -> Floats:
    """Give the same from sums over past lead times as they were: [rows, windows] of units."""
    level = np.quantile(sums, service, axis=-1, method="higher")
    told: Floats = np.maximum(np.ceil(level - sums.mean(axis=-1)), 0.0)
    return told


def by_fill(mean: Floats, variance: Floats, cycle: Floats, rate: Floats) -> Floats:
    """Give safety stock so that the share `rate` of units is served at once; a cycle sells `cycle`
    units.
    """
    wanted = (1.0 - rate) * np.maximum(cycle, demand.TINY)
    low, high = np.zeros_like(mean), mean + 20.0 * np.sqrt(variance) + 1.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        is_short = demand.expect_short(mean, variance, middle) > wanted
        low, high = np.where(is_short, middle, low), np.where(is_short, high, middle)
    return np.where(mean > demand.TINY, np.maximum(np.ceil(high - mean - 1e-6), 0.0), 0.0)


def by_season(mean: Floats, variance: Floats, under_fen: Floats, over_fen: Floats) -> Floats:
    """Give what to have for one season: a unit short costs `under_fen`, one left `over_fen`."""
    ratio = under_fen / np.maximum(under_fen + over_fen, demand.TINY)
    return np.rint(demand.quantile(mean, variance, np.clip(ratio, 0.0, 1.0 - 1e-9)))


def served(mean: Floats, variance: Floats, kept: Floats) -> Floats:
    """Give the chance that a cycle has no shortage with so much safety stock."""
    return 1.0 - demand.exceed(mean, variance, np.floor(mean + kept))
