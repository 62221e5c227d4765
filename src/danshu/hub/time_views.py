"""What is shown of trusted time: the clock, its sources, its faults, the tokens of each book."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.hub import time_settings, trusted_time
from danshu.hub.trusted_time import TimeState
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.ledger import stamps

if TYPE_CHECKING:
    from danshu.ledger.stamps import Token

Connection = psycopg.AsyncConnection[Any]
_FAULTS_MAX: Final = 20
_BOOKS_MAX: Final = 8
_TREND: Final = 60
_MINUTE_US: Final = 60_000_000
_SOURCES: Final = """
select s.node, s.source, s.stratum, s.offset_us, s.error_us, s.chosen, s.trouble, s.at_us
from clock_samples s join clock_states c on c.node=s.node and c.sampled_us=s.at_us
order by s.node, s.chosen desc, s.source limit 64
"""
_TREND_SQL: Final = """
select at_us / 60000000, max(error_us) from clock_samples where chosen and at_us >= %s
group by 1 order by 1
"""
_FAULTS: Final = """
select node, since_us, until_us, why, source, offset_us, error_us from clock_faults
order by since_us desc limit %s
"""
_BOOKS: Final = "select half, signed from books where tenant=%s order by half desc limit %s"
_STAMPING: Final = """
select s.half, s.algorithm, s.authority, s.size, s.next_us, s.failures, s.trouble, s.detail,
t.gen_us, t.accuracy_us, t.signer, t.checked, t.own from stamping s
left join tokens t on t.tenant=s.tenant and t.half=s.half and t.size=s.size
and t.algorithm=s.algorithm and t.authority=s.authority
where s.tenant=%s and s.half=any(%s) and s.authority=any(%s)
order by s.half desc, s.authority, s.algorithm
"""
_NEWEST: Final = "select gen_us from tokens where tenant=%s order by half desc, size desc limit 1"


class TimeSource(Struct, frozen=True, kw_only=True):
    """What a source said at the last look. `node` names the machine whose clock was compared;
    `chosen`: it speaks for the clock; `trouble` "" or silent, unreadable, unsynchronised.
    """

    node: str
    source: str
    stratum: int
    offset_us: int
    error_us: int
    chosen: bool
    trouble: str
    at: str


class ClockFault(Struct, frozen=True, kw_only=True):
    """A fault of the clock; `until` "" = it goes on."""

    node: str
    since: str
    until: str
    why: str
    source: str
    offset_us: int
    error_us: int


class Stamped(Struct, frozen=True, kw_only=True):
    """How far a book is stamped by one authority and digest. `size` 0 = no token yet; `gen` is the
    authority's time, its accuracy unknown when None; `trouble` is the code of the last failure,
    `detail` in the words of whoever said so; `own`: 自建(不中立).
    """

    algorithm: str
    authority: str
    own: bool
    size: int
    gen: str
    accuracy_us: int | None
    signer: str
    checked: str
    failures: int
    trouble: str
    detail: str
    next: str


class StampedBook(Struct, frozen=True, kw_only=True):
    """A book: how many leaves are signed, and how far they are stamped."""

    half: str
    signed: int
    stamps: tuple[Stamped, ...]


class ErrorMinute(Struct, frozen=True, kw_only=True):
    """The largest error bound of a minute."""

    at: str
    error_us: int


class TimeView(Struct, frozen=True, kw_only=True):
    """Trusted time on one page. `servers` are those asked; `configured`: somebody named them;
    `authorities` none: checkpoints get no tokens.
    """

    state: TimeState
    servers: tuple[str, ...]
    configured: bool
    sources: tuple[TimeSource, ...]
    trend: tuple[ErrorMinute, ...]
    faults: tuple[ClockFault, ...]
    authorities: int
    books: tuple[StampedBook, ...]


class TokenRow(Struct, frozen=True, kw_only=True):
    """A token over a checkpoint; `digest` is that of the checkpoint file, in hex."""

    size: int
    algorithm: str
    authority: str
    own: bool
    digest: str
    gen: str
    accuracy_us: int | None
    serial: str
    policy: str
    signer: str
    checked: str
    bytes: int


async def read(connection: Connection, tenant: int) -> TimeView:
    """Read the page: the clock is the installation's, books and tokens the merchant's."""
    settings = time_settings.read()
    now_us = time.time_ns() // 1000
    sources = await (await connection.execute(_SOURCES)).fetchall()
    since_us = now_us - _TREND * _MINUTE_US
    trend = await (await connection.execute(_TREND_SQL, (since_us,))).fetchall()
    faults = await (await connection.execute(_FAULTS, (_FAULTS_MAX,))).fetchall()
    return TimeView(
        state=await trusted_time.state(connection, now_us),
        servers=settings.servers,
        configured=settings.configured,
        sources=tuple(
            TimeSource(
                node=node, source=source, stratum=stratum, offset_us=offset, error_us=error,
                chosen=chosen, trouble=trouble, at=told(at),
            )
            for node, source, stratum, offset, error, chosen, trouble, at in sources
        ),
        trend=tuple(ErrorMinute(at=told(m * _MINUTE_US), error_us=e) for m, e in trend),
        faults=tuple(
            ClockFault(
                node=node, since=told(since), until=told(until), why=why, source=source,
                offset_us=offset, error_us=error,
            )
            for node, since, until, why, source, offset, error in faults
        ),
        authorities=len(settings.tsa_urls),
        books=await _books(connection, tenant, settings.tsa_urls),
    )  # fmt: skip


async def _books(
    connection: Connection, tenant: int, urls: tuple[str, ...]
) -> tuple[StampedBook, ...]:
    books = await (await connection.execute(_BOOKS, (tenant, _BOOKS_MAX))).fetchall()
    halves = [half for half, _ in books]
    settings = time_settings.read()
    cursor = await connection.execute(_STAMPING, (tenant, halves, list(urls)))
    found: dict[str, list[Stamped]] = {half: [] for half in halves}
    for (
        half,
        algorithm,
        authority,
        size,
        next_us,
        failures,
        trouble,
        detail,
        *token,
    ) in await cursor.fetchall():
        gen_us, accuracy_us, signer, checked, own = token
        found[half].append(
            Stamped(
                algorithm=algorithm,
                authority=authority,
                own=settings.is_own(authority) if own is None else own,
                size=size,
                gen=told(gen_us or 0),
                accuracy_us=accuracy_us,
                signer=signer or "",
                checked=checked or "",
                failures=failures,
                trouble=trouble,
                detail=detail,
                next=told(next_us),
            )
        )
    return tuple(
        StampedBook(half=half, signed=signed, stamps=tuple(found[half])) for half, signed in books
    )


async def read_newest(connection: Connection, tenant: int) -> str:
    """Give when the merchant's newest token was made, by its authority; "" = none."""
    row = await (await connection.execute(_NEWEST, (tenant,))).fetchone()
    return told(row[0]) if row else ""


