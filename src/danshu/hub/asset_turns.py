"""Whose turn it is to write a merchant's assets: one at a time, in whatever process."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final

import psycopg

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Connection = Any
BUILDING: Final = "danshu.assets"
FOLLOWING: Final = "danshu.sources"
# The keys are names that nobody else locks by; PostgreSQL lets go of them when a process dies.
_LOCK: Final = "select pg_try_advisory_lock(hashtext(%s), %s)"
_UNLOCK: Final = "select pg_advisory_unlock(hashtext(%s), %s)"
_WAIT_S: Final = 0.1


@contextlib.asynccontextmanager
async def take_turn(connection: Connection, what: str, tenant: int) -> AsyncIterator[None]:
    """Wait until nobody else does `what` for a merchant, then do it, on a connection of one's own
    in autocommit.
    """
    while not (await (await connection.execute(_LOCK, (what, tenant))).fetchone())[0]:
        await asyncio.sleep(_WAIT_S)
    try:
        yield
    finally:
        with contextlib.suppress(psycopg.OperationalError):  # a broken one has let go
            await connection.execute(_UNLOCK, (what, tenant))
