"""Building management of cold stores: zones' probes, and the units that cool them.

    {"warehouse": "BJ01", "observed": "…",
     "probes": [{"zone": "chilled", "sensor": "s1", "temperature_c": 3.4, "humidity_rh": 61}],
     "units": [{"unit": "U1", "power_kw": 7.1, "rated_kw": 9.0, "door_open_s": 0, "alarm": false,
                "state": "running"}]}

Each probe is a sensor of its own, so that the quorum of three can be judged. The health of a
warehouse's cold units is that of its worst one: 0 with an alarm, off, or without power while it
should run; else it falls with a door that stands open (10 minutes take all of it) and with power
over what is rated.
"""

from __future__ import annotations

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
from danshu.ports.signal import BAD, GOOD, Message, Reading, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DOOR_S: Final = 600.0
_IDLE_KW: Final = 0.05  # a compressor that should run and takes less than this does not


class Bms:
    """Probes and cold units of a warehouse."""

    name = "bms"
    title = "冷库楼控"
    keys: tuple[str, ...] = ("zone_temp", "zone_humidity", "cold_unit_health")

    def parse(self, message: Message) -> Told:
        """Read one warehouse's state."""
        document = read_document(message.body)
        at_ms = said_at(document, message)
        whole = read_one(document)
        code = text_of(whole, "warehouse")

        def read_probe(item: Mapping[str, Any]) -> Iterator[Reading]:
            zone, sensor = text_of(item, "zone"), text_of(item, "sensor", "probe")
            quality = BAD if item.get("fault") is True else GOOD
            told = [("zone_temp", "temperature_c"), ("zone_humidity", "humidity_rh")]
            for key, name in told:
                if item.get(name) is None and (name != "temperature_c" or "humidity_rh" in item):
                    continue
                yield Reading(
                    key=key,
                    subject=f"zn:{code}/{zone}/{sensor}",
                    value=number_of(item, name),
                    observed_ms=moment_of(item, "observed", otherwise_ms=at_ms),
                    quality=quality,
                )

        probes = read_each(read_items(whole.get("probes") or []), read_probe, "/probes")
        worst: list[float] = []

        def read_unit(item: Mapping[str, Any]) -> Iterator[Reading]:
            worst.append(_health(item))
            yield from ()

        units = read_each(read_items(whole.get("units") or []), read_unit, "/units")
        readings = list(probes.readings)
        if worst and not units.faults:  # a unit that can't be read may be the worst one
            readings.append(
                Reading(
                    key="cold_unit_health",
                    subject=f"wh:{code}",
                    value=min(worst),
                    observed_ms=at_ms,
                )
            )
        return Told(readings=tuple(readings), faults=(*probes.faults, *units.faults))


def _health(item: Mapping[str, Any]) -> float:
    state = text_of(item, "state", otherwise="running")
    power_kw = number_of(item, "power_kw")
    if item.get("alarm") is True or state in ("off", "fault"):
        return 0.0
    if state == "running" and power_kw < _IDLE_KW:
        return 0.0
    rated_kw = number_of(item, "rated_kw", otherwise=0.0)
    strain = min(max(power_kw / rated_kw - 1.0, 0.0), 1.0) if rated_kw > 0 else 0.0
    door = min(max(number_of(item, "door_open_s", otherwise=0.0), 0.0) / _DOOR_S, 1.0)
    return max(0.0, (1.0 - door) * (1.0 - strain))
