"""Which prices decisions use: the shadow gate's rolling test, publication, withdrawal.

Each run tries the prices in force on orders that came after them, and the new ones. New prices take
over when they pass; prices whose last PRICE_TRIALS trials together saved nothing are withdrawn, and
the next snapshot carries none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.routing.blocks import digest_block
from danshu.capabilities.routing.replan import gate
from danshu.capabilities.routing.replan.gate import Trial
from danshu.hub import merchants, pictures
from danshu.hub.replan_facts import PricesPublished
from danshu.kernel.limits import PRICE_TRIALS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.jobs import Job
    from danshu.hub.replan_child import Tried
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_LAST: Final = "select coalesce(max(no),0) from prices where tenant=%s"
_ACTIVE: Final = "select no, digest from prices where tenant=%s and active for update"
_ADD: Final = "insert into prices(tenant,no,digest,body,active,run) values(%s,%s,%s,%s,false,%s)"
_TRY: Final = """
insert into price_trials(tenant,no,run,orders,myopic_fen,priced_fen) values(%s,%s,%s,%s,%s,%s)
on conflict do nothing
"""
_TRIALS: Final = """
select orders, myopic_fen, priced_fen from price_trials where tenant=%s and no=%s
order by at desc, run desc limit %s
"""
_OFF: Final = "update prices set active=false where tenant=%s and active"
_ON: Final = "update prices set active=true where tenant=%s and no=%s"


async def judge(
    connection: Connection, job: Job, trials: Sequence[Tried], block: bytes, actor: Actor
) -> None:
    """Keep the trials and the new prices, say which prices hold; in the caller's transaction."""
    tenant = job.tenant
    row = await (await connection.execute(_ACTIVE, (tenant,))).fetchone()
    active = row[0] if row else 0
    fresh = next((t for t in trials if t.no == 0), None)
    new = 0
    if fresh is not None:
        digest = bytes.fromhex(digest_block(block))
        if row and bytes(row[1]) == digest:
            new = active  # the same prices again: one more trial of them
        else:
            last = await (await connection.execute(_LAST, (tenant,))).fetchone()
            new = (last[0] if last else 0) + 1
            await connection.execute(_ADD, (tenant, new, digest, block, job.id))
    for trial in trials:
        no = trial.no or new
        if no in (active, new):
            told = (tenant, no, job.id, trial.orders, trial.myopic_fen, trial.priced_fen)
            await connection.execute(_TRY, told)
    for no in (new, active):
        recent = await _read(connection, tenant, no) if no else []
        if gate.passes(recent):
            if no != active:
                await _switch(connection, job, no, recent, actor)
            return
    if active:
        await _withdraw(connection, job, active, actor)


async def _read(connection: Connection, tenant: int, no: int) -> list[Trial]:
    asked = (tenant, no, PRICE_TRIALS)
    rows = await (await connection.execute(_TRIALS, asked)).fetchall()
    return [Trial(*row) for row in rows]


async def _switch(
    connection: Connection, job: Job, no: int, recent: Sequence[Trial], actor: Actor
) -> None:
    await connection.execute(_OFF, (job.tenant,))
    await connection.execute(_ON, (job.tenant, no))
    await _say(connection, job, no, recent, actor, is_active=True)


async def _withdraw(connection: Connection, job: Job, no: int, actor: Actor) -> None:
    recent = await _read(connection, job.tenant, no)
    await connection.execute(_OFF, (job.tenant,))
    await _say(connection, job, no, recent, actor, is_active=False)


async def _say(
    connection: Connection,
    job: Job,
    no: int,
    recent: Sequence[Trial],
    actor: Actor,
    *,
    is_active: bool,
) -> None:
    """Say which prices hold, and let the next snapshot be made."""
    asked = (job.tenant, no)
    sql = "select digest from prices where tenant=%s and no=%s"
    row = await (await connection.execute(sql, asked)).fetchone()
    said = PricesPublished(
        active=is_active,
        digest=bytes(row[0]).hex() if row else "",
        myopic_fen=sum(t.myopic_fen for t in recent),
        no=no,
        priced_fen=sum(t.priced_fen for t in recent),
        run=str(job.id),
    )
    await merchants.say(connection, job.tenant, actor, said)
    await pictures.touch(connection, job.tenant)
