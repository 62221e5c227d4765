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
    from collections.abc import Callable

_GROWTH: Final = 1.1
_LEAST_US: Final = 1.0
_BUCKETS: Final = 200  # up to 190 s
_SCALE: Final = 1 / math.log(_GROWTH)


class Percentile(Struct, frozen=True, kw_only=True):
    """What a share of the samples did not exceed, in microseconds; None without samples."""

    us: float | None
    samples: int


class Histogram:
    """Durations by minute of the monotonic clock."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._minutes: list[tuple[int, list[int]]] = [
            (-1, [0] * _BUCKETS) for _ in range(LATENCY_MINUTES)
        ]

    def note(self, duration_s: float, times: int = 1) -> None:
        """Add a duration that so many had."""
        us = duration_s * 1e6
        bucket = int(math.log(us) * _SCALE) if us > _LEAST_US else 0
        minute = int(self._clock_s() // 60)
        at = minute % LATENCY_MINUTES
        if self._minutes[at][0] != minute:
            self._minutes[at] = (minute, [0] * _BUCKETS)
        self._minutes[at][1][min(bucket, _BUCKETS - 1)] += times

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