async def signed_size(connection: Connection, tenant: int, half: str) -> int:
    """Give how many leaves of a book are signed. Raises InputError `no_book`."""
    cursor = await connection.execute(
        "select signed from books where tenant=%s and half=%s", (tenant, half)
    )
    row = await cursor.fetchone()
    if row is None:
        raise InputError("no_book", "no such book")
    return int(row[0])


async def ask(connection: Connection, tenant: int, half: str) -> int:
    """Ask for a token over the newest checkpoint of a book; gives its size. Raises InputError
    `no_book`, also for a book that was never signed.
    """
    size = await signed_size(connection, tenant, half)
    if not size:
        raise InputError("no_book", "the book has no checkpoint yet")
    await trusted_time.ask_token(connection, tenant, half, size)
    return size


async def find(
    connection: Connection, tenant: int, half: str, size: int, algorithm: str, authority: str
) -> Token:
    """Find one token; `authority` "" takes the first. Raises InputError `no_token`."""
    for token in await stamps.read_tokens(connection, tenant, half, size):
        if token.algorithm == algorithm and authority in ("", token.authority):
            return token
    raise InputError("no_token", "no such token")


def row_of(token: Token) -> TokenRow:
    """Show a token without its bytes."""
    return TokenRow(
        size=token.size,
        algorithm=token.algorithm,
        authority=token.authority,
        own=token.own,
        digest=token.digest.hex(),
        gen=told(token.gen_us),
        accuracy_us=token.accuracy_us,
        serial=token.serial,
        policy=token.policy,
        signer=token.signer,
        checked=token.checked,
        bytes=len(token.token),
    )


def told(us: int) -> str:
    """Write epoch microseconds as RFC 3339; "" for 0."""
    return rfc3339(us // 1000) if us else ""
