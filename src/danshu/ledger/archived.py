"""Facts that were put away, for whoever needs them again.

The log stays in the database whole: segments with the hash of every leaf, tiles, checkpoints. What
goes is the fact rows of orders that have ended, into files (archive_files.py) that `archive_parts`
names. Whoever asks for such a stream has its rows brought back first (`recall`); each is compared
with its leaf in the log, so that a file which was changed gives nothing. Rows that came back are
rows like all others; the next run removes them again.
"""

from __future__ import annotations

import asyncio
import datetime
import heapq
import os
import time
import uuid
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct

from danshu.kernel import fact, ids, merkle
from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.limits import ARCHIVE_YOUNG_DAYS
from danshu.ledger import archive_files
from danshu.ledger.edge import LogBroken
from danshu.ledger.findings import CURSOR_ROWS, FACTS
from danshu.ledger.sequence import KEY
from danshu.ports import registry

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence

    import psycopg

    from danshu.ledger.archive_files import Row
    from danshu.ports.blobs import Blobs

Connection = Any
VARIABLE: Final = "DANSHU_ARCHIVE_URL"
_DAY_MS: Final = 86_400_000
_ADAPTERS: Final = {"file": "folder"}  # others bear the name of their scheme
_PARTS: Final = (
    "select day,no,object,bytes,digest,rows,facts,first,last from archive_parts"
    " where tenant=%s and last >= %s and first <= %s order by first"
)
_PARTS_OF_DAYS: Final = (
    "select day,no,object,bytes,digest,rows,facts,first,last from archive_parts"
    " where tenant=%s and day = any(%s) and last >= %s and first <= %s order by first"
)
_BACK: Final = "select stream from archive_recalls where tenant=%s and stream = any(%s)"
_TOUCH: Final = (
    "update archive_recalls set at=now() where tenant=%s and stream = any(%s)"
    " and at < now() - interval '1 hour'"
)
_INSERT: Final = (
    "insert into facts(tenant,stream,v,n,gen,xid,body,leaves) select %(tenant)s, s, v, n, gen,"
    " x::text::xid8, body, leaves from unnest(%(s)s::uuid[],%(v)s::int4[],%(n)s::int4[],"
    "%(gen)s::int4[],%(x)s::int8[],%(body)s::bytea[],%(leaves)s::bytea[])"
    " as w(s,v,n,gen,x,body,leaves) on conflict do nothing"
)
_RECALLED: Final = (
    "insert into archive_recalls as r (tenant,stream,v,at) select %s, s, v, now()"
    " from unnest(%s::uuid[],%s::int4[]) as w(s,v) on conflict (tenant,stream) do update"
    " set v = greatest(r.v, excluded.v), at = excluded.at"
)
_SEGMENT: Final = (
    "select s.half, s.first, s.xid_from::text::int8, s.xid_to::text::int8, s.keys, s.hashes,"
    " b.signed from segments s join books b on b.tenant=s.tenant and b.half=s.half"
    " where s.tenant=%s and s.gen=%s and s.xid_to >= %s::text::xid8 order by s.xid_to limit 1"
)


class Part(Struct, frozen=True, kw_only=True):
    """A file of facts of one merchant and UTC day: its object's name, length and SHA-256, how many
    fact rows and facts it has, the first and the last of its streams.
    """

    day: datetime.date
    no: int
    object: str
    size: int
    digest: bytes
    rows: int
    facts: int
    first: uuid.UUID
    last: uuid.UUID


def blobs() -> Blobs:
    """Give the place that DANSHU_ARCHIVE_URL names. Raises InputError when nothing does."""
    url = os.environ.get(VARIABLE, "")
    scheme = url.partition(":")[0]
    if not scheme:
        raise InputError("no_archive", f"name the archive in {VARIABLE}")
    found = cast("Blobs", registry.load("blobs", _ADAPTERS.get(scheme, scheme)))
    found.open(url)
    return found


def is_young(stream: uuid.UUID, now_ms: int) -> bool:
    """Tell that nothing of a stream can have been put away yet."""
    age_ms: int = now_ms - ids.made_ms(stream)
    return age_ms < ARCHIVE_YOUNG_DAYS * _DAY_MS


