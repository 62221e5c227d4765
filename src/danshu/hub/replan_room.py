"""The room `replan`: asks for a merchant's replan when its interval is over, and at once when a
snapshot closes warehouses (lockdown, red alert, dead feed, node down) while orders are open. The
room `redecide` may have moved single orders out by then; the replan looks at all of them together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.orders.model import State
from danshu.hub import pictures, replan
from danshu.hub.worlds import now_ms
from danshu.kernel.errors import InputError
from danshu.kernel.limits import REPLAN_CAUSE_CHARS, REPLAN_EVERY_MIN

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from danshu.capabilities.routing.snapshot import Snapshot

Connection = psycopg.AsyncConnection[Any]
CAUSE: Final = "schedule"
_LOOK_MS: Final = 10_000
_DUE: Final = """
select t.id, coalesce(s.every_min, %s),
  (select max(created) from jobs j where j.tenant=t.id and j.kind='replan')
from tenants t left join replan_settings s on s.tenant=t.id where coalesce(s.every_min, %s) > 0
order by t.id
"""
_HEADS: Final = "select tenant, no, digest from routing_heads"
_OPEN: Final = [int(s) for s in (State.PLACED, State.CONFIRMED, State.PAID, State.ALLOCATED)]
_LAST: Final = "select cause from replans where tenant=%s order by id desc limit 1"
_IS_OPEN: Final = "select 1 from orders where tenant=%s and state=any(%s) limit 1"


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room."""
    del url
    schedule, closures = Schedule(now_ms()), Closures()

    async def step(connection: Connection) -> int:
        await closures.look(connection)
        await schedule.look(connection, now_ms())
        return 0

    return step


class Schedule:
    """When the room began: a merchant without a run is due an interval after that."""

    def __init__(self, began_ms: int) -> None:
        self._began_ms = began_ms
        self._looked_ms = 0

    async def look(self, connection: Connection, at_ms: int) -> int:
        """Ask for the replans that are due; gives how many."""
        if at_ms - self._looked_ms < _LOOK_MS:
            return 0
        self._looked_ms = at_ms
        asked = 0
        usual = (REPLAN_EVERY_MIN, REPLAN_EVERY_MIN)
        for tenant, every_min, last in await (await connection.execute(_DUE, usual)).fetchall():
            last_ms = int(last.timestamp() * 1000) if last else self._began_ms
            if at_ms - last_ms < every_min * 60_000:
                continue
            try:
                await replan.ask(connection, tenant, CAUSE)
            except InputError:  # busy: too many jobs are open, and it is asked for again
                continue
            asked += 1
        return asked


class Closures:
    """Which warehouses each merchant's newest snapshot closes; a new one is an event."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}  # tenant -> number of the head
        self._closed: dict[int, frozenset[str]] = {}

    async def look(self, connection: Connection) -> int:
        """Ask for a replan where a warehouse was closed while orders are open; gives how many."""
        asked = 0
        heads = await (await connection.execute(_HEADS, binary=True)).fetchall()
        for tenant, no, digest in heads:
            if self._seen.get(tenant) == no:
                continue
            snapshot = await pictures.read_snapshot(connection, tenant, bytes(digest).hex())
            if snapshot is None:
                continue
            closed = find_closed(snapshot)
            new = closed - self._closed.get(tenant, frozenset())
            cause = f"closed {' '.join(sorted(new))}"
            # A room that begins anew finds what was closed before: that was asked for.
            is_known = tenant not in self._closed and await _was_last(connection, tenant, cause)
            if new and not is_known and await _has_open(connection, tenant):
                try:
                    await replan.ask(connection, tenant, cause)
                except InputError:  # busy: looked at again
                    continue
                asked += 1
            self._seen[tenant], self._closed[tenant] = no, closed
        return asked


async def _was_last(connection: Connection, tenant: int, cause: str) -> bool:
    row = await (await connection.execute(_LAST, (tenant,))).fetchone()
    return row is not None and row[0] == cause[:REPLAN_CAUSE_CHARS]


async def _has_open(connection: Connection, tenant: int) -> bool:
    return await (await connection.execute(_IS_OPEN, (tenant, _OPEN))).fetchone() is not None


def find_closed(snapshot: Snapshot) -> frozenset[str]:
    """Name the warehouses that may send nothing anywhere, whatever it is."""
    shut = (snapshot.tables.lane_bits != 0).all(axis=0)
    codes = snapshot.network.codes
    return frozenset(code for code, is_shut in zip(codes, shut.tolist(), strict=True) if is_shut)
