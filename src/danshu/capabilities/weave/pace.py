"""A token bucket 令牌桶: how many may go now, so that at most so many go a second."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace


class Pace(Struct, frozen=True, kw_only=True):
    """A bucket of at most one second's worth, filled at `at_ms`; `per_s` 0 is no limit."""

    per_s: int
    tokens: float = 0.0
    at_ms: int = 0


def fill(pace: Pace, at_ms: int) -> Pace:
    """Give the bucket as it is at a moment; a new one is full."""
    if not pace.at_ms:
        return replace(pace, tokens=float(pace.per_s), at_ms=at_ms)
    came = max(at_ms - pace.at_ms, 0) * pace.per_s / 1_000
    return replace(pace, tokens=min(float(pace.per_s), pace.tokens + came), at_ms=at_ms)


def allow(pace: Pace, wanted: int) -> int:
    """Tell how many of those wanted may go now."""
    return wanted if not pace.per_s else min(wanted, int(pace.tokens))


def spend(pace: Pace, count: int) -> Pace:
    """Give the bucket after so many went."""
    return replace(pace, tokens=pace.tokens - count) if pace.per_s else pace
