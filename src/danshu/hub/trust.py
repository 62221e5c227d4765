"""How far the merchant's time and log can be trusted now: what the trust strip says."""

from __future__ import annotations

import datetime
import uuid
from typing import Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.hub import time_settings, trusted_time
from danshu.kernel import fact
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import RECEIPT_IN_LOG_S
from danshu.ledger import sequence
from danshu.ledger.edge import LogBroken
from danshu.ledger.sequence import KEY

Connection = psycopg.AsyncConnection[Any]
_LATE_MS: Final = 5_000  # a checkpoint is due every SEAL_EVERY_MS; this much is no accident
_BOOKS: Final = """
select b.half, b.size, b.signed, (select c.signed from checkpoints c where c.tenant=b.tenant
and c.half=b.half order by c.size desc limit 1) from books b where b.tenant=%s
"""
_SEGMENT: Final = """
select first, keys from segments where tenant=%b and half=%b and first<=%b
order by first desc limit 1
"""
_FACT: Final = "select body from facts where tenant=%b and stream=%b and v=%b"


class Trustworthiness(Struct, frozen=True, kw_only=True):
    """`sealed_at`: the newest checkpoint, "" = none yet; `seal_age_ms` how long ago that was.
    `waiting_ms`: the age of the oldest fact that no checkpoint covers, 0 = everything is sealed;
    `unsealed`: how many leaves those are, facts that are not in the log yet left aside. `tone`:
    kept; risk, sealing is late; broken, later than receipts promise.

    `clock`: measured, unmeasured (未测), faulted or stale; its error bound is None unless it was
    measured. `clock_waits`: acts of grade A wait for a time-stamp token; `clock_suspends`: there is
    no authority to give one, so they are suspended.
    """

    sealed_at: str
    seal_age_ms: int | None
    waiting_ms: int
    unsealed: int
    clock: str
    clock_error_us: int | None
    clock_waits: bool
    clock_suspends: bool
    tone: str


class _Envelope(Struct):
    time: datetime.datetime


_decode_time = msgspec.json.Decoder(_Envelope).decode


async def read(connection: Connection, tenant: int, now_ms: int) -> Trustworthiness:
    """Read how far the log is sealed at this moment."""
    books = await (await connection.execute(_BOOKS, (tenant,))).fetchall()
    unsealed, sealed_ms = 0, 0
    waiting_ms = await sequence.lag_ms(connection, now_ms)
    for half, size, signed, at in books:
        unsealed += size - signed
        if at is not None:
            sealed_ms = max(sealed_ms, round(at.timestamp() * 1000))
        if size > signed:
            said_ms = await told_ms(connection, tenant, half, signed)
            waiting_ms = max(waiting_ms, now_ms - said_ms)
    tone = "kept"
    if waiting_ms > RECEIPT_IN_LOG_S * 1000:
        tone = "broken"
    elif waiting_ms > _LATE_MS:
        tone = "risk"
    clock = await trusted_time.state(connection, now_ms * 1000)
    return Trustworthiness(
        sealed_at=rfc3339(sealed_ms) if sealed_ms else "",
        seal_age_ms=max(0, now_ms - sealed_ms) if sealed_ms else None,
        waiting_ms=waiting_ms,
        unsealed=unsealed,
        clock=clock.word,
        clock_error_us=clock.err_us if clock.ok else None,
        clock_waits=clock.waits,
        clock_suspends=clock.waits and not time_settings.read().tsa_urls,
        tone=tone,
    )


async def told_ms(connection: Connection, tenant: int, half: str, position: int) -> int:
    """Tell when the fact at a position of a book was said."""
    cursor = await connection.execute(_SEGMENT, (tenant, half, position), binary=True)
    row = await cursor.fetchone()
    if row is None:
        raise LogBroken(f"book {tenant}/{half} has no leaf {position}")
    at, keys = row
    for stream, v, n in KEY.iter_unpack(keys):
        at += n
        if at > position:
            cursor = await connection.execute(
                _FACT, (tenant, uuid.UUID(bytes=stream), v), binary=True
            )
            found = await cursor.fetchone()
            if found is not None:
                first = next(fact.unpack(bytes(found[0])))
                return int(_decode_time(first).time.timestamp() * 1000)
    raise LogBroken(f"book {tenant}/{half} has no fact for its leaf {position}")
