"""The audit's folder of the health board: incidents, maintenance windows, thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.weave.levels import Level
from danshu.hub.health_facts import (
    HealthIncidentChanged,
    HealthThresholdsChanged,
    HealthWindowChanged,
)
from danshu.kernel.fact import epoch_ms
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import datetime
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
Row = tuple[Any, ...]
_INCIDENTS: Final = """
select id, metric, level, value, culprit, closed, seq from health_incidents
where tenant=%s and id>=%s and id<%s
"""
_WINDOWS: Final = """
select id, scope, reason, begins, ends, ended, seq from health_windows
where tenant=%s and id>=%s and id<%s
"""
_THRESHOLDS: Final = """
select stream, metric, own, blue, yellow, red, seq from health_thresholds
where tenant=%s and stream>=%s and stream<%s
"""


class HealthFolder:
    """Folds incidents, windows and thresholds, and compares the rows. Rows of incidents that were
    closed long ago are swept; that they are gone is no difference.
    """

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._rows: dict[Row, Row] = {}

    @property
    def types(self) -> frozenset[str]:
        """Incidents, windows and thresholds."""
        return frozenset(
            {"health_incident.changed", "health_window.changed", "health_thresholds.changed"}
        )

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        match data:
            case HealthIncidentChanged():
                closed = epoch_ms(fact.time) if data.state == "closed" else 0
                level = int(Level[data.level.upper()])
                told: Row = (data.metric, level, data.value, data.culprit, closed)
                self._rows["health_incidents", fact.stream] = (*told, fact.seq)
            case HealthWindowChanged():
                ended = epoch_ms(fact.time) if data.state == "ended" else 0
                told = (data.scope, data.reason, epoch_ms(data.begins), epoch_ms(data.ends))
                self._rows["health_windows", fact.stream] = (*told, ended, fact.seq)
            case HealthThresholdsChanged():
                told = (data.metric, data.own, data.blue, data.yellow, data.red)
                self._rows["health_thresholds", fact.stream] = (*told, fact.seq)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the rows of these streams with what their facts gave."""
        place = (self._tenant, first, end)
        rows: dict[Row, Row] = {}
        for id_, metric, level, value, culprit, closed, seq in await _all(
            connection, _INCIDENTS, place
        ):
            told: Row = (metric, level, value, culprit, _ms(closed), seq)
            rows["health_incidents", id_] = told
        for id_, scope, reason, begins, ends, ended, seq in await _all(connection, _WINDOWS, place):
            told = (scope, reason, _ms(begins), _ms(ends), _ms(ended), seq)
            rows["health_windows", id_] = told
        for stream, *more in await _all(connection, _THRESHOLDS, place):
            rows["health_thresholds", stream] = tuple(more)
        expected, self._rows = self._rows, {}
        for key, row in list(expected.items()):
            if key[0] == "health_incidents" and row[4] and key not in rows:
                del expected[key]
        return [
            Difference(
                code="row_differs",
                where=" ".join(map(str, key)),
                detail=f"row {rows.get(key)}, facts {expected.get(key)}",
            )
            for key in sorted(rows.keys() | expected.keys(), key=str)
            if rows.get(key) != expected.get(key)
        ]

    async def finish(self, connection: Connection) -> list[Difference]:
        """Nothing adds up over days."""
        del connection
        return []


def _ms(at: datetime.datetime | None) -> int:
    return round(at.timestamp() * 1000) if at else 0


async def _all(connection: Connection, query: str, given: Row) -> list[Row]:
    return await (await connection.execute(query, given)).fetchall()
