"""What is known of who bought before an order is decided: which gifts they have had.

Read once a group, and only for merchants whose rules look at buyers: nobody else waits for it.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import psycopg

from danshu.hub import selling
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.requests import Request
    from danshu.hub.world import World


class Histories:
    """Reads histories for groups, on a connection of its own that opens when it is needed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def attach(self, world: World, requests: Sequence[Request]) -> None:
        """Give each request of one merchant what its rules ask of its buyer."""
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
        await read(self._connection, world, requests)

    async def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                await self._connection.close()


def asks(world: World) -> bool:
    """Tell whether the merchant's rules look at who bought."""
    return world.selling is not None and world.selling.asks_buyers


async def read(
    connection: psycopg.AsyncConnection[Any], world: World, requests: Sequence[Request]
) -> None:
    """Read the histories of the buyers of requests of one merchant, into the requests."""
    of = world.selling
    if of is None or not of.asks_buyers or not requests:
        return
    buyers = [selling.name_buyer(of.salt, r.draft) for r in requests]
    asked = (write.byteas(sorted({b for b in buyers if b})), world.tenant)
    cursor = await connection.execute(selling.HAD, asked, binary=True)
    had: dict[bytes, set[str]] = {}
    for code, buyer in await cursor.fetchall():
        had.setdefault(bytes(buyer), set()).add(code)
    for request, buyer in zip(requests, buyers, strict=True):
        request.had = frozenset(had.get(buyer, ()))