def day_of(stream: uuid.UUID) -> datetime.date:
    """Give the UTC day of a stream's id."""
    return datetime.datetime.fromtimestamp(ids.made_ms(stream) / 1000, datetime.UTC).date()


async def read_parts(
    connection: Connection, tenant: int, first: uuid.UUID, last: uuid.UUID
) -> list[Part]:
    """Read the parts that may hold streams of [first, last], by their first stream."""
    return _parts(await (await connection.execute(_PARTS, (tenant, first, last))).fetchall())


def _parts(rows: Iterable[tuple[Any, ...]]) -> list[Part]:
    return [
        Part(
            day=row[0], no=row[1], object=row[2], size=row[3], digest=bytes(row[4]),
            rows=row[5], facts=row[6], first=row[7], last=row[8],
        )
        for row in rows
    ]  # fmt: skip


async def recall(connection: Connection, tenant: int, streams: Iterable[uuid.UUID]) -> int:
    """Bring back what was put away of streams, in the caller's transaction if there is one; gives
    the number of rows. Nothing is asked for streams that came back already.

    Raises NotAvailable when the archive does not answer, LogBroken when it answers wrongly.
    """
    now_ms = time.time_ns() // 1_000_000
    asked = sorted({stream for stream in streams if not is_young(stream, now_ms)})
    if not asked:
        return 0
    days = sorted({day_of(stream) for stream in asked})
    cursor = await connection.execute(_PARTS_OF_DAYS, (tenant, days, asked[0], asked[-1]))
    parts = _parts(await cursor.fetchall())
    if not parts:
        return 0
    found = await (await connection.execute(_BACK, (tenant, asked))).fetchall()
    if found:
        await connection.execute(_TOUCH, (tenant, asked))  # who is asked for stays a while
    wanted = {stream.bytes for stream in asked} - {row[0].bytes for row in found}
    rows = await asyncio.to_thread(_read, parts, wanted) if wanted else []
    if not rows:
        return 0
    await check(connection, tenant, rows)
    ends: dict[bytes, int] = {}
    for stream, v, n, _, _, _ in rows:
        ends[stream] = max(ends.get(stream, 0), v + n - 1)
    async with connection.transaction():
        await insert(connection, tenant, rows)
        of = [uuid.UUID(bytes=stream) for stream in ends]
        await connection.execute(_RECALLED, (tenant, of, list(ends.values())))
    return len(rows)


def _read(parts: Sequence[Part], wanted: set[bytes]) -> list[Row]:
    place = blobs()
    return [
        row
        for part in parts
        if any(part.first.bytes <= stream <= part.last.bytes for stream in wanted)
        for rows in archive_files.read(place, part.object, part.size, wanted)
        for row in rows
    ]


async def insert(connection: Connection, tenant: int, rows: Sequence[Row]) -> None:
    """Write fact rows as they were; those that are there stay."""
    streams, vs, ns, gens, xids, bodies = zip(*rows, strict=True)
    hashed = [b"".join([merkle.leaf_hash(one) for one in fact.unpack(b)]) for b in bodies]
    await connection.execute(
        _INSERT,
        {
            "tenant": tenant,
            "s": [uuid.UUID(bytes=stream) for stream in streams],
            "v": list(vs),
            "n": list(ns),
            "gen": list(gens),
            "x": list(xids),
            "body": list(bodies),
            "leaves": hashed,
        },
    )


async def check(connection: Connection, tenant: int, rows: Sequence[Row]) -> None:
    """Compare fact rows with their leaves in the log, which have to be signed.

    Raises LogBroken for a row that the log does not have, or has with other bytes.
    """
    segment = _Segment()
    for row in sorted(rows, key=lambda each: (each[3], each[4])):
        stream, v, n, gen, xid, body = row
        if not segment.covers(gen, xid):
            cursor = connection.cursor(binary=True)
            found = await cursor.execute(_SEGMENT, (tenant, gen, str(xid)))
            segment = _Segment(gen, await found.fetchone())
        segment.check(f"{uuid.UUID(bytes=stream)}/{v}", KEY.pack(stream, v, n), body)


