"""Chances that mean what they say: fitted on a later slice than the model.

Isotonic regression by pooling adjacent violators (Ayer et al., Ann. Math. Statist. 26, 1955;
Zadrozny & Elkan, KDD 2002) where there is enough to pool, else a logistic curve of two figures
(Platt, 1999, with his targets). Times are widened after Romano, Patterson & Candes (NeurIPS 2019),
each end by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct

from danshu.kernel.coverage import cover

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_POOLED: Final = 1_000  # rows, and of each outcome a twentieth of them, that isotonic needs
_STEPS: Final = 50


class Curve(Struct, frozen=True, kw_only=True):
    """From a model's margin to a chance: between points by a straight line (`at` grows, `chance`
    never falls), or a logistic curve of `slope` and `shift` where there are no points.
    """

    at: tuple[float, ...] = ()
    chance: tuple[float, ...] = ()
    slope: float = 1.0
    shift: float = 0.0

    def tell(self, margin: Floats) -> Floats:
        """Give chances of margins (log-odds as the model has them)."""
        if self.at:
            told: Floats = np.interp(margin, self.at, self.chance)
            return told
        return logistic(self.slope * margin + self.shift)


def logistic(margin: Floats) -> Floats:
    """Chance of log-odds."""
    chance: Floats = 1.0 / (1.0 + np.exp(-np.clip(margin, -30.0, 30.0)))
    return chance


def log_odds(chance: Floats) -> Floats:
    """Log-odds of a chance, kept finite."""
    p = np.clip(chance, 1e-5, 1.0 - 1e-5)
    margin: Floats = np.log(p / (1.0 - p))
    return margin


def fit_curve(margin: Floats, y: Floats) -> Curve:
    """Fit the curve that a calibration slice asks for; without any, the model's own word holds."""
    positives = int(y.sum())
    if not len(y):
        return Curve()
    if len(y) >= _POOLED and min(positives, len(y) - positives) >= _POOLED // 20:
        return _pool(margin, y)
    return _platt(margin, y)


def _pool(margin: Floats, y: Floats) -> Curve:
    """Pool rows until no block's share falls below that of the block before."""
    order = np.argsort(margin, kind="stable")
    # blocks of equal margins first, so that ties say one thing
    values, first = np.unique(margin[order], return_index=True)
    sums = np.add.reduceat(y[order], first)
    counts = np.diff(np.append(first, len(y)))
    blocks: list[list[float]] = []  # sum of outcomes, rows, sum of margins
    for value, total, count in zip(values.tolist(), sums.tolist(), counts.tolist(), strict=True):
        blocks.append([total, count, value * count])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    # one more outcome of each kind: no block may say never or always
    chance = [(total + 0.5) / (count + 1.0) for total, count, _ in blocks]
    at = [weighed / count for _, count, weighed in blocks]
    return Curve(at=tuple(at), chance=tuple(np.maximum.accumulate(chance).tolist()))


def _platt(margin: Floats, y: Floats) -> Curve:
    """Newton's method on the two figures, with Platt's softened targets and a weak ridge."""
    positives = float(y.sum())
    high, low = (positives + 1.0) / (positives + 2.0), 1.0 / (len(y) - positives + 2.0)
    aim = np.where(y > 0, high, low)
    figures = np.array([1.0, 0.0])
    x = np.column_stack([margin, np.ones_like(margin)])
    for _ in range(_STEPS):
        p = logistic(x @ figures)
        slope = x.T @ (p - aim) + 1e-3 * (figures - np.array([1.0, 0.0]))
        curved = (x * (p * (1.0 - p))[:, None]).T @ x + 1e-3 * np.eye(2)
        step = np.linalg.solve(curved, slope)
        figures = figures - step
        if float(np.abs(step).max()) < 1e-8:
            break
    if figures[0] <= 0.0:  # the order of rows is the model's; a slice may not turn it round
        return Curve(slope=0.0, shift=float(log_odds(np.array([aim.mean()]))[0]))
    return Curve(slope=float(figures[0]), shift=float(figures[1]))


def widen(told: Floats, y: Floats, alpha: float = 0.1) -> tuple[float, float]:
    """By how many minutes the lower and the upper end of [n, 3] quantiles must move out (below 0:
    in), so that each leaves out `alpha`; (0, 0) where rows are too few to say.
    """
    rank = cover(len(y), alpha)
    if rank > len(y):
        return 0.0, 0.0
    below = np.partition(told[:, 0] - y, rank - 1)[rank - 1]
    above = np.partition(y - told[:, 2], rank - 1)[rank - 1]
    return float(below), float(above)
