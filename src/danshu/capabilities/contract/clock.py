"""The arithmetic of a promise's clock: when it falls due, when it warns, what an instant means.

Instants are epoch milliseconds UTC; the calendars of the kernel count microseconds. Everything is
a function of the clause and the facts, so that a deadline can be computed again and compared.
"""

from __future__ import annotations

import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from danshu.capabilities.contract.model import TICKING, State
from danshu.kernel import calendar
from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.fact import rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.contract.model import Clause, Mark, Pause, Promise

_MINUTE_MS: Final = 60_000
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_SHANGHAI: Final = datetime.timezone(datetime.timedelta(hours=8), "Asia/Shanghai")
_ONE_MS: Final = datetime.timedelta(milliseconds=1)
_SECONDS: Final = tuple(f"{second:02}." for second in range(60))
_MILLIS: Final = tuple(f"{milli:03}Z" for milli in range(1000))


@lru_cache(maxsize=1024)
def _minute(minute: int) -> str:
    return rfc3339(minute * _MINUTE_MS)[:17]


def stamp(ms: int) -> str:
    """Write epoch milliseconds as the kernel's RFC 3339, with the minute remembered.

    Orders placed together share their minutes; pinning writes two an order on the hot path.
    """
    minute, rest = divmod(ms, _MINUTE_MS)
    second, milli = divmod(rest, 1000)
    return _minute(minute) + _SECONDS[second] + _MILLIS[milli]


def zone(tz: str) -> datetime.tzinfo:
    """Give a time zone by its name. Raises ZoneInfoNotFoundError, ValueError or OSError.

    Shanghai has kept UTC+8 without summer time since 1992, so it needs no time-zone database.
    """
    return _SHANGHAI if tz == "Asia/Shanghai" else ZoneInfo(tz)


@lru_cache(maxsize=1024)
def _wall_ms(minute: int, days: int, until_ms: int, tz: str) -> int:
    """Give the instant of a wall-clock time `days` after the local day of a UTC minute.

    A minute is fine enough: offsets of zones since 1972 are whole minutes. A time that the zone
    skips is read with the offset before the gap, one that comes twice is its first (PEP 495, fold
    0).
    """
    there = zone(tz)
    local = (_EPOCH + datetime.timedelta(minutes=minute)).astimezone(there)
    midnight = datetime.datetime.combine(local.date(), datetime.time())
    wall = midnight + datetime.timedelta(days=days, milliseconds=until_ms)
    return (wall.replace(tzinfo=there) - _EPOCH) // _ONE_MS


def begin(clause: Clause, started_ms: int, ship_by_ms: int = 0) -> tuple[int, tuple[int, ...]]:
    """Give deadline and warnings of a promise that starts: `compute_due`, `compute_warnings`.

    What most orders carry (plain time, no earlier deadline of the platform) costs one addition
    each.
    """
    if clause.plain:
        due = started_ms + clause.limit_ms
        if clause.platform and 0 < ship_by_ms < due:
            return ship_by_ms, _spread(clause, started_ms, ship_by_ms)
        return due, tuple([started_ms + offset for offset in clause.warn_offsets_ms])
    due = compute_due(clause, started_ms, ship_by_ms)
    return due, compute_warnings(clause, started_ms, due)


def compute_due(
    clause: Clause, started_ms: int, ship_by_ms: int = 0, pauses: Sequence[Pause] = ()
) -> int:
    """Tell when a promise falls due; the platform's own deadline binds if earlier.

    Raises InputError when the clause's calendar does not cover the years needed.
    """
    if clause.until_days >= 0:
        due = _wall_ms(started_ms // _MINUTE_MS, clause.until_days, clause.until_ms, clause.tz)
    else:
        due = _count(clause, started_ms, clause.limit_ms, pauses)
    if clause.platform and 0 < ship_by_ms < due:
        return ship_by_ms
    return due


def compute_warnings(
    clause: Clause,
    started_ms: int,
    due_ms: int,
    pauses: Sequence[Pause] = (),
) -> tuple[int, ...]:
    """Tell when to warn, in order, never after the deadline.

    Shares are of the working allowance where the clause's own limit binds, and of the plain time
    between start and deadline where a wall clock or the platform binds.
    """
    limit_ms = clause.limit_ms
    if not limit_ms or due_ms != _count(clause, started_ms, limit_ms, pauses):
        return _spread(clause, started_ms, due_ms)
    instants = [
        _count(clause, started_ms, limit_ms * permille // 1000, pauses)
        for permille in clause.warn_permille
    ]
    instants += [due_ms - before for before in clause.warn_before_ms]
    return tuple(sorted(instants))


def _spread(clause: Clause, started_ms: int, due_ms: int) -> tuple[int, ...]:
    """Give warnings at shares of the plain time; a deadline before the start warns at once."""
    span = due_ms - started_ms
    if span > 0:
        instants = [started_ms + span * permille // 1000 for permille in clause.warn_permille]
    else:
        instants = [due_ms] * len(clause.warn_permille)
    instants += [due_ms - before for before in clause.warn_before_ms]
    instants.sort()
    return tuple(instants)


def _count(clause: Clause, started_ms: int, limit_ms: int, pauses: Sequence[Pause]) -> int:
    """Count `limit_ms` of the clause's time from the start."""
    if clause.calendar is None and not pauses:
        return started_ms + limit_ms
    spans = tuple((pause.from_ms * 1000, pause.until_ms * 1000) for pause in pauses)
    due_us = calendar.due(
        started_ms * 1000, limit_ms * 1000, clause.calendar or calendar.ELAPSED, spans
    )
    if due_us is None:
        raise ProgramError("a pause without an end")
    return due_us // 1000


def covers(clause: Clause, started_ms: int) -> bool:
    """Tell whether the clause's calendar covers a promise that starts then."""
    try:
        begin(clause, started_ms)
    except InputError:
        return False
    return True


def judge(due_ms: int, mark: Mark) -> State:
    """Say what an event means for a deadline: KEPT, BROKEN, or BORDERLINE within its error."""
    if mark.occurred_ms + mark.err_ms <= due_ms:
        return State.KEPT
    if mark.occurred_ms - mark.err_ms > due_ms:
        return State.BROKEN
    return State.BORDERLINE


def next_ms(promises: Sequence[Promise]) -> int:
    """Tell the next instant at which `tick` has something to say about the promises, 0 = never."""
    soonest = 0
    for promise in promises:
        state = promise.state
        if state is State.RUNNING:
            warned, warn = promise.warned, promise.warn_ms
            instant = warn[warned] if warned < len(warn) else promise.due_ms + 1
        elif state is State.PAUSED:
            instant = pause_end(promise)
        else:
            continue
        if not soonest or instant < soonest:
            soonest = instant
    return soonest


def delivery_due_ms(promises: Sequence[Promise]) -> int:
    """Tell the earliest deadline by which the goods must be delivered, 0 = none runs."""
    soonest = 0
    for promise in promises:
        if promise.clause.stop == "shipment.delivered" and promise.state in TICKING:
            due = promise.due_ms
            if not soonest or due < soonest:
                soonest = due
    return soonest


def pause_end(promise: Promise) -> int:
    """Tell when the caps of the promise's pauses let the clock go on, 0 = it never paused."""
    return max([pause.until_ms for pause in promise.pauses], default=0)
