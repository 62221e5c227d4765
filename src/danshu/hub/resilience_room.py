"""The room `resilience`: marks every merchant each hour, and simulates losses once a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub import resilience
from danshu.hub.worlds import now_ms
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    import datetime
    from collections.abc import Awaitable, Callable

Connection = psycopg.AsyncConnection[Any]
CAUSE: Final = "schedule"
_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
# Merchants with a network, when they were last and first marked, when losses were last simulated.
_DUE: Final = """
select t.id, (select max(at) from resilience_marks m where m.tenant=t.id),
  (select min(at) from resilience_marks m where m.tenant=t.id),
  (select max(at) from resilience_runs r where r.tenant=t.id)
from tenants t join routing_heads h on h.tenant=t.id order by t.id
"""


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room."""
    del url

    async def step(connection: Connection) -> int:
        await look(connection, now_ms())
        return 0

    return step


async def look(connection: Connection, at_ms: int) -> int:
    """Mark and simulate what is due; gives how many merchants were marked."""
    marked = 0
    for tenant, last_mark, first_mark, last_run in await (
        await connection.execute(_DUE)
    ).fetchall():
        if _is_due(last_mark, at_ms, _HOUR_MS):
            try:
                await resilience.mark(connection, tenant)
            except InputError:  # it has no network any more
                continue
            marked += 1
        # a merchant that is new is simulated an hour after it was first marked
        is_known = first_mark is not None and _is_due(first_mark, at_ms, _HOUR_MS)
        if is_known and _is_due(last_run, at_ms, _DAY_MS):
            try:
                await resilience.ask(connection, tenant, CAUSE)
            except InputError:  # busy: too many jobs are open, and it is asked for again
                continue
    return marked


def _is_due(last: datetime.datetime | None, at_ms: int, every_ms: int) -> bool:
    return last is None or at_ms - last.timestamp() * 1000 >= every_ms
