"""A circuit breaker 熔断器: a far side that fails again and again is left alone for a while, then
asked once before everything goes on. Pure: the caller keeps it and tells the time.

It opens after so many failures in a row, or at so large a share of failures over a window of which
enough is known. Each opening in a row lasts twice as long as the one before, up to a bound.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace


class Phase(StrEnum):
    """Closed: all may go. Open: none. Half-open: one probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Rules(Struct, frozen=True, kw_only=True):
    """When it opens and for how long: `streak` failures in a row, or `share_pct` of at least
    `least` tries within `window_ms`; `open_ms` doubles with each opening up to `open_max_ms`.
    """

    streak: int = 5
    share_pct: int = 50
    least: int = 20
    window_ms: int = 60_000
    open_ms: int = 10_000
    open_max_ms: int = 300_000


class Breaker(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where it stands. `streak` counts failures in a row, `trips` openings since it last closed;
    it is open until `until_ms`. The window is two halves: the one begun at `began_ms` and the one
    before it, each with its tries and failures.
    """

    phase: Phase = Phase.CLOSED
    streak: int = 0
    trips: int = 0
    until_ms: int = 0
    began_ms: int = 0
    tries: int = 0
    failures: int = 0
    tries_before: int = 0
    failures_before: int = 0


CLOSED = Breaker()


def look(breaker: Breaker, at_ms: int) -> Phase:
    """Tell what may go now; an opening that is over lets one probe through."""
    if breaker.phase is Phase.OPEN and at_ms >= breaker.until_ms:
        return Phase.HALF_OPEN
    return breaker.phase


def record(breaker: Breaker, is_good: bool, rules: Rules, at_ms: int) -> Breaker:
    """Give the breaker after a try that ended at `at_ms`."""
    phase = look(breaker, at_ms)
    if phase is Phase.HALF_OPEN:
        return Breaker(began_ms=at_ms) if is_good else _open(breaker, rules, at_ms)
    if phase is Phase.OPEN:  # what was under way when it opened says nothing new
        return breaker
    now = _roll(breaker, rules, at_ms)
    now = replace(
        now,
        tries=now.tries + 1,
        failures=now.failures + (not is_good),
        streak=0 if is_good else now.streak + 1,
    )
    tries = now.tries + now.tries_before
    failures = now.failures + now.failures_before
    is_many = tries >= rules.least and failures * 100 >= rules.share_pct * tries
    if not is_good and (now.streak >= rules.streak or is_many):
        return _open(now, rules, at_ms)
    return now


def hold(breaker: Breaker, until_ms: int) -> Breaker:
    """Give it open until a moment that the far side named; no failure is counted."""
    return replace(breaker, phase=Phase.OPEN, until_ms=max(until_ms, breaker.until_ms))


def _open(breaker: Breaker, rules: Rules, at_ms: int) -> Breaker:
    wait_ms = min(rules.open_ms << min(breaker.trips, 20), rules.open_max_ms)
    return Breaker(
        phase=Phase.OPEN,
        streak=breaker.streak,
        trips=breaker.trips + 1,
        until_ms=at_ms + wait_ms,
        began_ms=at_ms,
    )


def _roll(breaker: Breaker, rules: Rules, at_ms: int) -> Breaker:
    """Let what is older than the window fall out, half of it at a time."""
    half_ms = rules.window_ms // 2
    age_ms = at_ms - breaker.began_ms
    if 0 <= age_ms < half_ms:
        return breaker
    is_next = half_ms <= age_ms < 2 * half_ms
    return replace(
        breaker,
        began_ms=at_ms,
        tries=0,
        failures=0,
        tries_before=breaker.tries if is_next else 0,
        failures_before=breaker.failures if is_next else 0,
    )
