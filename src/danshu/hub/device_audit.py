"""The audit's folder of devices: what people said of waves, and what was done to devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub.device_facts import DeviceServiced, DeviceWaveJudged
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_WAVES: Final = """
select device, original::text, normal from waves where tenant=%s and original = any(%s::uuid[])
"""
_EVENTS: Final = "select id::text, device, what from device_events where tenant=%s"


class DevicesFolder:
    """Keeps the last word on each wave and every entry of a history; compares at the end."""

    types = frozenset({"device.wave_judged", "device.serviced"})

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._judged: dict[str, tuple[str, str, bool]] = {}
        self._events: dict[str, tuple[str, str]] = {}

    def fold(self, fact: Fact) -> None:
        """Take in one fact; each has a stream of its own, and streams come by their time."""
        data = fact.data
        if isinstance(data, DeviceWaveJudged):
            self._judged[data.original] = (data.device, data.original, data.normal)
        elif isinstance(data, DeviceServiced):
            self._events[data.event] = (data.device, data.what)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing here lies on a stream of its own."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare waves that were judged, and histories."""
        cursor = await connection.execute(_WAVES, (self._tenant, list(self._judged)))
        waves = {row[1]: tuple(row) for row in await cursor.fetchall()}
        cursor = await connection.execute(_EVENTS, (self._tenant,))
        events = {id_: (device, what) for id_, device, what in await cursor.fetchall()}
        found = [
            _differ("wave_differs", f"waves {key}", waves.get(key), said)
            for key, said in sorted(self._judged.items())
            if waves.get(key) != said
        ]
        return found + [
            _differ("device_event_differs", f"device_events {key}", events.get(key), said)
            for key in sorted(events.keys() | self._events.keys())
            if events.get(key) != (said := self._events.get(key))
        ]


def _differ(code: str, where: str, row: object, said: object) -> Difference:
    return Difference(code=code, where=where, detail=f"row {row}, facts {said}")
