"""Is the candidate worse than what it is to replace? Pure: counts in, a reason out.

Three shares are compared: tries that failed, calls that were refused, and tries that were slower
than the predecessor's p95 allows. A share is worse when its lower bound at `Z` standard errors
(Wilson 1927) lies above the other's upper bound at `Z_OTHER` and the margin: it is looked at every
second for hours, and a candidate just as good must survive that.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

BOUNDS_MS: Final = (
    *(5, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400, 600, 800),
    *(1_000, 1_500, 2_000, 3_000, 5_000, 8_000, 12_000, 20_000, 30_000),
)
"""Upper bounds of the buckets of latencies; one more holds what is slower."""
BUCKETS: Final = len(BOUNDS_MS) + 1
Z: Final = 4.0  # seen every second for hours: 3.2e-5 one-sided at each look
Z_OTHER: Final = 2.0
_SLOW: Final = 0.05  # of the tries may be slower than the limit that p95 sets


class Margins(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much worse a candidate may be: points of failures and of refusals in hundredths of a
    percent; `slower_pct` and `slower_ms` beyond the p95 of what it replaces. Below `least` of its
    tries nothing is said, except where `streak` of them failed and none succeeded.
    """

    failed: int = 200
    refused: int = 1_000
    slower_pct: int = 100
    slower_ms: int = 200
    least: int = 50
    streak: int = 10


class Sample(Struct, frozen=True, kw_only=True):
    """What one side did: tries that ended, how, and how long they took, by bucket."""

    done: int = 0
    refused: int = 0
    failed: int = 0
    latency: tuple[int, ...] = (0,) * BUCKETS

    @property
    def tries(self) -> int:
        """All of them."""
        return self.done + self.refused + self.failed


class Worse(Struct, frozen=True, kw_only=True):
    """Why a candidate is worse: `by` is failed, refused or slower; shares in hundredths of a
    percent, or p95 in ms where it is slower.
    """

    by: str
    candidate: int
    replaced: int
    tries: int


def judge(candidate: Sample, replaced: Sample, margins: Margins) -> Worse | None:
    """Say by what the candidate is worse; None while it is not known to be."""
    tries = candidate.tries
    if tries < margins.least:
        is_dead = candidate.failed >= margins.streak and candidate.failed == tries
        if is_dead and replaced.failed < replaced.tries:
            return Worse(by="failed", candidate=10_000, replaced=_share(replaced), tries=tries)
        return None
    for by, count, other, margin in (
        ("failed", candidate.failed, replaced.failed, margins.failed),
        ("refused", candidate.refused, replaced.refused, margins.refused),
    ):
        lower = bounds(count, tries)[0]
        upper = bounds(other, replaced.tries, Z_OTHER)[1] if replaced.tries else 0.0
        if lower > upper + margin / 10_000:
            return Worse(
                by=by,
                candidate=round(10_000 * count / tries),
                replaced=round(10_000 * other / max(replaced.tries, 1)),
                tries=tries,
            )
    return _slower(candidate, replaced, margins)


def _slower(candidate: Sample, replaced: Sample, margins: Margins) -> Worse | None:
    measured = sum(candidate.latency)
    if measured < margins.least or sum(replaced.latency) < margins.least:
        return None
    usual_ms = percentile_ms(replaced.latency, 95)
    limit_ms = max(usual_ms * (100 + margins.slower_pct) // 100, usual_ms + margins.slower_ms)
    first = next((n for n, bound in enumerate(BOUNDS_MS) if bound >= limit_ms), len(BOUNDS_MS)) + 1
    over = sum(candidate.latency[first:])
    if bounds(over, measured)[0] <= _SLOW:
        return None
    p95_ms = percentile_ms(candidate.latency, 95)
    return Worse(by="slower", candidate=p95_ms, replaced=usual_ms, tries=candidate.tries)


def bounds(count: int, total: int, z: float = Z) -> tuple[float, float]:
    """Give the interval of a share after Wilson: (lower, upper)."""
    if total <= 0:
        return 0.0, 1.0
    share, square = count / total, z * z / total
    middle = (share + square / 2) / (1 + square)
    half = z * math.sqrt(share * (1 - share) / total + square / (4 * total)) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def bucket(took_ms: int) -> int:
    """Give the bucket of a latency."""
    return next((n for n, bound in enumerate(BOUNDS_MS) if took_ms <= bound), len(BOUNDS_MS))


def percentile_ms(latency: Sequence[int], percent: int) -> int:
    """Give the upper bound of the bucket that holds a percentile, ms; 0 where there is nothing."""
    total = sum(latency)
    if not total:
        return 0
    left = math.ceil(total * percent / 100)
    for n, count in enumerate(latency):
        left -= count
        if left <= 0:
            return BOUNDS_MS[min(n, len(BOUNDS_MS) - 1)]
    return BOUNDS_MS[-1]


def _share(sample: Sample) -> int:
    return round(10_000 * sample.failed / max(sample.tries, 1))
