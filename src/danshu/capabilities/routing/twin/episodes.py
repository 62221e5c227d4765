"""Where a zone's recorded series tell of its physics: its unit off, and bringing it down again."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from danshu.capabilities.routing.twin.learning import DOWN, OFF, Episode, smooth
from danshu.capabilities.routing.twin.thermal import FIT_MIN
from danshu.kernel.limits import ZONE_EPISODES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from danshu.capabilities.routing.twin.state import Told

OFF_POWER: Final = 0.05  # a unit that gives at most this is off
ON_POWER: Final = 0.3
GAP_MS: Final = 5 * 60_000  # between two frames: what was meanwhile nobody knows
SHORTEST_MS: Final = 15 * 60_000
LONGEST_MS: Final = 12 * 3_600_000
ABOVE_C: Final = 1.0  # over where the zone stood before: there a unit works as hard as it can
NEAR_C: Final = 0.5  # and here its thermostat may begin to hold
_POINTS: Final = 10
_HALF_MS: Final = FIT_MIN * 60_000


class Unit(NamedTuple):
    """A zone's cold units at one moment: what they could give, the share of the last half hour that
    the door was open.
    """

    at_ms: int
    power: float
    door: float


class Span(NamedTuple):
    """A warm-up from `from_ms` to `off_ms`, and until when the unit ran after it."""

    from_ms: int
    off_ms: int
    down_ms: int


def find_spans(units: Sequence[Unit]) -> list[Span]:
    """Find when a zone's unit was off, the newest ZONE_EPISODES; `units` in order of time."""
    found: list[Span] = []
    first = 0
    while first < len(units):
        if units[first].power > OFF_POWER:
            first += 1
            continue
        last = _run(units, first, lambda unit: unit.power <= OFF_POWER)
        end = units[last].at_ms
        if end - units[first].at_ms >= SHORTEST_MS:
            after = last + 1
            runs = after < len(units) and units[after].at_ms - end <= GAP_MS
            runs = runs and units[after].power >= ON_POWER
            stop = _run(units, after, lambda unit: unit.power >= ON_POWER) if runs else last
            found.append(Span(units[first].at_ms, end, units[stop].at_ms))
        first = last + 1
    return found[-ZONE_EPISODES:]


def _run(units: Sequence[Unit], first: int, is_so: Callable[[Unit], bool]) -> int:
    """Give the last of the units from `first` on that are so, without a gap."""
    last = first
    while (
        last + 1 < len(units)
        and is_so(units[last + 1])
        and units[last + 1].at_ms - units[last].at_ms <= GAP_MS
        and units[last + 1].at_ms - units[first].at_ms <= LONGEST_MS
    ):
        last += 1
    return last


def cut(spans: Iterable[Span], units: Sequence[Unit], told: Iterable[Told]) -> list[Episode]:
    """Cut a zone's readings into episodes: a minute's value is the median of its probes."""
    minutes: dict[int, list[float]] = defaultdict(list)
    for reading in told:
        minutes[reading.observed_ms // 60_000].append(reading.value_c)
    values = {minute: median(rows) for minute, rows in minutes.items()}
    made = []
    for span in spans:
        warm = _cut_one(OFF, span.from_ms, span.off_ms, units, values)
        if warm is None:
            continue
        made.append(warm)
        down = _cut_one(DOWN, span.off_ms, span.down_ms, units, values)
        if down is not None:
            down = _until_held(down, float(smooth(warm.value_c)[0]))
        if down is not None:
            made.append(down)
    return made


def _cut_one(
    kind: str, from_ms: int, to_ms: int, units: Sequence[Unit], values: dict[int, float]
) -> Episode | None:
    first, last = -(-from_ms // 60_000), to_ms // 60_000
    told = [minute for minute in range(first, last + 1) if minute in values]
    if len(told) < _POINTS:
        return None
    times = [unit.at_ms for unit in units]

    def unit_at(at_ms: int) -> Unit:
        return units[max(bisect_right(times, at_ms) - 1, 0)]

    def door_at(at_ms: int) -> float:
        begins = from_ms + _HALF_MS * ((at_ms - from_ms) // _HALF_MS)
        return _share(unit_at, begins, max(min(begins + _HALF_MS, to_ms), begins + 60_000))

    return Episode(
        kind=kind,
        at_ms=from_ms,
        minutes=np.array([minute - told[0] for minute in told], np.float64),
        value_c=np.array([values[minute] for minute in told], np.float64),
        power=np.array([unit_at(minute * 60_000).power for minute in told], np.float64),
        door=np.array([door_at(minute * 60_000) for minute in told], np.float64),
    )


def _share(unit_at: Callable[[int], Unit], from_ms: int, to_ms: int) -> float:
    """Give the share of a span of at most half an hour that the door was open.

    A frame counts the half hour before it: of what lies before the span as much is taken off as the
    frame at its beginning tells, as if that had been even.
    """
    span = (to_ms - from_ms) / _HALF_MS
    open_ = unit_at(to_ms).door - unit_at(from_ms).door * (1.0 - span)
    return min(max(open_ / span, 0.0), 1.0)


def _until_held(down: Episode, stood_c: float) -> Episode | None:
    """Keep of a pull-down what lies clear above where the zone stood before its warm-up."""
    seen = smooth(down.value_c)
    if seen[0] < stood_c + ABOVE_C:
        return None
    held = np.flatnonzero(seen <= stood_c + NEAR_C)
    count = int(held[0]) if len(held) else len(seen)
    if count < _POINTS:
        return None
    return down._replace(**{name: getattr(down, name)[:count] for name in _COLUMNS})


_COLUMNS: Final = ("minutes", "value_c", "power", "door")
