"""What is known of who bought before an order is decided: gifts they have had, orders of a day.

Read once a group, and only for merchants whose rules look at buyers: nobody else waits for it.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub import intercepts, policy_past, selling
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.guarding import Guard
    from danshu.hub.requests import Request
    from danshu.hub.world import World

DAY_MS: Final = 86_400_000


class Histories:
    """Reads histories for groups, on a connection of its own that opens when it is needed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def attach(self, world: World, requests: Sequence[Request], now_ms: int) -> None:
        """Give each request of one merchant what its rules ask of its buyer."""
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
        await read(self._connection, world, requests, now_ms)

    async def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                await self._connection.close()


def asks(world: World) -> bool:
    """Tell whether the merchant's rules look at who bought."""
    return (world.selling is not None and world.selling.asks_buyers) or (
        world.guard is not None and world.guard.counts
    )


async def read(
    connection: psycopg.AsyncConnection[Any],
    world: World,
    requests: Sequence[Request],
    now_ms: int,
) -> None:
    """Read the histories of the buyers of requests of one merchant, into the requests."""
    if requests and world.selling is not None and world.selling.asks_buyers:
        await _read_gifts(connection, world.tenant, world.selling.salt, requests)
    if requests and world.guard is not None and world.guard.counts:
        await _count(connection, world.tenant, world.guard, requests, now_ms)


async def _read_gifts(
    connection: psycopg.AsyncConnection[Any], tenant: int, salt: bytes, requests: Sequence[Request]
) -> None:
    buyers = [selling.name_buyer(salt, r.draft) for r in requests]
    asked = (write.byteas(sorted({b for b in buyers if b})), tenant)
    cursor = await connection.execute(selling.HAD, asked, binary=True)
    had: dict[bytes, set[str]] = {}
    for code, buyer in await cursor.fetchall():
        had.setdefault(bytes(buyer), set()).add(code)
    for request, buyer in zip(requests, buyers, strict=True):
        request.had = frozenset(had.get(buyer, ()))


async def _count(
    connection: psycopg.AsyncConnection[Any],
    tenant: int,
    guard: Guard,
    requests: Sequence[Request],
    now_ms: int,
) -> None:
    """Count the orders of the last 24 hours, by who bought and who receives."""
    named = [intercepts.names(guard, r) for r in requests]
    asked = (
        write.int8s(sorted({each for pair in named for each in pair if each})),
        tenant,
        policy_past.place_of(now_ms - DAY_MS),
    )
    cursor = await connection.execute(intercepts.COUNT, asked, binary=True)
    found = dict(await cursor.fetchall())
    for request, (who, to) in zip(requests, named, strict=True):
        request.counts = (found.get(who, 0), found.get(to, 0))
