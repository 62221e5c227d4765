"""The timers' room: when a promise's clock rings, warn or break it; each firing is one commit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import psycopg

from danshu.hub import acts
from danshu.hub.compose import now_ms
from danshu.hub.worlds import Worlds
from danshu.kernel.fact import Actor
from danshu.kernel.limits import TIMERS_A_STEP
from danshu.ledger import write

CLOCK = Actor(sub="clock", role="system", grade="C")
_DUE = """
select tenant,due,id,kind from timers where due <= %s order by due limit %s for update skip locked
"""
_GONE = "delete from timers where tenant=%s and due=%s and id=%s and kind=%s"


def begin(url: str) -> Callable[[psycopg.AsyncConnection[Any]], Awaitable[int]]:
    """Give the step of the room: it fires due timers and tells how many."""
    worlds = Worlds(url)

    async def step(connection: psycopg.AsyncConnection[Any]) -> int:
        return await fire(connection, worlds, now_ms())

    return step


async def fire(connection: psycopg.AsyncConnection[Any], worlds: Worlds, at_ms: int) -> int:
    """Fire the timers that are due at `at_ms`; a timer is gone in the commit that did what it was for.

    The deletion comes first in that commit, so that two nodes cannot fire one timer.
    """
    async with connection.transaction():
        cursor = await connection.execute(_DUE, (write.instant(at_ms * 1000), TIMERS_A_STEP))
        due = await cursor.fetchall()
        for tenant, due_at, id_, kind in due:
            world = await worlds.ensure(tenant)
            await connection.execute(_GONE, (tenant, due_at, id_, kind))
            await acts.change(connection, world, id_, CLOCK, at_ms, acts.tick)
    return len(due)
