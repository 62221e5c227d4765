"""The room `reconcile`: runs begin by themselves, some time after the last bill came in, and at
night for merchants that have bills.

A person who brings in twelve files gets one run, not twelve. The nightly one finds what time alone
changes: money and bills that are due by now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub import reconcile
from danshu.hub.compose import now_ms
from danshu.hub.nightly import Due, Nightly
from danshu.kernel.limits import RECONCILE_REST_S
from danshu.ledger.write import instant

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable

Connection = psycopg.AsyncConnection[Any]
NIGHTS: Final = Nightly(
    table="reconcile_nights",
    kept=("run",),
    # who has just begun is not looked at in the middle of it, whatever the hour
    unasked="(exists (select 1 from bill_files f where f.tenant=t.id"
    " and f.made < now() - interval '1 hour') or exists (select 1 from reconcile_rules r"
    " where r.tenant=t.id and r.made < now() - interval '1 hour'))",
)
# Lines that no run has looked at, of a merchant whose last bill has lain still for a while. A run
# that was cancelled or failed since then is not begun again before the night.
_NEW: Final = """
select t.id, coalesce((select max(r.id::text) from reconcile_runs r where r.tenant=t.id), ''),
  extract(epoch from b.made) * 1000
from tenants t cross join lateral (
  select made from bill_files f where f.tenant=t.id order by id desc limit 1) b
where b.made < %s and coalesce((select max(no) from bill_lines l where l.tenant=t.id), 0) >
  coalesce((select max(r.line_no) from reconcile_runs r where r.tenant=t.id and r.stage='done'), 0)
and not exists (select 1 from jobs j where j.tenant=t.id and j.kind='reconcile'
  and j.ended is null)
order by t.id
"""


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room; 0: nothing waits for it."""
    del url  # the room's own connection is all it needs

    async def step(connection: Connection) -> int:
        await ask_after_bills(connection, now_ms())
        await look_at_night(connection, now_ms())
        return 0

    return step


async def ask_after_bills(connection: Connection, at_ms: int) -> int:
    """Ask for the runs of merchants whose bills have lain still; gives how many."""
    before = instant((at_ms - RECONCILE_REST_S * 1000) * 1000)
    asked = 0
    for tenant, last, made_ms in await (await connection.execute(_NEW, (before,))).fetchall():
        if last and _asked_ms(last) > made_ms:
            continue
        await reconcile.ask(connection, tenant, "bills")
        asked += 1
    return asked


def _asked_ms(run: str) -> int:
    """Tell when a run was asked for, by its id (UUIDv7)."""
    return int(run.replace("-", "")[:12], 16)


async def look_at_night(connection: Connection, at_ms: int) -> int:
    """Ask for the runs of the night, once a merchant; gives how many."""
    return await NIGHTS.look_due(connection, at_ms, _ask_for_night)


async def _ask_for_night(connection: Connection, due: Due, at_ms: int) -> tuple[uuid.UUID]:
    del at_ms
    return (await reconcile.ask(connection, due.tenant, "night"),)
