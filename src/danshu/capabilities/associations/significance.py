"""What chance alone would give: pairs compared within strata, exactly, and many pairs at once.

Two kinds of units (with `first`, without) are compared on whether they have `then`, within strata
of units that had equally many occasions to (orders that follow, goods in the basket); otherwise
whoever buys much seems to buy everything because of everything.

N. Mantel and W. Haenszel (1959); Y. Benjamini and D. Yekutieli (2001), valid whatever the pairs
have to do with one another.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_EXACT_Z: Final = 3.0
"""Pairs nearer than this to what is expected need no exact probability: none passes."""


def test_pairs(both: Counts, first: Counts, then: Counts, total: Counts) -> Floats:
    """Give one-sided p of each pair. All are (pairs, strata): units with both, with `first`, with
    `then`, and all.
    """
    n, a, k = total.astype(float), first.astype(float), then.astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.nan_to_num(a * k / n)
        spread = np.nan_to_num(a * k * (n - a) * (n - k) / (n * n * (n - 1)))
    spare = both.sum(axis=1) - mean.sum(axis=1)
    size = np.sqrt(spread.sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(size > 0, (spare - 0.5) / size, 0.0)
    p = np.ones(len(z))
    for at in np.flatnonzero(z > _EXACT_Z).tolist():
        p[at] = exact(both[at], first[at], then[at], total[at])
    return p


def exact(both: Counts, first: Counts, then: Counts, total: Counts) -> float:
    """Give the chance of so many with both or more, summed over strata (hypergeometric each)."""
    logs = _logs(int(total.max(initial=0)))
    spread = np.ones(1)
    least = 0
    for a, k, n in zip(first.tolist(), then.tolist(), total.tolist(), strict=True):
        low, high = max(0, a + k - n), min(a, k)
        least += low
        if high > low:
            x = np.arange(low, high + 1)
            size = logs[a] + logs[n - a] + logs[k] + logs[n - k] - logs[n]
            size = size - logs[x] - logs[a - x] - logs[k - x] - logs[n - a - k + x]
            spread = np.convolve(spread, np.exp(size))
    seen = int(both.sum()) - least
    return 1.0 if seen <= 0 else float(min(1.0, spread[seen:].sum()))


@lru_cache(maxsize=8)
def _logs_to(size: int) -> Floats:
    made: Floats = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, size + 1)))])
    return made


def _logs(most: int) -> Floats:
    """Give the logarithms of factorials up to at least `most`."""
    return _logs_to(1 << max(most, 1).bit_length())


def adjust(p: Sequence[float], tested: int) -> list[float]:
    """Give q of each p among `tested` (those not given count as 1), after Benjamini, Yekutieli."""
    if not p:
        return []
    harmonic = float((1 / np.arange(1, tested + 1)).sum())
    order = np.argsort(p, kind="stable")
    ranked = np.asarray(p)[order] * tested * harmonic / np.arange(1, len(p) + 1)
    least = np.minimum.accumulate(ranked[::-1])[::-1]
    out = np.empty(len(p))
    out[order] = np.minimum(least, 1.0)
    return [float(q) for q in out]
