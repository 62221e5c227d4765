"""Followers: each reads the leaves of every book in order and saves its place with what it did.

The cursor moves in the transaction in which `apply` writes, and only from where this follower read
it, so whatever `apply` writes to the database happens exactly once, however many processes run
the same follower and whenever they die. What `apply` does elsewhere can happen again.

A poison fact (one that `apply` raises on) stops its own book and nothing else. The batch is halved
until the fact stands alone; everything before it is applied. It is tried again after 1 s, 2 s ...
60 s at most, for ever, since a repaired program will take it; meanwhile `troubles` names it, and a
person may pass it over with `skip`. Nothing is skipped by itself.
"""

from __future__ import annotations

import logging
import struct
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, overload

from msgspec import Struct

from danshu.kernel import fact, limits
from danshu.kernel.errors import ProgramError
from danshu.ledger import archived
from danshu.ledger.edge import LogBroken
from danshu.ledger.leaves import FactRow, Leaf, Place, Rows, Touches, cut
from danshu.ledger.recent import Recent
from danshu.ledger.sequence import KEY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import psycopg

    Connection = psycopg.AsyncConnection[Any]
    Apply = Callable[[Connection, "B"], Awaitable[None]]
    """Writes what follows from facts of one book, in order; it neither commits nor rolls back."""
    Read = Callable[[Connection, int, str, int, int], Awaitable["B"]]
    """Reads the places [first, end) of a book: tenant, half, first, end."""

_log = logging.getLogger("danshu.follow")

_STREAM_BYTES: Final = 16
_BOOKS: Final = (
    "select b.tenant, b.half, b.size, coalesce(c.position, 0) from books b left join cursors c"
    " on c.name = %s and c.tenant = b.tenant and c.half = b.half"
    " where b.size > coalesce(c.position, 0) and (%s::int4[] is null or b.tenant = any(%s))"
    " order by b.tenant, b.half"
)
_SEGMENTS: Final = (
    "select first, n, gen, xid_from::text, xid_to::text, keys from segments"
    " where tenant=%(t)s and half=%(h)s and first < %(b)s and first >= (select coalesce(max(first),"
    " 0) from segments where tenant=%(t)s and half=%(h)s and first <= %(a)s) order by first"
)
_FACTS: Final = (
    "select uuid_send(f.stream) as s, f.v, f.n, f.body from facts f where f.gen = %s"
    " and f.xid >= %s::text::xid8 and f.xid <= %s::text::xid8 and f.tenant = %s"
    # the range of streams lets the server leave all other days alone
    " and f.stream >= %s and f.stream <= %s order by f.xid, f.stream, f.v"
)
_ADVANCE: Final = (
    "insert into cursors as c (name,tenant,half,position)"
    " select %(name)s, %(tenant)s, %(half)s, %(after)s where %(before)s = 0 or exists (select 1"
    " from cursors where name=%(name)s and tenant=%(tenant)s and half=%(half)s)"
    " on conflict (name,tenant,half) do update set position = excluded.position"
    " where c.position = %(before)s returning position"
)


B = TypeVar("B", bound=Sequence[Place])


class Trouble(Struct, frozen=True, kw_only=True):
    """A fact that could not be applied: where it is, what was raised, when it is tried again."""

    tenant: int
    half: str
    position: int
    attempts: int
    reason: str
    again_ms: int


