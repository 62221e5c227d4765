"""How far the time of this hub can be trusted, and what an act of grade A waits for.

The server's clock is claimed, with an error bound; it is never proof. Proof of "not later" is an
RFC 3161 token over a checkpoint that covers the act. While the clock is not trusted, an act of
grade A is not acknowledged before such a token is there:

    refused = await check_begin(connection)          # before anything is written
    ... commit the act, its facts with Said(clock=(await state(connection)).told) ...
    token = await require_token(hub, tenant, stream, seq)   # before the answer leaves
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.hub import time_settings
from danshu.kernel import timekeeping
from danshu.kernel.errors import NotAvailable, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import CLOCK_STALE_S, RETRY_AFTER_S, STAMP_WAIT_S
from danshu.ledger import prove, stamps

if TYPE_CHECKING:
    import uuid

    from danshu.hub.compose import Hub
    from danshu.ledger.stamps import Token

Connection = psycopg.AsyncConnection[Any]
STALE: Final = "stale"
_POLL_S: Final = 0.1
_STATES: Final = """
select node, word, why, source, offset_us, error_us, measured_us, sampled_us, since_us
from clock_states order by sampled_us desc limit 64
"""
_ASK: Final = """
insert into stamps_asked(tenant,half,size,asked_us) values(%s,%s,%s,%s)
on conflict (tenant,half) do update set size=greatest(stamps_asked.size, excluded.size),
asked_us=excluded.asked_us
"""
UNTRUSTED: Final = Refusal(
    code="time_untrusted",
    reason="时间不可信,又没有接入时间戳机构:A 级动作暂停",
    reason_en="The clock is not trusted and no time-stamping authority is connected: "
    "acts of grade A are suspended",
    clause="RFC 3161",
)


class TimeState(Struct, frozen=True, kw_only=True):
    """Where the clock of this hub's machines stands: the worst of those sampled lately.

    `word`: measured, unmeasured (未测: no source was ever heard, which is no fault), faulted, or
    stale (nobody samples any more). `ok`: measured and within bounds. `waits`: an act of grade A
    waits for a token. `off_us` source minus clock; `err_us` the error bound; `sampled` RFC 3339, ""
    = never; `since` when `word` began; `why` of a fault: error, silent, disagree, unsynchronised,
    step.
    """

    word: str
    why: str
    src: str
    off_us: int
    err_us: int
    ok: bool
    waits: bool
    sampled: str
    since: str

    @property
    def told(self) -> str:
        """What a fact's `clock` says: `server` and, where measured, source, offset and bound."""
        if self.word not in (timekeeping.MEASURED, timekeeping.FAULTED) or not self.src:
            return "server"
        quality = "ok" if self.ok else "fault"
        return f"server;src={self.src};off_us={self.off_us};err_us={self.err_us};{quality}"


UNMEASURED: Final = TimeState(
    word=timekeeping.UNMEASURED, why="", src="", off_us=0, err_us=0, ok=False, waits=False,
    sampled="", since="",
)  # fmt: skip


async def state(connection: Connection, now_us: int | None = None) -> TimeState:
    """Read where the clock stands; one small query. `now_us`: epoch microseconds, for tests."""
    now_us = time.time_ns() // 1000 if now_us is None else now_us
    settings = time_settings.read()
    rows = await (await connection.execute(_STATES)).fetchall()
    fresh = [row for row in rows if abs(now_us - row[7]) <= CLOCK_STALE_S * 1_000_000]
    looked = fresh or rows[:1]
    if not looked:
        return _with_waits(UNMEASURED, settings.required)
    rank = {timekeeping.FAULTED: 2, timekeeping.UNMEASURED: 1, timekeeping.MEASURED: 0}
    _, word, why, source, off_us, err_us, measured_us, _, since_us = max(
        looked, key=lambda row: (rank.get(row[1], 2), row[5])
    )
    if not fresh and word == timekeeping.MEASURED:
        word = STALE
    found = TimeState(
        word=word,
        why=why,
        src=source,
        off_us=off_us,
        err_us=err_us,
        ok=word == timekeeping.MEASURED,
        waits=False,
        sampled=_told(measured_us),
        since=_told(since_us),
    )
    return _with_waits(found, settings.required)


async def check_begin(connection: Connection) -> Refusal | None:
    """Before an act of grade A is written: refuse it when it would wait for a token and there is no
    authority to give one; None = go on.
    """
    if (await state(connection)).waits and not time_settings.read().tsa_urls:
        return UNTRUSTED
    return None


async def ask_token(connection: Connection, tenant: int, half: str, size: int) -> None:
    """Ask the room `stamp` for a token over a checkpoint of at least `size` leaves, soon."""
    await connection.execute(_ASK, (tenant, half, size, time.time_ns() // 1000))


async def require_token(
    hub: Hub, tenant: int, stream: uuid.UUID, seq: int, wait_s: float = STAMP_WAIT_S
) -> Token | None:
    """After the commit of an act of grade A, before its acknowledgement: wait until a token covers
    fact `seq` of its stream, while the clock is not trusted.

    None at once when the clock does not ask for it; else the token, a neutral authority's where one
    is connected. Raises NotAvailable when none came in `wait_s`: the act is written and stays, it
    is not acknowledged; the repeat with the same key comes here again. Holds no connection while it
    waits, so have none borrowed either.
    """
    async with hub.connection() as connection:
        if not (await state(connection)).waits:
            return None
    settings = time_settings.read()
    neutral = not all(settings.is_own(url) for url in settings.tsa_urls)
    end_s = time.monotonic() + wait_s
    asked = False
    while True:
        async with hub.connection() as connection:
            place = await prove.find(connection, tenant, stream, seq)
            if place is not None:
                at_least = place.index + 1
                if not asked:
                    await ask_token(connection, tenant, place.half, at_least)
                    asked = True
                token = await stamps.find_covering(
                    connection, tenant, place.half, at_least, neutral=neutral
                )
                if token is not None:
                    return token
        if time.monotonic() >= end_s:
            raise NotAvailable(
                "the clock is not trusted and no time-stamp token came in time", RETRY_AFTER_S
            )
        await asyncio.sleep(_POLL_S)


def _with_waits(found: TimeState, required: bool) -> TimeState:
    untrusted = found.word in (timekeeping.FAULTED, STALE)
    unmeasured = found.word == timekeeping.UNMEASURED and required
    return replace(found, waits=untrusted or unmeasured)


def _told(us: int) -> str:
    return rfc3339(us // 1000) if us else ""
