"""The room `stamp`: RFC 3161 tokens over the newest checkpoint of every book that has grown.

One a book, authority and digest in STAMP_EVERY_S, sooner when somebody asked (`stamps_asked`). Only
what was verified is stored, and then the revocation lists that its certificates name; a failure is
remembered with its code and tried again ever more slowly.
No transaction is open while an authority thinks.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import secrets
import time
from typing import TYPE_CHECKING, Any, Final, cast

import psycopg
from cryptography import x509
from msgspec import Struct

from danshu.hub import daemons, revocation, time_settings
from danshu.kernel.limits import (
    STAMP_ASKED_S,
    STAMP_EVERY_S,
    STAMP_RETRY_MAX_S,
    STAMP_RETRY_S,
    STAMP_TIMEOUT_S,
    STAMPS_AT_ONCE,
)
from danshu.kernel.sm3 import sm3
from danshu.ledger import stamps
from danshu.ledger.edge import LogBroken
from danshu.ports import registry
from danshu.ports.timestamp import ALGORITHMS, StampRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from danshu.hub.time_settings import TimeSettings
    from danshu.ports.timestamp import Authority, Stamp, Timestamp

Connection = psycopg.AsyncConnection[Any]
LOCK: Final = 0x44616E5374616D70  # "DanStamp"
PORT: Final = "timestamp"
ADAPTER: Final = "rfc3161"
_NONCE_BITS: Final = 63
_FOR_LONG: Final = 16
_ADOPT: Final = """
insert into stamping(tenant,half,algorithm,authority)
select b.tenant, b.half, w.algorithm, w.authority from books b
cross join unnest(%(algorithms)s::text[], %(authorities)s::text[]) w(algorithm, authority)
where b.signed > 0 and not exists (select 1 from stamping s where s.tenant=b.tenant
and s.half=b.half and s.algorithm=w.algorithm and s.authority=w.authority) on conflict do nothing
"""
# Due: the book has grown since the last token and its minute is over, or somebody asked for more
# than there is. A failure's wait holds for both.
_DUE: Final = """
select s.tenant, s.half, s.algorithm, s.authority, s.failures, b.signed from stamping s
join books b on b.tenant=s.tenant and b.half=s.half
left join stamps_asked a on a.tenant=s.tenant and a.half=s.half
where s.authority = any(%(urls)s) and b.signed > s.size and (
  s.next_us <= %(now)s
  or (s.failures = 0 and s.stamped_us <= %(soon)s and a.size > s.size and b.signed >= a.size))
