"""How the agent of a merchant stands: stopped or not, rehearsing or not, how independent by action.

It is one row. Every act reads it `for share` in the transaction that begins it, and whoever stops
the agent writes it: from that commit on nothing is begun, on any node. An act of many parts asks
`is_stopped` between them.
"""

from __future__ import annotations

import datetime
import os
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.capabilities.agent import evolve
from danshu.capabilities.agent.model import Autonomy, Lived, Spent, Standing
from danshu.hub.saying import say_next
from danshu.hub.worlds import now_ms
from danshu.kernel import ids
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import NO_HEAD, Actor

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Struct

Connection = Any
ROBOT: Final = Actor(sub="agent", role="system", grade="C")
"""Who does what the agent does by itself."""
_EAST: Final = datetime.timezone(datetime.timedelta(hours=8))
_READ: Final = "select doc::text, id, seq, head from agents where tenant=%s"
_MAKE: Final = """
insert into agents(tenant,id,head) values(%s,%s,%s) on conflict (tenant) do nothing
"""
_SET: Final = "update agents set doc=%s::jsonb, seq=%s, head=%s where tenant=%s"
_SPENT: Final = "select fen, count from agent_spent where tenant=%s and day=%s and action=%s"
_SPENT_ALL: Final = "select action, fen, count from agent_spent where tenant=%s and day=%s"
_SPEND: Final = """
insert into agent_spent(tenant,day,action,fen,count) values(%s,%s,%s,%s,1)
on conflict (tenant,day,action) do update
set fen=agent_spent.fen+excluded.fen, count=agent_spent.count+1
"""
_LIVED: Final = """
select (doc->'terms'->>'low_fen')::int8, (doc->'terms'->>'mid_fen')::int8,
(doc->'outcome'->>'mid_fen')::int8 from proposals
where tenant=%s and action=%s and doc->'outcome' is not null and made >= to_timestamp(%s/1000.0)
order by doc->'outcome'->>'at_ms', id
"""
_NOW_DUE: Final = "update proposals set due=now() where tenant=%s and action=%s and state='waiting'"
_decode: Final = msgspec.json.Decoder(Standing).decode


def day_of(at_ms: int) -> str:
    """Give the merchant's day of a moment (UTC+8), by which budgets are counted."""
    return datetime.datetime.fromtimestamp(at_ms / 1000, _EAST).date().isoformat()


async def read(connection: Connection, tenant: int) -> Standing:
    """Read how the agent stands, without holding it."""
    row = await (await connection.execute(_READ, (tenant,))).fetchone()
    return _decode(row[0]) if row else Standing()


async def is_stopped(connection: Connection, tenant: int) -> bool:
    """Tell whether the agent is stopped: asked between the parts of an act that has many."""
    return (await read(connection, tenant)).stopped


async def hold(connection: Connection, tenant: int, how: str = "share") -> Standing:
    """Read how the agent stands and hold it so to the end of the caller's transaction."""
    return (await _hold(connection, tenant, how))[0]


async def _hold(connection: Connection, tenant: int, how: str) -> tuple[Standing, Any]:
    lock = f"{_READ} for {'update' if how == 'update' else 'share'}"
    row = await (await connection.execute(lock, (tenant,))).fetchone()
    if row is None:
        stream = ids.uuid7(now_ms(), os.urandom(10))
        await connection.execute(_MAKE, (tenant, stream, NO_HEAD))
        row = await (await connection.execute(lock, (tenant,))).fetchone()
    return _decode(row[0]), row


async def change(
    connection: Connection,
    tenant: int,
    actor: Actor,
    at_ms: int,
    decide: Callable[[Standing], Struct | Refusal | None],
) -> Standing | Refusal:
    """Change how the agent stands, with the fact that says so; None changes nothing."""
    async with connection.transaction():
        standing, row = await _hold(connection, tenant, "update")
        said = decide(standing)
        if said is None or isinstance(said, Refusal):
            return said or standing
        end = (int(row[2]), bytes(row[3]))
        seq, head = await say_next(connection, tenant, row[1], end, actor, at_ms, said)
        after = evolve.stand(standing, said, actor, at_ms)
        text = msgspec.json.encode(after).decode()
        await connection.execute(_SET, (text, seq, head, tenant))
        return after


async def read_spent(connection: Connection, tenant: int, day: str, action: str) -> Spent:
    """Read what was done automatically of a kind of action on a day."""
    row = await (await connection.execute(_SPENT, (tenant, day, action))).fetchone()
    return Spent(fen=row[0], count=row[1]) if row else Spent()


async def read_all_spent(connection: Connection, tenant: int, day: str) -> dict[str, Spent]:
    """Read what was done automatically on a day, by kind of action."""
    cursor = await connection.execute(_SPENT_ALL, (tenant, day))
    return {action: Spent(fen=fen, count=n) for action, fen, n in await cursor.fetchall()}


async def lock_spent(connection: Connection, tenant: int, action: str) -> None:
    """Let automatic acts of a kind begin one after another: a budget is for all of them."""
    await connection.execute(
        "select pg_advisory_xact_lock(%s, hashtext(%s))", (tenant, f"agent {action}")
    )


async def spend(connection: Connection, tenant: int, day: str, action: str, fen: int) -> None:
    """Charge an automatic act to its day, inside the transaction that begins it."""
    await connection.execute(_SPEND, (tenant, day, action, fen))


async def read_lived(
    connection: Connection, tenant: int, action: str, rules: Autonomy
) -> list[Lived]:
    """Read what was measured of a kind of action since its level was lowered last, in order."""
    cursor = await connection.execute(_LIVED, (tenant, action, rules.since_ms))
    return [
        Lived(expected_low_fen=low or 0, expected_fen=mid or 0, real_fen=real or 0)
        for low, mid, real in await cursor.fetchall()
    ]


async def wake(connection: Connection, tenant: int, action: str) -> None:
    """Let the room look at what waits of a kind of action: its rules are new."""
    await connection.execute(_NOW_DUE, (tenant, action))
