"""The sequencer: facts get their gap-free positions and become Merkle leaves, beside the writers.

Facts are read below the oldest running transaction (`pg_snapshot_xmin`) in the order of their
transactions (xid8): below it nothing can appear any more, so nothing is missed, and a transaction
is never split. Order in a book: (cluster generation, xid, stream, v). A book is tenant x half-year
(UTC) by the clock of the sequencer at the moment of reading; that clock never goes back over a
half, so an older book is closed by the first leaf of the next.

The leaf hashes come with the facts, whose writer hashed them for their chain; the bytes are read
again by the audit, and by whoever verifies a bundle.

Each batch is ONE transaction: a segment for each book, the tiles that became full, the book's size
and root, and the cursor, which only moves from where this sequencer read it. A second sequencer is
kept out by an advisory lock, and if the lock is lost, by that cursor.
"""

from __future__ import annotations

import datetime
import struct
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.kernel import fact, limits, merkle
from danshu.kernel.errors import ProgramError
from danshu.kernel.tiles import Edge, Tile, split_hashes
from danshu.ledger import write
from danshu.ledger.edge import LogBroken, load_edge

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

LOCK: Final = 0x44616E5365717565  # "DanSeque"
CURSOR: Final = "sequencer"
KEY: Final = struct.Struct(">16sIH")
"""One fact row in a segment's keys: stream, position of its first fact in the stream, facts."""

# `x` must not be named xid, and the order must say f.xid: an output column would be sorted as text.
_COLUMNS: Final = (
    "select f.xid::text::int8 as x, f.tenant, uuid_send(f.stream) as s, f.v, f.n,"
    " coalesce(f.leaves, ''), case when f.leaves is null then f.body end from facts f"
)
_READ: Final = (
    f"{_COLUMNS} where f.gen = %s and f.xid >= %s::text::xid8"
    " and f.xid < pg_snapshot_xmin(pg_current_snapshot()) order by f.xid limit %s"
)
# Facts of an earlier cluster came with a restored dump: all of them are committed.
_READ_EARLIER: Final = (
    f"{_COLUMNS} where f.gen = %s and f.xid >= %s::text::xid8 order by f.xid limit %s"
)
_READ_ONE: Final = f"{_COLUMNS} where f.gen = %s and f.xid = %s::text::xid8"
_OLDEST: Final = (
    "select f.body from facts f, (select max(gen) as gen from clusters) g where f.gen = g.gen"
    " and f.xid >= (select coalesce(max(position), 0)::text::xid8 from cursors"
    " where name = %s and tenant = 0 and half = 'gen:' || g.gen) order by f.xid limit 1"
)
_MOVE: Final = (
    "with u as (update cursors set position=%s where name=%s and tenant=0 and half=%s"
    " and position=%s returning 1) select 1/count(*)::int from u"
)
_BOOKS: Final = (
    "with u as (insert into books as b (tenant,half,size,root)"
    " select t, %b, first + n, root"
    " from unnest(%b::int4[],%b::int8[],%b::int4[],%b::bytea[]) as u(t,first,n,root)"
    " on conflict (tenant,half) do update set size=excluded.size, root=excluded.root"
    " where b.size < excluded.size returning 1) select 1/(count(*) = %b)::int from u"
)
_SEGMENTS: Final = (
    "insert into segments(tenant,half,first,n,gen,xid_from,xid_to,keys,hashes,root)"
    " select t, %b, first, n, %b, lo::text::xid8, hi::text::xid8, keys, hashes, root"
    " from unnest(%b::int4[],%b::int8[],%b::int4[],%b::int8[],%b::int8[],%b::bytea[],%b::bytea[],"
    "%b::bytea[]) as u(t,first,n,lo,hi,keys,hashes,root)"
)
_TILES: Final = (
    "insert into tiles(tenant,half,level,n,data) select t, %b, level, n, data"
    " from unnest(%b::int4[],%b::int4[],%b::int8[],%b::bytea[]) as u(t,level,n,data)"
)

_Row = tuple[int, int, bytes, int, int, bytes, bytes | None]
"""xid, tenant, stream, v, n, leaf hashes joined, body where these were not written with it."""


class Segment(Struct, frozen=True, kw_only=True):
    """What one batch adds to one book."""

    tenant: int
    first: int
    hashes: bytes
    keys: bytes
    xid_from: int
    xid_to: int
    root: bytes
    tiles: list[tuple[Tile, bytes]]

    @property
    def n(self) -> int:
        """The number of its leaves."""
        return len(self.hashes) // merkle.HASH_BYTES


class _Envelope(Struct):
    """The one field of a fact that the lag needs."""

    time: datetime.datetime


_decode_time = msgspec.json.Decoder(_Envelope).decode


