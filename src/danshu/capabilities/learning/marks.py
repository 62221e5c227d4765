"""How chances and times are judged: ranking, calibration, losses, drift.

AUC by ranks (Hanley & McNeil, Radiology 143, 1982); expected calibration error over bins of equal
size (Naeini, Cooper & Hauskrecht, AAAI 2015); population stability index (Siddiqi, Credit Risk
Scorecards, 2006); interval of a share after Wilson (JASA 22, 1927).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from danshu.capabilities.learning.model import Bin, Marks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

QUANTILES: Final = (0.1, 0.5, 0.9)
CHANCE: Final = 29.6
_BINS: Final = 10
_LEAST: Final = 1e-6
_Z95: Final = 1.959964


def auc(y: Floats, said: Floats) -> float:
    """The chance that a positive was said to be likelier than a negative; ties count half. NaN
    where one of both is missing.
    """
    positives = float(y.sum())
    negatives = len(y) - positives
    if not positives or not negatives:
        return math.nan
    _, group, counts = np.unique(said, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2.0  # mean rank of each value
    ranks = middle[group]
    return float((ranks[y > 0].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def bins_of(y: Floats, said: Floats) -> tuple[Bin, ...]:
    """Lay rows into ten bins of equal size by what was said: the reliability table."""
    order = np.argsort(said, kind="stable")
    return tuple(
        Bin(
            said=round(1_000 * float(said[part].mean())),
            came=round(1_000 * float(y[part].mean())),
            rows=len(part),
        )
        for part in np.array_split(order, _BINS)
        if len(part)
    )


def calibration_error(y: Floats, said: Floats) -> float:
    """Mean distance of what came from what was said, over ten bins of equal size."""
    if not len(y):
        return math.nan
    order = np.argsort(said, kind="stable")
    parts = [part for part in np.array_split(order, _BINS) if len(part)]
    gaps = [abs(float(y[part].mean() - said[part].mean())) * len(part) for part in parts]
    return sum(gaps) / len(y)


def departure(y: Floats, said: Floats) -> float:
    """How far what came departs from what was said, over ten bins of equal size: the sum of squared
    distances in standard deviations (Hosmer & Lemeshow, 1980). Of chances that mean what they say
    it is about ten, and above CHANCE once in a thousand times. Rows are taken as independent.
    """
    order = np.argsort(said, kind="stable")
    total = 0.0
    for part in np.array_split(order, _BINS):
        p = said[part]
        variance = float((p * (1.0 - p)).sum())
        total += float((y[part] - p).sum()) ** 2 / max(variance, _LEAST)
    return total


def losses(y: Floats, said: Floats) -> Floats:
    """Logarithmic loss of each row."""
    p = np.clip(said, _LEAST, 1.0 - _LEAST)
    each: Floats = -(y * np.log(p) + (1.0 - y) * np.log(1.0 - p))
    return each


def pinballs(y: Floats, told: Floats) -> Floats:
    """Pinball loss of each row, mean over QUANTILES; `told` is [n, 3]."""
    levels = np.array(QUANTILES)
    gap = y[:, None] - told
    each: Floats = np.maximum(levels * gap, (levels - 1.0) * gap).mean(axis=1)
    return each


def judge_chance(y: Floats, said: Floats) -> Marks:
    """Hold chances against what came."""
    if not len(y):
        return Marks(rows=0)
    ranked = auc(y, said)
    return Marks(
        rows=len(y),
        auc=-1 if math.isnan(ranked) else round(1_000 * ranked),
        ece=round(1_000 * calibration_error(y, said)),
        brier_ppm=round(1e6 * float(((y - said) ** 2).mean())),
        loss_ppm=round(1e6 * float(losses(y, said).mean())),
    )


def judge_times(y: Floats, told: Floats) -> Marks:
    """Hold quantiles of times, minutes [n, 3], against what came."""
    if not len(y):
        return Marks(rows=0)
    inside = (y >= told[:, 0]) & (y <= told[:, 2])
    return Marks(
        rows=len(y),
        pinball_min=round(float(pinballs(y, told).mean())),
        error_min=round(float(np.abs(y - told[:, 1]).mean())),
        covered=round(1_000 * float(inside.mean())),
    )


def stability(before: Sequence[float], since: Sequence[float]) -> float:
    """Population stability index of shares: 0 alike, from 0.25 on another population. A share that
    is missing counts as a half of a thousandth.
    """
    p, q = np.maximum(np.array(before), 5e-4), np.maximum(np.array(since), 5e-4)
    p, q = p / p.sum(), q / q.sum()
    return float(((q - p) * np.log(q / p)).sum())


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share; (0, 1) of nothing."""
    if not count:
        return 0.0, 1.0
    p, z2 = hits / count, _Z95**2
    middle = (p + z2 / (2 * count)) / (1 + z2 / count)
    half = _Z95 * math.sqrt(p * (1 - p) / count + z2 / (4 * count**2)) / (1 + z2 / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def paired_low(mine: Floats, other: Floats) -> tuple[float, float]:
    """How much less `mine` loses than `other`, as a share of the other's loss, and the lower end of
    that at 95 % (rows taken as independent); (0, -1) of nothing.
    """
    if len(mine) < 2 or not float(other.mean()):
        return 0.0, -1.0
    gap, whole = other - mine, float(other.mean())
    spread = float(gap.std(ddof=1)) / math.sqrt(len(gap))
    return float(gap.mean()) / whole, (float(gap.mean()) - _Z95 * spread) / whole
