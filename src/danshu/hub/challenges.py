"""What was given out and may come back once, soon: challenges of passkeys, states of a provider."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import psycopg

from danshu.kernel.limits import CHALLENGE_S, CHALLENGES
from danshu.ledger.write import instant

Connection = psycopg.AsyncConnection[Any]
# What is bound to a session may be asked for again: the newest counts.
_PUT: Final = (
    "insert into challenges(tenant,hash,kind,bound,body,ends) values (%s,%s,%s,%s,%s,%s)"
    " on conflict (tenant,hash) do update set kind=excluded.kind,bound=excluded.bound,"
    "body=excluded.body,ends=excluded.ends"
)
_TAKE: Final = (
    "delete from challenges where tenant=%s and hash=%s and kind=%s and bound=%s and ends>%s"
    " returning body"
)
# Strangers may ask for challenges. The oldest go first, so nobody is ever refused one.
_TRIM: Final = (
    "delete from challenges where (tenant,hash) in (select tenant,hash from challenges"
    " order by ends desc offset %s)"
)
_SWEEP: Final = "delete from challenges where ends<=%s"


async def put(
    connection: Connection,
    tenant: int,
    kind: str,
    given: bytes,
    now_ms: int,
    *,
    bound: bytes = b"",
    body: bytes = b"",
) -> None:
    """Remember what was given out, for what, bound to whom, and what goes with it."""
    ends = instant((now_ms + CHALLENGE_S * 1000) * 1000)
    await connection.execute(_PUT, (tenant, _digest(given), kind, bound, body, ends))


async def take(
    connection: Connection, tenant: int, kind: str, given: bytes, now_ms: int, *, bound: bytes = b""
) -> bytes | None:
    """Take back what was given out; None when it never was, was taken before, or is too old."""
    now = instant(now_ms * 1000)
    cursor = await connection.execute(_TAKE, (tenant, _digest(given), kind, bound, now))
    row = await cursor.fetchone()
    return bytes(row[0]) if row else None


async def sweep(connection: Connection, now_ms: int) -> int:
    """Forget what is too old, and the oldest beyond CHALLENGES; gives how many."""
    old = await connection.execute(_SWEEP, (instant(now_ms * 1000),))
    over = await connection.execute(_TRIM, (CHALLENGES,))
    return old.rowcount + over.rowcount


def _digest(given: bytes) -> bytes:
    return hashlib.sha256(given).digest()
