"""Replies that are kept under an idempotency key, in the commit of the act that they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import psycopg

from danshu.hub.requests import CONFLICT
from danshu.kernel.errors import NotAvailable, Refusal
from danshu.kernel.limits import RETRY_AFTER_S
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from danshu.hub.compose import Hub

Connection = psycopg.AsyncConnection[Any]
T = TypeVar("T")
Reply = tuple[int, bytes]  # HTTP status, body
_TRIES: Final = 5
_BEGIN: Final = (
    "insert into replies(tenant,okey,bh,status,body) values(%s,%s,%s,0,'')"
    " on conflict (tenant,okey) do nothing"
)
_END: Final = "update replies set status=%s, body=%s where tenant=%s and okey=%s"
_READ: Final = "select bh,status,body from replies where tenant=%s and okey=%s"


async def once(
    hub: Hub,
    tenant: int,
    key: str,
    digest: bytes,
    do: Callable[[Connection], Awaitable[Reply]],
) -> Reply | Refusal:
    """Do something once under a key, and give the kept reply ever after; another digest is a
    conflict.

    `do` works in the transaction that keeps its reply. Without a key nothing is kept. What `do`
    raises leaves
    nothing behind. Raises NotAvailable when stock changed faster than it could be decided upon.
    """
    for _ in range(_TRIES):
        try:
            async with hub.connection() as connection, connection.transaction():
                if not key:
                    return await do(connection)
                cursor = await connection.execute(_BEGIN, (tenant, key, digest))
                if cursor.rowcount == 0:
                    return await _recall(connection, tenant, key, digest)
                status, body = await do(connection)
                await connection.execute(_END, (status, body, tenant, key))
                return status, body
        except write.GuardFailed:
            hub.worlds.distrust({tenant})
    raise NotAvailable("the stock of this order changes too fast", RETRY_AFTER_S)


async def again(hub: Hub, tenant: int, do: Callable[[Connection], Awaitable[T]]) -> T:
    """Do something in one commit, again where another commit was in the way.

    Raises NotAvailable when stock changed faster than it could be decided upon.
    """
    for _ in range(_TRIES):
        try:
            async with hub.connection() as connection, connection.transaction():
                return await do(connection)
        except write.GuardFailed:
            hub.worlds.distrust({tenant})
    raise NotAvailable("the stock of these orders changes too fast", RETRY_AFTER_S)


async def _recall(connection: Connection, tenant: int, key: str, digest: bytes) -> Reply | Refusal:
    cursor = await connection.execute(_READ, (tenant, key), binary=True)
    row = await cursor.fetchone()
    if row is None:
        raise NotAvailable("the reply under this key was being written", RETRY_AFTER_S)
    return (row[1], bytes(row[2])) if bytes(row[0]) == digest else CONFLICT
