"""Drift of volumes and latencies: an hour against the same hour of earlier weeks.

The middle is the median, the spread the MAD, so one campaign in the past does not move them. The
day is scaled by one factor for all cells, the median over cells of what the day brought against
what it usually does: on 双十一 everything is many times more, and what stands out is the cell that
did not go along. Days of known campaigns are left out of the past. It warns, and decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct

from danshu.kernel.limits import DRIFT_ORDERS, DRIFT_SCORE, DRIFT_WEEKS_MIN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CAMPAIGNS: Final = frozenset({(6, 18), (11, 11), (12, 12)})
"""Days (month, day) that say nothing of an ordinary week."""
_MAD: Final = 1.4826  # a MAD of 1 is a standard deviation of this, for a normal spread
_FACTOR_CELLS: Final = 5


class Drift(Struct, frozen=True):
    """A cell that left its band: what was expected there, what was, and the score in MADs."""

    cell: tuple[str, str]
    expected: float
    real: float
    score: float


def day_factor(
    real: Mapping[tuple[str, str], float], past: Mapping[tuple[str, str], Sequence[float]]
) -> float:
    """Give by how much the day is above the usual, over all cells; 1 where too few tell."""
    ratios = [
        value / float(np.median(past[cell]))
        for cell, value in real.items()
        if len(past.get(cell, ())) >= DRIFT_WEEKS_MIN and float(np.median(past[cell])) > 0
    ]
    return float(np.median(ratios)) if len(ratios) >= _FACTOR_CELLS else 1.0


def volumes(
    real: Mapping[tuple[str, str], float], past: Mapping[tuple[str, str], Sequence[float]]
) -> list[Drift]:
    """Find cells (channel, province) whose count left its band; a cell without orders counts 0."""
    factor = day_factor({c: real.get(c, 0.0) for c in past}, past)
    found: list[Drift] = []
    for cell, history in past.items():
        if len(history) < DRIFT_WEEKS_MIN:
            continue
        values = np.asarray(history, dtype=float) * factor
        middle = float(np.median(values))
        spread = _MAD * float(np.median(np.abs(values - middle)))
        n = real.get(cell, 0.0)
        if max(n, middle) < DRIFT_ORDERS:
            continue
        # Counts spread by chance by at least their square root.
        score = (n - middle) / max(spread, middle**0.5, 1.0)
        if abs(score) >= DRIFT_SCORE:
            found.append(Drift(cell, round(middle, 1), n, round(score, 1)))
    return found


def latencies(
    real: Mapping[tuple[str, str], float],
    past: Mapping[tuple[str, str], Sequence[float]],
    orders: Mapping[tuple[str, str], float],
) -> list[Drift]:
    """Find cells whose mean delay in ms, over so many orders, is far above what it was at the same
    hour.
    """
    found: list[Drift] = []
    for cell, value in real.items():
        history = past.get(cell, ())
        if len(history) < DRIFT_WEEKS_MIN:
            continue
        values = np.asarray(history, dtype=float)
        middle = float(np.median(values))
        spread = _MAD * float(np.median(np.abs(values - middle)))
        # Delays spread about as widely as they are long, so the mean of n by chance by 1/sqrt(n).
        by_chance = middle / max(orders.get(cell, 0.0), 1.0) ** 0.5
        score = (value - middle) / max(spread, 0.1 * middle, by_chance, 1_000.0)
        if score >= DRIFT_SCORE:
            found.append(Drift(cell, round(middle, 1), value, round(score, 1)))
    return found
