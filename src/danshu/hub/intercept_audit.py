"""The audit's folder of stopped orders: do the facts give what rules stopped, and how it ended?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.orders.facts import OrderCancelled, OrderHeld, OrderUnheld
from danshu.hub.intercept_facts import OrderIntercepted, OrderLetPass
from danshu.hub.intercepts import CODES
from danshu.ledger.findings import Difference, compare_rows

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_ROWS: Final = """
select id, effect, encode(policy,'hex'), no, rules, state, reason from intercept_stops
where tenant=%s and id >= %s and id < %s
"""
Row = tuple[str, str, int, tuple[str, ...], str, str]


class InterceptsFolder:
    """Folds what was stopped, held, let go and cancelled, and compares the rows by stream."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._stops: dict[uuid.UUID, OrderIntercepted] = {}
        self._holds: dict[uuid.UUID, set[str]] = {}
        self._ends: dict[uuid.UUID, tuple[str, str]] = {}
        self._why: dict[uuid.UUID, str] = {}

    @property
    def types(self) -> frozenset[str]:
        """Stopped, held, let go, cancelled."""
        return frozenset(
            {
                "order.intercepted",
                "order.let_pass",
                "order.held",
                "order.unheld",
                "order.cancelled",
            }
        )

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data, stream = fact.data, fact.stream
        if isinstance(data, OrderIntercepted):
            self._stops[stream] = data
        elif isinstance(data, OrderHeld):
            if data.reason in CODES:
                self._holds.setdefault(stream, set()).add(data.reason)
        elif isinstance(data, OrderLetPass):
            self._why[stream] = data.reason
        elif isinstance(data, OrderUnheld):
            held = self._holds.get(stream, set())
            if data.reason in held:
                held.discard(data.reason)
                if not held:
                    self._end(stream, "released")
        elif isinstance(data, OrderCancelled):
            self._end(stream, "cancelled")

    def _end(self, stream: uuid.UUID, state: str) -> None:
        if stream in self._stops and stream not in self._ends:
            self._ends[stream] = (state, self._why.get(stream, ""))

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the rows of the streams [first, end) and forget them."""
        cursor = await connection.execute(_ROWS, (self._tenant, first, end))
        rows: dict[uuid.UUID, Row] = {
            r[0]: (r[1], r[2], r[3], tuple(r[4]), r[5], r[6]) for r in await cursor.fetchall()
        }
        said: dict[uuid.UUID, Row] = {}
        for id_, d in self._stops.items():
            state, why = self._ends.get(id_, ("held", ""))
            said[id_] = (d.effect, d.policy, d.no, d.rules, state, why)
        found = compare_rows("stop_differs", "intercept_stops", rows, said)
        for kept in (self._stops, self._holds, self._ends, self._why):
            kept.clear()
        return found

    async def finish(self, connection: Connection) -> list[Difference]:
        """Everything here hangs on a stream."""
        return []
