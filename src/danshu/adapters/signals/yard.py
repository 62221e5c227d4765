"""The yard: how long a truck waits for a dock and a forklift, by dock events and GPS tracks.

    {"warehouse": "BJ01", "observed": "…",
     "events": [{"truck": "京A12345", "event": "arrive", "at": "…"},
                {"truck": "京A12345", "event": "dock", "at": "…"}],
     "forklifts": [{"forklift": "F1", "track": [{"lng": 116.4, "lat": 39.9, "at": "…"}, …]}],
     "forklifts_needed": 6}

A truck's wait is from `arrive` to `dock`, or to now while it stands. The queue is the mean of the
trucks that stand or docked within half an hour, times what is missing of the forklifts: one moves
when its track covers more than 20 m within ten minutes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from danshu.adapters.signals._form import (
    moment_of,
    number_of,
    read_document,
    read_each,
    read_items,
    read_one,
    said_at,
    text_of,
)
from danshu.kernel.errors import InputError
from danshu.ports.signal import Message, Reading, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_RECENT_MS: Final = 30 * 60_000
_TRACK_MS: Final = 10 * 60_000
_MOVED_M: Final = 20.0
_DEGREE_M: Final = 111_195.0
_EVENTS: Final = ("arrive", "dock", "leave")
_LONGEST: Final = 3.0  # however few forklifts move, the queue is at most so many times longer


class Yard:
    """Minutes of queue at the docks."""

    name = "yard"
    title = "月台与叉车"
    keys: tuple[str, ...] = ("dock_queue",)

    def parse(self, message: Message) -> Told:
        """Read one warehouse's yard."""
        document = read_document(message.body)
        at_ms = said_at(document, message)
        whole = read_one(document)
        subject = f"wh:{text_of(whole, 'warehouse')}"
        seen: dict[str, dict[str, int]] = {}
        moving: list[bool] = []

        def read_event(item: Mapping[str, Any]) -> Iterator[Reading]:
            event = text_of(item, "event")
            if event not in _EVENTS:
                raise InputError("signal_event", f"the event {event!r} is not known", "/event")
            truck = seen.setdefault(text_of(item, "truck", "plate"), {})
            truck[event] = max(truck.get(event, 0), moment_of(item, "at", "ts"))
            yield from ()

        def read_forklift(item: Mapping[str, Any]) -> Iterator[Reading]:
            text_of(item, "forklift", "id")
            moving.append(_moves(item.get("track"), at_ms))
            yield from ()

        events = read_each(read_items(whole.get("events") or []), read_event, "/events")
        lifts = read_each(read_items(whole.get("forklifts") or []), read_forklift, "/forklifts")
        faults = (*events.faults, *lifts.faults)
        if "events" not in whole or faults:
            return Told(faults=faults)
        needed = number_of(whole, "forklifts_needed", otherwise=0.0)
        short = min(needed / max(sum(moving), 1), _LONGEST) if moving and needed > 0 else 1.0
        queue = Reading(
            key="dock_queue",
            subject=subject,
            value=min(_mean_wait_min(seen, at_ms) * max(short, 1.0), 90.0),
            observed_ms=at_ms,
        )
        return Told(readings=(queue,))


def _mean_wait_min(seen: Mapping[str, Mapping[str, int]], at_ms: int) -> float:
    waits: list[float] = []
    for truck in seen.values():
        arrived, docked = truck.get("arrive", 0), truck.get("dock", 0)
        if not arrived or truck.get("leave", 0) > max(arrived, docked) > docked:
            continue
        if docked >= arrived:
            if at_ms - docked <= _RECENT_MS:
                waits.append((docked - arrived) / 60_000)
        elif truck.get("leave", 0) < arrived:
            waits.append(max(at_ms - arrived, 0) / 60_000)
    return sum(waits) / len(waits) if waits else 0.0


def _moves(track: Any, at_ms: int) -> bool:
    """Tell whether a track covers ground within the last minutes before `at_ms`."""
    if not isinstance(track, list):
        raise InputError("signal_form", "a track is a list of points", "/track")
    points = []
    for point in track:
        if not isinstance(point, dict):
            raise InputError("signal_form", "a point is an object", "/track")
        if at_ms - moment_of(point, "at", "ts") <= _TRACK_MS:
            points.append((number_of(point, "lng"), number_of(point, "lat")))
    if len(points) < 2:
        return False
    lng, lat = points[0]
    shrink = math.cos(math.radians(lat))
    return any(
        math.hypot((x - lng) * shrink, y - lat) * _DEGREE_M > _MOVED_M for x, y in points[1:]
    )
