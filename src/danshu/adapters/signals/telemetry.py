"""The house's own envelope: any variable, one reading or many, over HTTP, NATS or MQTT.

    {"key": "zone_temp", "subject": "zn:BJ01/chilled/s1", "value": 3.6, "unit": "°C",
     "observed": "2026-11-29T06:00:00Z", "quality": "good", "source": "probe-17"}

A list of these, or {"readings": [...]}. `key` and `subject` may come from the topic instead:
`…/zone_temp/BJ01/chilled/s1` (an MQTT topic's levels, or a NATS subject's words). `unit` is
optional, and what it names is brought into the variable's own unit. Without `observed` a reading
is of the moment at which it arrived.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from danshu.adapters.signals._form import (
    moment_of,
    number_of,
    read_document,
    read_each,
    read_items,
    text_of,
)
from danshu.kernel.errors import InputError
from danshu.ports.signal import BAD, GOOD, UNCERTAIN, Message, Reading, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_QUALITY: Final = {"good": GOOD, "uncertain": UNCERTAIN, "bad": BAD, "0": 0, "1": 1, "2": 2}
# unit -> (factor, offset) into the unit that a variable is kept in: °C, minutes, ratios
_UNITS: Final = {
    "": (1.0, 0.0),
    "°C": (1.0, 0.0),
    "degC": (1.0, 0.0),
    "Cel": (1.0, 0.0),
    "K": (1.0, -273.15),
    "°F": (5 / 9, -160 / 9),
    "degF": (5 / 9, -160 / 9),
    "%RH": (1.0, 0.0),
    "%": (0.01, 0.0),
    "ratio": (1.0, 0.0),
    "0-1": (1.0, 0.0),
    "bits": (1.0, 0.0),
    "min": (1.0, 0.0),
    "s": (1 / 60, 0.0),
    "h": (60.0, 0.0),
    "type*100+level": (1.0, 0.0),
}
_WAREHOUSE_KEYS: Final = frozenset(
    {
        "agv_availability",
        "cold_unit_health",
        "dock_queue",
        "equipment_health",
        "labour_redundancy",
        "pick_backlog",
        "policy_compliance",
        "wx_alert",
    }
)
_REGION_KEYS: Final = frozenset({"station_saturation", "rider_heat"})
_LEVELS: Final = re.compile(r"[/.]")


class Telemetry:
    """Readings that say themselves what they are."""

    name = "telemetry"
    title = "遥测信封"
    keys: tuple[str, ...] = ()

    def parse(self, message: Message) -> Told:
        """Read one reading, a list, or {"readings": [...]}."""
        named = _read_topic(message.topic)

        def read(item: Mapping[str, Any]) -> Iterator[Reading]:
            yield _read(item, named, message.received_ms)

        return read_each(read_items(read_document(message.body), "readings"), read)


def _read(item: Mapping[str, Any], named: tuple[str, str], received_ms: int) -> Reading:
    unit = text_of(item, "unit", otherwise="")
    if unit not in _UNITS:
        raise InputError("signal_unit", f"the unit {unit!r} is not known", "/unit")
    key = text_of(item, "key", otherwise=named[0] or None)
    if unit == "%" and key == "zone_humidity":
        unit = "%RH"
    factor, offset = _UNITS[unit]
    quality = text_of(item, "quality", otherwise="good")
    if quality not in _QUALITY:
        raise InputError("signal_quality", "quality is good, uncertain or bad", "/quality")
    return Reading(
        key=key,
        subject=text_of(item, "subject", otherwise=named[1] or None),
        value=number_of(item, "value") * factor + offset,
        observed_ms=moment_of(item, "observed", "ts", otherwise_ms=received_ms),
        source=text_of(item, "source", otherwise=""),
        quality=_QUALITY[quality],
    )


def _read_topic(topic: str) -> tuple[str, str]:
    """Read (key, subject) from a topic's last words; ("", "") where it names none."""
    words = _LEVELS.split(topic)
    for place, word in enumerate(words):
        rest = words[place + 1 :]
        if word in ("zone_temp", "zone_humidity") and len(rest) == 3:
            return word, f"zn:{rest[0]}/{rest[1]}/{rest[2]}"
        if word in ("lane_eta", "lane_road") and len(rest) == 2:
            return word, f"ln:{rest[0]}>{rest[1]}"
        if word in _WAREHOUSE_KEYS and len(rest) == 1:
            return word, f"wh:{rest[0]}"
        if word in _REGION_KEYS and len(rest) == 1:
            return word, f"rg:{rest[0]}"
    return "", ""