class Follower(Generic[B]):
    """One follower; `name` names its cursors for ever. `tenants` None means all of them.

    `read` is how it reads: `read_leaves`, unless the keys are enough (`read_touches`).
    """

    @overload
    def __init__(
        self: Follower[Sequence[Leaf]],
        name: str,
        apply: Apply[Sequence[Leaf]],
        tenants: Sequence[int] | None = None,
        leaves_max: int = limits.FOLLOW_LEAVES,
    ) -> None: ...

    @overload
    def __init__(
        self,
        name: str,
        apply: Apply[B],
        tenants: Sequence[int] | None = None,
        leaves_max: int = limits.FOLLOW_LEAVES,
        *,
        read: Read[B],
    ) -> None: ...

    def __init__(
        self,
        name: str,
        apply: Apply[Any],
        tenants: Sequence[int] | None = None,
        leaves_max: int = limits.FOLLOW_LEAVES,
        *,
        read: Read[Any] | None = None,
    ) -> None:
        if leaves_max < 1:
            raise ProgramError("a follower reads at least one leaf at a time")
        self.name: Final = name
        self.troubles: Final[dict[tuple[int, str], Trouble]] = {}
        self._apply: Final = apply
        self._read: Final[Read[Any]] = read or read_leaves
        self._tenants: Final = list(tenants) if tenants is not None else None
        self._leaves_max: Final = leaves_max

    async def step(self, connection: psycopg.AsyncConnection[Any], now_ms: int) -> int:
        """Apply up to one batch of each book that has grown; give the number of leaves applied.

        Books of one tenant are read one after the other, the older half first. Raises LogBroken
        when a segment and its facts disagree; what `apply` raises is kept in `troubles`.
        """
        cursor = await connection.execute(_BOOKS, (self.name, self._tenants, self._tenants))
        done, behind = 0, 0
        seen: set[int] = set()
        for tenant, half, size, position in await cursor.fetchall():
            if tenant in seen:
                continue
            seen.add(tenant)
            trouble = self.troubles.get((tenant, half))
            if trouble and position == trouble.position and now_ms < trouble.again_ms:
                continue
            # at a poison fact one leaf is enough to see whether it can be applied now
            count = 1 if trouble and position == trouble.position else self._leaves_max
            end = min(size, position + count)
            leaves = await self._read(connection, tenant, half, position, end)
            done += await self._take(connection, leaves, now_ms)
            behind += 1
            if behind == limits.FOLLOW_BOOKS:
                break
        return done

    async def _take(self, connection: psycopg.AsyncConnection[Any], leaves: B, now_ms: int) -> int:
        """Apply leaves of one book, halving the batch around whatever is raised."""
        done, count = 0, len(leaves)
        while done < len(leaves):
            part: Any = leaves[done : done + count]  # a part of it, so of its kind
            try:
                if not await self._commit(connection, part):
                    return done
            except Exception as error:  # whatever `apply` raises is its own, and bounded here
                if connection.closed:
                    raise
                if count == 1:
                    self._note(part[0], error, now_ms)
                    return done
                count = max(1, count // 2)
                continue
            self.troubles.pop((part[0].tenant, part[0].half), None)
            done += len(part)
        return done

    async def _commit(self, connection: psycopg.AsyncConnection[Any], leaves: B) -> bool:
        """Move the cursor over leaves and apply them, in one transaction; False if it had moved."""
        tenant, half, first = leaves[0].tenant, leaves[0].half, leaves[0].position
        async with connection.transaction():
            if not await _advance(connection, self.name, tenant, half, first, first + len(leaves)):
                return False
            await self._apply(connection, leaves)
        return True

    def _note(self, leaf: Place, error: Exception, now_ms: int) -> None:
        before = self.troubles.get((leaf.tenant, leaf.half))
        attempts = before.attempts + 1 if before and before.position == leaf.position else 1
        wait_ms = min(limits.FOLLOW_RETRY_MS << min(attempts - 1, 16), limits.FOLLOW_RETRY_MAX_MS)
        self.troubles[leaf.tenant, leaf.half] = Trouble(
            tenant=leaf.tenant,
            half=leaf.half,
            position=leaf.position,
            attempts=attempts,
            reason=f"{type(error).__name__}: {error}",
            again_ms=now_ms + wait_ms,
        )
        # the body may hold people's data: only its place is told
        place = f"{leaf.tenant}/{leaf.half}/{leaf.position}"
        _log.error("%s stops at %s: %s", self.name, place, type(error).__name__)


async def skip(
    connection: psycopg.AsyncConnection[Any], name: str, tenant: int, half: str, position: int
) -> bool:
    """Pass over the one leaf at which a follower stands; False when it does not stand there.

    Call it in the transaction that writes down who decided so and why.
    """
    return await _advance(connection, name, tenant, half, position, position + 1)


async def move(
    connection: psycopg.AsyncConnection[Any],
    name: str,
    tenant: int,
    half: str,
    before: int,
    after: int,
) -> bool:
    """Move a cursor on, but only from where it is believed to be; False when it stands elsewhere.

    For who does its work outside the database first, and may do it again.
    """
    return await _advance(connection, name, tenant, half, before, after)


async def read_leaves(
    connection: psycopg.AsyncConnection[Any], tenant: int, half: str, first: int, end: int
) -> list[Leaf]:
    """Read the leaves [first, end) of a book; LogBroken when segments and facts disagree."""
    rows = await _read_rows(connection, tenant, half, first, end)
    try:
        leaves = list(rows)
    except (ProgramError, struct.error) as error:
        raise LogBroken(f"book {tenant}/{half}: a row in [{first}, {end}) is torn") from error
    if len(leaves) != len(rows):
        raise LogBroken(f"book {tenant}/{half}: a row in [{first}, {end}) has another count")
    return leaves


_recent: Final = Recent(limits.FOLLOW_RECENT_BYTES)


async def read_beside(
    connection: psycopg.AsyncConnection[Any], tenant: int, half: str, first: int, end: int
) -> Rows:
    """Read leaves as `read_leaves` does, of segments that another follower of this process has just
    read without asking again; and as fact rows, so that what is not wanted is not unpacked.
    """
    return await _read_rows(connection, tenant, half, first, end, recent=_recent)


async def _read_rows(
    connection: psycopg.AsyncConnection[Any],
    tenant: int,
    half: str,
    first: int,
    end: int,
    *,
    recent: Recent | None = None,
) -> Rows:
    cursor = await connection.cursor(binary=True).execute(
        _SEGMENTS, {"t": tenant, "h": half, "a": first, "b": end}
    )
    at = connection.pgconn
    of = (at.host, at.port, at.db)
    rows: list[FactRow] = []
    begun = reached = -1
    for start, n, gen, xid_from, xid_to, keys in await cursor.fetchall():
        name = (of, tenant, half, start, gen, xid_from, xid_to, keys)
        of_segment = recent.get(name) if recent is not None else None
        if of_segment is None:
            of_segment = await _read_fact_rows(connection, tenant, gen, xid_from, xid_to, keys)
            if recent is not None:
                recent.keep(name, of_segment)
        if sum([row[2] for row in of_segment]) != n or reached not in (-1, start):
            raise LogBroken(f"book {tenant}/{half}: the segment at {start} has no {n} facts")
        begun = start if begun < 0 else begun
        reached = start + n
        rows += of_segment
    if first < end and not begun <= first < end <= reached:
        raise LogBroken(f"book {tenant}/{half}: leaves in [{first}, {end}) are missing")
    if (first, end) != (begun, reached):
        rows = cut(rows, first - begun, end - begun)
    return Rows(tenant, half, first, rows)


async def read_touches(
    connection: psycopg.AsyncConnection[Any], tenant: int, half: str, first: int, end: int
) -> Touches:
    """Read which fact rows the leaves [first, end) of a book lie in."""
    cursor = await connection.cursor(binary=True).execute(
        _SEGMENTS, {"t": tenant, "h": half, "a": first, "b": end}
    )
    touched: list[tuple[bytes, int]] = []
    for start, n, _, _, _, keys in await cursor.fetchall():
        of_segment: list[tuple[bytes, int]] = []
        for stream, v, count in KEY.iter_unpack(keys):
            of_segment += [(stream, v)] * count
        if len(of_segment) != n or start > first + len(touched):
            raise LogBroken(f"book {tenant}/{half}: the segment at {start} has no {n} facts")
        touched += of_segment[max(0, first - start) : end - start]
    if len(touched) != max(0, end - first):
        raise LogBroken(f"book {tenant}/{half}: {len(touched)} leaves in [{first}, {end})")
    return Touches(tenant, half, first, touched)


async def read_present(
    connection: psycopg.AsyncConnection[Any],
    tenant: int,
    gen: int,
    xid_from: str,
    xid_to: str,
    keys: bytes,
) -> list[FactRow]:
    """Read the fact rows of a segment that are in the database, compared with nothing."""
    streams = [keys[at : at + _STREAM_BYTES] for at in range(0, len(keys), KEY.size)]
    low, high = uuid.UUID(bytes=min(streams)), uuid.UUID(bytes=max(streams))
    cursor = await connection.cursor(binary=True).execute(
        _FACTS, (gen, xid_from, xid_to, tenant, low, high)
    )
    return await cursor.fetchall()


async def read_segment(
    connection: psycopg.AsyncConnection[Any],
    tenant: int,
    gen: int,
    xid_from: str,
    xid_to: str,
    keys: bytes,
) -> list[bytes]:
    """Read the facts of a segment in the order of its keys; LogBroken when the rows differ."""
    rows = await _read_fact_rows(connection, tenant, gen, xid_from, xid_to, keys)
    try:
        return [body for row in rows for body in fact.unpack(row[3])]
    except (ProgramError, struct.error) as error:
        raise LogBroken(
            f"tenant {tenant}: a fact row of {gen}:{xid_from}-{xid_to} is torn"
        ) from error


async def _read_fact_rows(
    connection: psycopg.AsyncConnection[Any],
    tenant: int,
    gen: int,
    xid_from: str,
    xid_to: str,
    keys: bytes,
) -> list[FactRow]:
    if not keys or len(keys) % KEY.size:
        raise LogBroken(f"tenant {tenant}: the keys of {gen}:{xid_from}-{xid_to} are torn")
    streams = [keys[at : at + _STREAM_BYTES] for at in range(0, len(keys), KEY.size)]
    low, high = uuid.UUID(bytes=min(streams)), uuid.UUID(bytes=max(streams))
    bounds = (gen, xid_from, xid_to, tenant, low, high)
    rows: list[FactRow] = await (
        await connection.cursor(binary=True).execute(_FACTS, bounds)
    ).fetchall()
    if b"".join([KEY.pack(s, v, n) for s, v, n, _ in rows]) == keys:
        return rows
    # who reads from long ago meets what was put away
    if await archived.recall(connection, tenant, [uuid.UUID(bytes=s) for s in set(streams)]):
        cursor = await connection.cursor(binary=True).execute(_FACTS, bounds)
        rows = await cursor.fetchall()
    if b"".join([KEY.pack(s, v, n) for s, v, n, _ in rows]) != keys:
        raise LogBroken(
            f"tenant {tenant}: the facts of {gen}:{xid_from}-{xid_to} are not as logged"
        )
    return rows


async def _advance(
    connection: psycopg.AsyncConnection[Any],
    name: str,
    tenant: int,
    half: str,
    before: int,
    after: int,
) -> bool:
    """Move a cursor, but only from where it is believed to be."""
    cursor = await connection.execute(
        _ADVANCE,
        {"name": name, "tenant": tenant, "half": half, "before": before, "after": after},
    )
    return await cursor.fetchone() is not None