order by (a.size > s.size) desc nulls last, s.next_us, s.tenant, s.half limit %(limit)s
"""
_NOTE: Final = "select note from checkpoints where tenant=%s and half=%s and size=%s"
_STAMPED: Final = """
update stamping set size=greatest(size,%s), stamped_us=%s, next_us=%s, failures=0, trouble='',
detail='' where tenant=%s and half=%s and algorithm=%s and authority=%s
"""
_FAILED: Final = """
update stamping set next_us=%s, failures=failures+1, trouble=%s, detail=%s
where tenant=%s and half=%s and algorithm=%s and authority=%s
"""


class Due(Struct, frozen=True, kw_only=True):
    """A token that is due: over the checkpoint of `size` leaves, after `failures` in a row."""

    tenant: int
    half: str
    algorithm: str
    authority: str
    failures: int
    size: int

    @property
    def place(self) -> tuple[int, str, str, str]:
        """The row of `stamping`."""
        return self.tenant, self.half, self.algorithm, self.authority


def digest_of(algorithm: str, note: bytes) -> bytes:
    """Give the digest of a checkpoint file that a token covers."""
    digest: bytes = sm3(note) if algorithm == "sm3" else hashlib.new(algorithm, note).digest()
    return digest


def retry_s(failures: int) -> int:
    """Give the wait after so many failures in a row: it doubles, up to STAMP_RETRY_MAX_S."""
    return int(min(STAMP_RETRY_MAX_S, STAMP_RETRY_S * 2 ** min(failures, _FOR_LONG)))


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room; of several workers one works."""
    holder: list[Connection] = []

    async def step(connection: Connection) -> int:
        settings = time_settings.read()
        if not settings.tsa_urls:
            return 0
        if connection not in holder:
            row = await (
                await connection.execute("select pg_try_advisory_lock(%s)", (LOCK,))
            ).fetchone()
            if not row or not row[0]:
                return 0
            holder[:] = [connection]
        return await work(connection, settings, time.time_ns() // 1000)

    return step


async def work(connection: Connection, settings: TimeSettings, now_us: int) -> int:
    """Have what is due stamped, STAMPS_AT_ONCE at a time; gives how many were tried."""
    authorities = {a.url: a for a in settings.authorities()}
    pairs = [(algorithm, url) for url in authorities for algorithm in ALGORITHMS]
    await connection.execute(
        _ADOPT, {"algorithms": [p[0] for p in pairs], "authorities": [p[1] for p in pairs]}
    )
    asked = {
        "urls": list(authorities),
        "now": now_us,
        "soon": now_us - STAMP_ASKED_S * 1_000_000,
        "limit": STAMPS_AT_ONCE,
    }
    rows = await (await connection.execute(_DUE, asked)).fetchall()
    due = [
        Due(tenant=t, half=h, algorithm=g, authority=u, failures=f, size=s)
        for t, h, g, u, f, s in rows
    ]
    notes = [await _read_note(connection, each) for each in due]
    answers = await _ask(due, notes, authorities)
    for each, answer in zip(due, answers, strict=True):
        await keep(connection, each, answer, settings.is_own(each.authority))
    stamped = [a for a in answers if not isinstance(a, StampRefused)]
    await _fetch_lists(connection, stamped, authorities.values(), now_us)
    return len(due)


async def _fetch_lists(
    connection: Connection, stamped: Sequence[Stamp], authorities: Iterable[Authority], now_us: int
) -> None:
    """Keep the revocation lists of who stamped; the tokens themselves wait for nothing."""
    inside = {c for each in stamped for c in revocation.read_token(each.token)}
    if inside:
        pems = [a.roots for a in authorities if a.roots.strip()]
        roots = [root for pem in pems for root in x509.load_pem_x509_certificates(pem)]
        await revocation.fetch_due(connection, list(inside), roots, now_us)


async def _read_note(connection: Connection, due: Due) -> bytes:
    cursor = await connection.execute(_NOTE, (due.tenant, due.half, due.size))
    row = await cursor.fetchone()
    if row is None:
        raise LogBroken(f"book {due.tenant}/{due.half} was signed at {due.size}, without a note")
    return bytes(row[0])


async def _ask(
    due: Sequence[Due], notes: Sequence[bytes], authorities: dict[str, Authority]
) -> list[Stamp | StampRefused]:
    """Ask the authorities, all at once; a refusal is a value here."""
    adapter = cast("Timestamp", registry.load(PORT, ADAPTER))

    def ask(each: Due, note: bytes) -> Stamp | StampRefused:
        try:
            return adapter.stamp(
                authorities[each.authority],
                each.algorithm,
                digest_of(each.algorithm, note),
                secrets.randbits(_NONCE_BITS) | 1,
                STAMP_TIMEOUT_S,
            )
        except StampRefused as refused:
            return refused
        except Exception as error:  # noqa: BLE001  # a plug-in is somebody else's code
            return StampRefused("unreadable", repr(error))

    calls = [
        daemons.run(functools.partial(ask, each, note))
        for each, note in zip(due, notes, strict=True)
    ]
    return list(await asyncio.gather(*calls))


async def keep(connection: Connection, due: Due, answer: Stamp | StampRefused, own: bool) -> None:
    """Write what came of it, token and progress in one commit."""
    now_us = time.time_ns() // 1000
    if isinstance(answer, StampRefused):
        # An authority that does not know SM3 will not learn it in five seconds.
        failures = _FOR_LONG if answer.code == "algorithm" else due.failures
        again_us = now_us + retry_s(failures) * 1_000_000
        await connection.execute(_FAILED, (again_us, answer.code, answer.detail[:500], *due.place))
        return
    token = stamps.Token(
        half=due.half,
        size=due.size,
        algorithm=due.algorithm,
        authority=due.authority,
        digest=answer.digest,
        gen_us=answer.gen_us,
        accuracy_us=answer.accuracy_us,
        serial=answer.serial,
        policy=answer.policy,
        signer=answer.signer,
        own=own,
        checked=answer.checked,
        token=answer.token,
    )
    async with connection.transaction():
        await stamps.add_token(connection, due.tenant, token)
        next_us = now_us + STAMP_EVERY_S * 1_000_000
        await connection.execute(_STAMPED, (due.size, now_us, next_us, *due.place))