class _Segment:
    """A batch of leaves: where each fact row's hashes stand."""

    def __init__(self, gen: int = -1, row: tuple[Any, ...] | None = None) -> None:
        self._gen, self._from, self._to, self._hashes = gen, 0, -1, b""
        self._at: dict[bytes, int] = {}
        if row is None:
            return
        _, first, self._from, self._to, keys, self._hashes, signed = row
        at = 0
        for place in range(0, len(keys), KEY.size):
            key = keys[place : place + KEY.size]
            n = KEY.unpack(key)[2]
            if first + at + n <= signed:
                self._at[key] = at
            at += n

    def covers(self, gen: int, xid: int) -> bool:
        return gen == self._gen and self._from <= xid <= self._to

    def check(self, name: str, key: bytes, body: bytes) -> None:
        at = self._at.get(key)
        if at is None:
            raise LogBroken(f"the fact row {name} is in no signed part of the log")
        try:
            hashed = b"".join([merkle.leaf_hash(one) for one in fact.unpack(body)])
        except ProgramError as error:
            raise LogBroken(f"the fact row {name} is torn") from error
        start = at * merkle.HASH_BYTES
        if hashed != self._hashes[start : start + len(hashed)] or not hashed:
            raise LogBroken(f"the fact row {name} is not what the log has")


class Away:
    """Which streams of a merchant may have been put away, for the audit."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._ranges: dict[datetime.date, list[tuple[uuid.UUID, uuid.UUID]]] = {}
        for part in parts:
            self._ranges.setdefault(part.day, []).append((part.first, part.last))
        self._firsts = sorted(parts, key=lambda part: part.first)

    def covers(self, stream: uuid.UUID) -> bool:
        """Tell whether a part may hold this stream."""
        ranges = self._ranges.get(day_of(stream), ()) if self._ranges else ()
        return any(first <= stream <= last for first, last in ranges)

    def next_from(self, stream: uuid.UUID) -> uuid.UUID | None:
        """Give the first stream from here on that a part may hold."""
        after = [max(part.first, stream) for part in self._firsts if part.last >= stream]
        return min(after, default=None)


async def walk(
    connection: psycopg.AsyncConnection[Any],
    name: str,
    tenant: int,
    first: uuid.UUID,
    last: uuid.UUID,
) -> AsyncGenerator[tuple[uuid.UUID, int, int, bytes, bool], None]:
    """Read the fact rows of the streams [first, last] in order, those that were put away among
    them: stream, v, n, body, whether not in the log yet. `name` is the cursor's; files are read in
    the caller's thread.
    """
    parts = await read_parts(connection, tenant, first, last)
    away = _merge(parts, first, last) if parts else iter(())
    held = next(away, None)
    async with connection.cursor(name=name, binary=True) as rows:
        rows.itersize = CURSOR_ROWS
        await rows.execute(FACTS, (tenant, first, last))
        async for row in rows:
            while held is not None and (held[0], held[1]) <= (row[0].bytes, row[1]):
                if (held[0], held[1]) != (row[0].bytes, row[1]):  # else it came back
                    yield _as_row(held)
                held = next(away, None)
            yield row
    while held is not None:
        yield _as_row(held)
        held = next(away, None)


def _as_row(row: Row) -> tuple[uuid.UUID, int, int, bytes, bool]:
    return uuid.UUID(bytes=row[0]), row[1], row[2], row[5], False


def _merge(parts: Sequence[Part], first: uuid.UUID, last: uuid.UUID) -> Iterator[Row]:
    """Read parts side by side in the order of their rows, each opened when its turn comes."""
    place = blobs()
    waiting = sorted(parts, key=lambda part: part.first, reverse=True)
    heap: list[tuple[bytes, int, int, Row, Iterator[Row]]] = []
    count = 0
    while waiting or heap:
        while waiting and (not heap or waiting[-1].first.bytes <= heap[0][0]):
            part = waiting.pop()
            rows = _within(place, part, first.bytes, last.bytes)
            if (row := next(rows, None)) is not None:
                count += 1
                heapq.heappush(heap, (row[0], row[1], count, row, rows))
        if not heap:
            continue
        _, _, number, row, rows = heapq.heappop(heap)
        yield row
        if (after := next(rows, None)) is not None:
            heapq.heappush(heap, (after[0], after[1], number, after, rows))


def _within(place: Blobs, part: Part, first: bytes, last: bytes) -> Iterator[Row]:
    for rows in archive_files.read(place, part.object, part.size):
        for row in rows:
            if first <= row[0] <= last:
                yield row
