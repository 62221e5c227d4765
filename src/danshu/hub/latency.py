"""How long orders take in this process: a histogram a minute for the last hour.

Buckets grow by a tenth, so a percentile is at most a tenth above the truth, never below it. Known
is only what this node did since it started; other nodes have their own.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.kernel.limits import LATENCY_MINUTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_GROWTH: Final = 1.1
_LEAST_US: Final = 1.0
_BUCKETS: Final = 200  # up to 190 s
_SCALE: Final = 1 / math.log(_GROWTH)


class Percentile(Struct, frozen=True, kw_only=True):
    """What a share of the samples did not exceed, in microseconds; None without samples."""

    us: float | None
    samples: int


def bucket_of(duration_s: float) -> int:
    """Give the bucket that a duration falls into."""
    us = duration_s * 1e6
    return min(int(math.log(us) * _SCALE), _BUCKETS - 1) if us > _LEAST_US else 0


def top_us(bucket: int) -> float:
    """Give the longest duration of a bucket, in microseconds."""
    return float(_GROWTH ** (bucket + 1))


def percentile_us(counts: Mapping[int, int], share: float) -> float | None:
    """Give what a share of the samples (bucket -> count) did not exceed, in us; None of none."""
    wanted = math.ceil(sum(counts.values()) * share)
    seen = 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if seen >= wanted and seen:
            return top_us(bucket)
    return None


class Histogram:
    """Durations by minute of the clock."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._minutes: list[tuple[int, list[int]]] = [
            (-1, [0] * _BUCKETS) for _ in range(LATENCY_MINUTES)
        ]
        self._ended = [0] * _BUCKETS  # of minutes that are no longer remembered one by one
        self._sum_s = 0.0

    def note(self, duration_s: float, times: int = 1) -> None:
        """Add a duration that so many had."""
        us = duration_s * 1e6
        bucket = int(math.log(us) * _SCALE) if us > _LEAST_US else 0
        minute = int(self._clock_s() // 60)
        at = minute % LATENCY_MINUTES
        if self._minutes[at][0] != minute:
            self._ended = [a + b for a, b in zip(self._ended, self._minutes[at][1], strict=True)]
            self._minutes[at] = (minute, [0] * _BUCKETS)
        self._sum_s += duration_s * times
        self._minutes[at][1][min(bucket, _BUCKETS - 1)] += times

    def of_minute(self, minute: int) -> dict[int, int]:
        """Give the samples of a minute of the clock by bucket, without empty ones."""
        known, counts = self._minutes[minute % LATENCY_MINUTES]
        return {b: n for b, n in enumerate(counts) if n} if known == minute else {}

    def totals(self) -> tuple[list[int], float]:
        """Give all samples since the start by bucket, and the sum of their durations in s."""
        counts = list(self._ended)
        for _, minute in self._minutes:
            counts = [a + b for a, b in zip(counts, minute, strict=True)]
        return counts, self._sum_s

    def percentile(self, share: float, minutes: int) -> Percentile:
        """Give a percentile of the last minutes, the running one included."""
        now = int(self._clock_s() // 60)
        return _of([c for m, c in self._minutes if now - minutes < m <= now], share)

    def series(self, share: float, minutes: int) -> list[float | None]:
        """Give the percentile of each of the last minutes, the oldest first; None = no samples."""
        now = int(self._clock_s() // 60)
        known = dict(self._minutes)
        return [
            _of([known[m]] if m in known else [], share).us
            for m in range(now - minutes + 1, now + 1)
        ]


class Latency:
    """What this process measures of placing orders. `answer`: from the request to the answer after
    the commit. `decision`: deciding alone, an order's share of its group.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self.answer: Final = Histogram(clock_s)
        self.decision: Final = Histogram(clock_s)


def _of(counts: list[list[int]], share: float) -> Percentile:
    total = sum(map(sum, counts))
    if not total:
        return Percentile(us=None, samples=0)
    wanted = math.ceil(total * share)
    seen = 0
    for bucket in range(_BUCKETS):
        seen += sum(c[bucket] for c in counts)
        if seen >= wanted:
            return Percentile(us=_GROWTH ** (bucket + 1), samples=total)
    raise AssertionError("the buckets hold every sample")
