"""The room `network`: asks for a plan after each forecast, and once a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub import network_runs
from danshu.hub.worlds import now_ms
from danshu.kernel.errors import InputError
from danshu.kernel.limits import NETWORK_EVERY_H, NETWORK_LOOK_S

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Connection = psycopg.AsyncConnection[Any]
ROOM: Final = "network"
_DUE: Final = """
select t.id, f.at > coalesce(n.at, f.at - interval '1 day') from tenants t
cross join lateral (select at from forecast_runs where tenant=t.id order by at desc limit 1) f
left join lateral (select max(created) as at from jobs where tenant=t.id and kind='network'
  and exists (select 1 from network_runs r where r.tenant=t.id and r.id=jobs.id and r.kind='plan')
  ) n on true
where n.at is null or f.at > n.at or n.at < now() - make_interval(hours => %s)
order by t.id
"""


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room."""
    del url
    looked_ms = 0

    async def step(connection: Connection) -> int:
        nonlocal looked_ms
        if now_ms() - looked_ms < NETWORK_LOOK_S * 1_000:
            return 0
        looked_ms = now_ms()
        return await look(connection)

    return step


async def look(connection: Connection) -> int:
    """Ask for the plans that are due; gives how many."""
    asked = 0
    rows = await (await connection.execute(_DUE, (NETWORK_EVERY_H,))).fetchall()
    for tenant, is_new in rows:
        try:
            await network_runs.ask_plan(connection, tenant, "forecast" if is_new else "schedule")
        except InputError:  # no goods yet, or too many jobs are open: looked at again
            continue
        asked += 1
    return asked
