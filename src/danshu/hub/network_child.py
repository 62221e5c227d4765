"""The planner of a network, in a process of its own: placing orders never waits for it.

    python -m danshu.hub.network_child TENANT RUN

as job_child says. What it found, the head that names it and the fact that says so are one commit at
the end: killed anywhere before, nothing is written.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.capabilities.network.facts import NetworkPlanned, NetworkSimulated
from danshu.capabilities.network.model import NetworkScenario
from danshu.hub import job_child, merchants, network_inputs, network_plan, network_scenes
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Actor
from danshu.ledger.write import WORKING, connect

if TYPE_CHECKING:
    from danshu.hub.network_plan import Made
    from danshu.hub.network_scenes import NetworkPlayed

Connection = Any
ACTOR: Final = Actor(sub="hub", role="network")
_NICE: Final = 10
_RUN: Final = "select kind, question from network_runs where tenant=%s and id=%s"
_LOCK: Final = "select 1 from tenants where id=%s for no key update"
_HEAD: Final = "select no from network_heads where tenant=%s"
_PUT_HEAD: Final = """
insert into network_heads(tenant,run,no) values(%s,%s,%s)
on conflict (tenant) do update set run=excluded.run, no=excluded.no
"""
_DONE: Final = """
update network_runs set stage='done', share=100, digest=%s, body=%s, forecast=%s, finished=now()
where tenant=%s and id=%s and finished is null returning id
"""
_ROWS: Final = (
    "copy network_rows(tenant,run,no,wh,sku,on_hand,reserved,safety,in_transit,daily_milli,c3,c7,"
    "c14,c28,out_day,lead_days,class,service,advised,kept_now,kept_then,holding_fen,gap_fen,"
    "cover_days,value_fen,slow_fen,markdown) from stdin"
)
_MOVES: Final = (
    "copy network_moves(tenant,run,no,from_wh,to_wh,sku,quantity,days,truck,cost_fen,low_fen,"
    "mid_fen,high_fen,chance_days,before,after,others) from stdin"
)
_FORGET: Final = (
    "delete from network_rows where tenant=%s and run<%s",
    "delete from network_moves where tenant=%s and run<%s",
)
# Skills look at a new plan at once; those that rest after a failure go on resting.
_WAKE: Final = "update agent_runs set next=least(next, now()) where tenant=%s and failures=0"
_encode: Final = msgspec.json.encode


def tell(stage: str, share: float) -> None:
    """Say how far it is: a share of the whole, in percent."""
    job_child.tell(stage, int(100 * share), 100)


async def keep_plan(connection: Connection, tenant: int, run: uuid.UUID, made: Made) -> bool:
    """Keep a plan, make it the one that is read, and say so, in one commit; False when the run had
    ended.
    """
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        body = _encode(made.figures)
        digest = bytes.fromhex(made.digest)
        told = (digest, body, made.figures.forecast, tenant, run)
        if await (await connection.execute(_DONE, told)).fetchone() is None:
            return False
        row = await (await connection.execute(_HEAD, (tenant,))).fetchone()
        no = (row[0] if row else 0) + 1
        async with connection.cursor() as cursor:
            for query, lines in ((_ROWS, made.rows), (_MOVES, made.moves)):
                async with cursor.copy(query) as copy:
                    for n, line in enumerate(lines, 1):
                        await copy.write_row((tenant, no, n, *line))
        await connection.execute(_PUT_HEAD, (tenant, run, no))
        figures = made.figures
        said = NetworkPlanned(
            digest=made.digest,
            forecast=figures.forecast,
            gap_ppm=figures.gap_ppm,
            moves=figures.moves,
            rows=figures.rows,
            run=str(run),
            short=figures.short,
            worth_fen=figures.worth_fen,
        )
        await merchants.say(connection, tenant, ACTOR, said)
        await connection.execute(_WAKE, (tenant,))
    # Whoever reads the plan before is done soon; it is kept for as long as this one is the newest.
    for query in _FORGET:
        await connection.execute(query, (tenant, no - 1))
    return True


async def keep_scene(
    connection: Connection, tenant: int, run: uuid.UUID, played: NetworkPlayed, digest: str
) -> bool:
    """Keep what a scenario came to, and say so, in one commit; False when the run had ended."""
    async with connection.transaction():
        told = (bytes.fromhex(digest), _encode(played), "", tenant, run)
        if await (await connection.execute(_DONE, told)).fetchone() is None:
            return False
        ours = [
            next(p.short.mean // 1_000 for p in scene if p.policy == "ours")
            for scene in (played.now, played.then)
        ]
        said = NetworkSimulated(
            days=played.days,
            digest=digest,
            run=str(run),
            seeds=played.seeds,
            short_after=ours[1],
            short_before=ours[0],
        )
        await merchants.say(connection, tenant, ACTOR, said)
    return True


async def work(url: str, tenant: int, run: uuid.UUID) -> None:
    """Do a run."""
    connection = await connect(url, f"{WORKING} network")
    try:
        row = await (await connection.execute(_RUN, (tenant, run))).fetchone()
        if row is None:
            raise InputError("no_run", "there is no such run")
        if row[0] == "plan":
            today = network_inputs.today(time.time_ns() // 1_000_000)
            made = await network_plan.make(connection, tenant, today, tell)
            await keep_plan(connection, tenant, run, made)
        else:
            scenario = msgspec.json.decode(bytes(row[1]), type=NetworkScenario)
            played, digest = await network_scenes.play(connection, tenant, scenario, tell)
            await keep_scene(connection, tenant, run, played, digest)
    finally:
        await connection.close()
    tell(job_child.END, 1.0)


if __name__ == "__main__":
    os.nice(_NICE)
    try:
        asyncio.run(work(sys.stdin.readline().strip(), int(sys.argv[1]), uuid.UUID(sys.argv[2])))
    except InputError as error:
        sys.exit(f"{error.code}: {error.detail}")
    except psycopg.Error as error:
        sys.exit(f"database: {error}")
