"""契约动作建模: which versions of a merchant's action types there are.

A version is never changed. Running work keeps the digest that it began under, and every version is
readable by it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.contract.actions import reading

if TYPE_CHECKING:
    from danshu.capabilities.contract.actions.model import Action

Connection = psycopg.AsyncConnection[Any]
_ACTIVE: Final = "select digest, body from actions where tenant=%s and code=%s and active"
_BY_DIGEST: Final = "select body from actions where tenant=%s and digest=%s"


@lru_cache(maxsize=1024)
def _read(body: bytes) -> Action:
    return reading.read(body)


async def read_active(connection: Connection, tenant: int, code: str) -> tuple[Action, str] | None:
    """Give the version of an action that holds now, with its digest (hex)."""
    cursor = await connection.execute(_ACTIVE, (tenant, code))
    row = await cursor.fetchone()
    return None if row is None else (_read(bytes(row[1])), bytes(row[0]).hex())


async def read_version(connection: Connection, tenant: int, digest: str) -> Action | None:
    """Give the version with that digest (64 hex digits), whether it still holds or not."""
    cursor = await connection.execute(_BY_DIGEST, (tenant, bytes.fromhex(digest)))
    row = await cursor.fetchone()
    return None if row is None else _read(bytes(row[0]))


async def list_active(connection: Connection, tenant: int) -> dict[str, tuple[Action, str]]:
    """Give every action that holds now by its code, with its digest (hex)."""
    cursor = await connection.execute(
        "select digest, body from actions where tenant=%s and active order by code", (tenant,)
    )
    rows = [(_read(bytes(body)), bytes(digest).hex()) for digest, body in await cursor.fetchall()]
    return {action.action: (action, digest) for action, digest in rows}
