"""Machines of a warehouse: AGVs by their logs, conveyors and sorters by alarms and maintenance.

    {"warehouse": "BJ01", "observed": "…",
     "agvs": [{"agv_id": "A1", "state": "idle", "battery": 0.8}, …],
     "machines": [{"machine": "sorter-1", "weight": 3, "state": "running", "alarms": ["minor"],
                   "service_due_days": 12}]}

AGVs that are ready (idle, moving, working with at least 15 % of battery) of all. The index of
equipment is the mean of machines by weight: running 1, degraded 0.6, stopped or in service 0, less
0.3 for a major alarm and 0.1 for a minor one, less 0.1 when service is overdue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.adapters.signals._form import (
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

_READY: Final = frozenset({"idle", "moving", "working", "loaded", "ready"})
_BATTERY: Final = 0.15
_STATES: Final = {"running": 1.0, "idle": 1.0, "degraded": 0.6, "stopped": 0.0, "service": 0.0}
_ALARMS: Final = {"critical": 1.0, "major": 0.3, "minor": 0.1}
_OVERDUE: Final = 0.1


class Equipment:
    """AGVs ready, and the health of machines."""

    name = "equipment"
    title = "设备与AGV"
    keys: tuple[str, ...] = ("agv_availability", "equipment_health")

    def parse(self, message: Message) -> Told:
        """Read one warehouse's machines; a list with a fault in it gives no figure of its kind."""
        document = read_document(message.body)
        at_ms = said_at(document, message)
        whole = read_one(document)
        subject = f"wh:{text_of(whole, 'warehouse')}"
        ready: list[bool] = []
        healths: list[tuple[float, float]] = []

        def read_agv(item: Mapping[str, Any]) -> Iterator[Reading]:
            text_of(item, "agv_id", "id")
            battery = number_of(item, "battery", otherwise=1.0)
            ready.append(text_of(item, "state") in _READY and battery >= _BATTERY)
            yield from ()

        def read_machine(item: Mapping[str, Any]) -> Iterator[Reading]:
            weight = number_of(item, "weight", otherwise=1.0)
            if weight <= 0:
                raise InputError("signal_number", "a machine's weight is over 0", "/weight")
            healths.append((_health(item), weight))
            yield from ()

        agvs = read_each(read_items(whole.get("agvs") or []), read_agv, "/agvs")
        machines = read_each(read_items(whole.get("machines") or []), read_machine, "/machines")
        readings: list[Reading] = []
        if ready and not agvs.faults:
            share = sum(ready) / len(ready)
            readings.append(_reading("agv_availability", subject, share, at_ms))
        if healths and not machines.faults:
            index = sum(h * w for h, w in healths) / sum(w for _, w in healths)
            readings.append(_reading("equipment_health", subject, index, at_ms))
        return Told(readings=tuple(readings), faults=(*agvs.faults, *machines.faults))


def _reading(key: str, subject: str, value: float, at_ms: int) -> Reading:
    return Reading(key=key, subject=subject, value=value, observed_ms=at_ms)


def _health(item: Mapping[str, Any]) -> float:
    state = text_of(item, "state")
    if state not in _STATES:
        raise InputError("signal_state", f"the state {state!r} is not known", "/state")
    alarms = item.get("alarms") or ()
    if not isinstance(alarms, list):
        raise InputError("signal_form", "alarms is a list", "/alarms")
    # an alarm of a kind that nobody knows is taken for a major one
    off = sum(_ALARMS.get(str(alarm), _ALARMS["major"]) for alarm in alarms)
    off += _OVERDUE * (number_of(item, "service_due_days", otherwise=1.0) < 0)
    return max(0.0, _STATES[state] - off)
