"""The room `resilience`: marks every merchant each hour, and simulates losses once a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub import resilience
from danshu.hub.worlds import now_ms
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Connection = psycopg.AsyncConnection[Any]
CAUSE: Final = "schedule"
_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
# Merchants with a network, when they were last marked, when losses were last simulated.
_DUE: Final = """
select t.id, (select max(at) from resilience_marks m where m.tenant=t.id),
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
    for tenant, last_mark, last_run in await (await connection.execute(_DUE)).fetchall():
        if last_mark is None or at_ms - last_mark.timestamp() * 1000 >= _HOUR_MS:
            try:
                await resilience.mark(connection, tenant)
            except InputError:  # it has no network any more
                continue
            marked += 1
        if last_run is None or at_ms - last_run.timestamp() * 1000 >= _DAY_MS:
            try:
                await resilience.ask(connection, tenant, CAUSE)
            except InputError:  # busy: too many jobs are open, and it is asked for again
                continue
    return marked