def half_of(now_ms: int) -> str:
    """Name the half-year (UTC) of a moment, such as "2026h2"; names sort as the halves do."""
    day = datetime.datetime.fromtimestamp(now_ms // 1000, datetime.UTC)
    return f"{day.year:04}h{1 if day.month <= 6 else 2}"


async def adopt(connection: psycopg.AsyncConnection[Any]) -> int:
    """Give the generation of this cluster, beginning a new one after a dump was restored.

    Transaction numbers begin anew in a restored cluster, so each cluster has a generation and each
    fact carries the one it was written in (a column default). Call it before the first write; it
    waits for running writes only when the generation is new.
    """
    system = await _one(connection, "select system_identifier from pg_control_system()")
    await connection.execute(
        "insert into clusters(gen,system_id) select 1, %s where not exists"
        " (select 1 from clusters) on conflict do nothing",
        (system,),
    )
    newest = "select gen, system_id from clusters order by gen desc limit 1"
    row = await (await connection.execute(newest)).fetchone()
    if row and row[1] == system:
        return int(row[0])
    async with connection.transaction():
        await connection.execute("lock table facts in access exclusive mode")
        row = await (await connection.execute(newest)).fetchone()
        if row and row[1] == system:
            return int(row[0])
        gen = int(row[0]) + 1 if row else 1
        await connection.execute(
            "insert into clusters(gen,system_id) values (%s,%s)", (gen, system)
        )
        await connection.execute(f"alter table facts alter column gen set default {gen}")
    return gen


async def lag_ms(connection: psycopg.AsyncConnection[Any], now_ms: int) -> int:
    """Tell the age of the oldest committed fact that is not in the log yet; 0 if there is none."""
    body = await _one(connection, _OLDEST, CURSOR)
    if body is None:
        return 0
    first = next(fact.unpack(body))
    return max(0, now_ms - int(_decode_time(first).time.timestamp() * 1000))


class Sequencer:
    """One sequencer; give `step` always the same connection, one that nobody else uses.

    `behind` tells after a step whether more was waiting than one batch takes: step again at once
    then, and rest otherwise, for many small batches cost more than one large one.
    """

    def __init__(self, rows_max: int = limits.SEQUENCE_FACT_ROWS) -> None:
        self.behind = False
        self._rows_max = rows_max
        self._holder: psycopg.AsyncConnection[Any] | None = None
        self._started = False
        self._gens: list[int] = []
        self._cursor = 0
        self._read_to = (0, "")  # generation and horizon below which everything was read
        self._half = ""
        self._edges: dict[int, Edge] = {}

    async def step(self, connection: psycopg.AsyncConnection[Any], now_ms: int) -> int:
        """Put one batch of facts into the log; give its number of leaves, 0 when there is none.

        0 also while another sequencer holds the lock. Raises LogBroken when what is stored
        disagrees with itself, UnknownOutcome when the connection broke; after any error the next
        step begins anew from what is stored.
        """
        self.behind = False
        try:
            if self._holder is not connection:
                if not await _one(connection, "select pg_try_advisory_lock(%s)", LOCK):
                    return 0
                self._holder = connection
                self._started = False
            if not self._started:
                await self._start(connection, half_of(now_ms))
            return await self._batch(connection, half_of(now_ms))
        except write.GuardFailed:  # another sequencer moved on: read again where it is
            self._started = False
            return 0
        except BaseException:
            self._started = False
            if connection.closed:
                self._holder = None
            raise

    async def _start(self, connection: psycopg.AsyncConnection[Any], half: str) -> None:
        newest = await adopt(connection)
        self._edges = {}
        self._read_to = (0, "")
        self._half = max(half, await _one(connection, "select max(half) from books") or "")
        self._gens = list(range(1, newest + 1))
        await self._seek(connection)
        self._started = True

    async def _seek(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Read where the first of the generations left stands."""
        name = f"gen:{self._gens[0]}"
        await connection.execute(
            "insert into cursors(name,tenant,half,position) values (%s,0,%s,0)"
            " on conflict do nothing",
            (CURSOR, name),
        )
        self._cursor = await _one(
            connection,
            "select position from cursors where name = %s and tenant = 0 and half = %s",
            CURSOR,
            name,
        )

    async def _batch(self, connection: psycopg.AsyncConnection[Any], half: str) -> int:
        rows = await self._read(connection)
        while not rows and len(self._gens) > 1:
            del self._gens[0]
            await self._seek(connection)
            rows = await self._read(connection)
        if not rows:
            return 0
        if half > self._half:
            self._half, self._edges = half, {}
        books: dict[int, list[_Row]] = {}
        for row in rows:
            books.setdefault(row[1], []).append(row)
        segments = [await self._segment(connection, t, books[t]) for t in sorted(books)]
        after = rows[-1][0] + 1
        await write.commit(connection, self._statements(segments, after))
        self._cursor = after
        return sum(s.n for s in segments)

    async def _read(self, connection: psycopg.AsyncConnection[Any]) -> list[_Row]:
        """Read whole transactions from the cursor on, at least one if there is one, in order."""
        gen, most = self._gens[0], self._rows_max
        # a look at every partition costs milliseconds once there are hundreds: only if one ended
        horizon = await _one(connection, "select pg_snapshot_xmin(pg_current_snapshot())::text")
        if self._read_to == (gen, horizon):
            return []
        cursor = connection.cursor(binary=True)
        sql = _READ if len(self._gens) == 1 else _READ_EARLIER
        rows = await (await cursor.execute(sql, (gen, str(self._cursor), most))).fetchall()
        self.behind = len(rows) == most
        if self.behind:
            last = rows[-1][0]
            if rows[0][0] == last:
                rows = await (await cursor.execute(_READ_ONE, (gen, str(last)))).fetchall()
            else:
                while rows[-1][0] == last:
                    rows.pop()
        else:
            self._read_to = (gen, horizon)
        rows.sort(key=_place)
        return rows

    async def _segment(
        self, connection: psycopg.AsyncConnection[Any], tenant: int, rows: Sequence[_Row]
    ) -> Segment:
        edge = self._edges.get(tenant)
        if edge is None:
            edge = self._edges[tenant] = await self._load(connection, tenant)
        first = edge.size
        keys: list[bytes] = []
        joined: list[bytes] = []
        for _, _, stream, v, n, leaves, body in rows:
            if body is not None:  # written before leaf hashes were kept
                leaves = b"".join([merkle.leaf_hash(one) for one in fact.unpack(body)])
            if len(leaves) != n * merkle.HASH_BYTES or n > limits.ROW_FACTS:
                raise ProgramError(
                    f"the fact row {stream.hex()}/{v} of tenant {tenant} has no {n} facts"
                )
            joined.append(leaves)
            keys.append(KEY.pack(stream, v, n))
        hashes = b"".join(joined)
        tiles = edge.extend(split_hashes(hashes))
        return Segment(
            tenant=tenant,
            first=first,
            hashes=hashes,
            keys=b"".join(keys),
            xid_from=rows[0][0],
            xid_to=rows[-1][0],
            root=edge.root(),
            tiles=tiles,
        )

    async def _load(self, connection: psycopg.AsyncConnection[Any], tenant: int) -> Edge:
        """Rebuild the edge of a tenant's open book; check it against what was written with it."""
        cursor = await connection.execute(
            "select b.size, b.root, s.first + s.n, s.root, s.gen, s.xid_to::text::int8"
            " from books b left join lateral (select * from segments s where s.tenant = b.tenant"
            " and s.half = b.half order by first desc limit 1) s on true"
            " where b.tenant = %s and b.half = %s",
            (tenant, self._half),
        )
        row = await cursor.fetchone()
        if row is None:
            if await _one(
                connection,
                "select 1 from segments where tenant=%s and half=%s limit 1",
                tenant,
                self._half,
            ):
                raise LogBroken(f"book {tenant}/{self._half} has segments and no size")
            return Edge()
        size, root, end, end_root, gen, xid_to = row
        if size != end or root != end_root:
            raise LogBroken(f"book {tenant}/{self._half}: {size} leaves, its segments end at {end}")
        if (gen, xid_to) >= (self._gens[0], self._cursor):
            raise LogBroken(f"book {tenant}/{self._half}: its last segment lies after the cursor")
        edge = await load_edge(connection, tenant, self._half, size)
        if edge.root() != root:
            raise LogBroken(f"book {tenant}/{self._half}: tiles and leaves do not give its root")
        return edge

    def _statements(self, segments: Sequence[Segment], after: int) -> list[write.Statement]:
        gen, half = self._gens[0], self._half
        tenants = write.int4s([s.tenant for s in segments])
        firsts = write.int8s([s.first for s in segments])
        counts = write.int4s([s.n for s in segments])
        roots = write.byteas([s.root for s in segments])
        statements = [
            write.Statement(_MOVE, (after, CURSOR, f"gen:{gen}", self._cursor)),
            write.Statement(
                _SEGMENTS,
                (
                    half,
                    gen,
                    tenants,
                    firsts,
                    counts,
                    write.int8s([s.xid_from for s in segments]),
                    write.int8s([s.xid_to for s in segments]),
                    write.byteas([s.keys for s in segments]),
                    write.byteas([s.hashes for s in segments]),
                    roots,
                ),
            ),
            write.Statement(_BOOKS, (half, tenants, firsts, counts, roots, len(segments))),
        ]
        if tiles := [(s.tenant, tile) for s in segments for tile in s.tiles]:
            statements.append(
                write.Statement(
                    _TILES,
                    (
                        half,
                        write.int4s([tenant for tenant, _ in tiles]),
                        write.int4s([tile.level for _, (tile, _) in tiles]),
                        write.int8s([tile.index for _, (tile, _) in tiles]),
                        write.byteas([data for _, (_, data) in tiles]),
                    ),
                )
            )
        return statements


def _place(row: _Row) -> tuple[int, bytes, int]:
    return row[0], row[2], row[3]


async def _one(connection: psycopg.AsyncConnection[Any], sql: str, *params: Any) -> Any:
    row = await (await connection.execute(sql, params)).fetchone()
    return row[0] if row else None
