"""The timers' room: when a promise's clock rings, warn or break it; each firing is one commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from danshu.hub import acts
from danshu.hub.compose import now_ms
from danshu.hub.worlds import Worlds
from danshu.kernel.fact import Actor
from danshu.ledger import timers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import psycopg

CLOCK = Actor(sub="clock", role="system", grade="C")


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
        due = await timers.claim(connection, at_ms * 1000)
        for timer in due:
            world = await worlds.ensure(timer.tenant)
            await acts.change(connection, world, timer.id, CLOCK, at_ms, acts.tick)
    return len(due)
