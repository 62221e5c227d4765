"""Proofs: where a fact is in its book, that it is there, and that a book only grew (RFC 6962 §2.1).

Everything is built from full tiles, which never change, and the right edge, which only grows, so a
warm prover answers without the database.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct

from danshu.kernel import fact, limits, merkle, note
from danshu.kernel.errors import ProgramError
from danshu.kernel.merkle import HASH_BYTES
from danshu.kernel.tiles import TILE_BYTES, TILE_HASHES, TILE_HEIGHT
from danshu.ledger import archived
from danshu.ledger.edge import LogBroken, read_hashes, read_tops
from danshu.ledger.sequence import KEY

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    import psycopg

_KEYS: Final = np.dtype([("stream", "V16"), ("v", ">u4"), ("n", ">u2")])
_FETCHES_MAX: Final = 64  # tiles that one proof may need: a few a level, two edges

_WHERE: Final = (
    "select f.stream, f.v, f.n, f.body, s.half, s.first, s.keys from facts f left join lateral"
    " (select * from segments s where s.tenant = f.tenant and s.gen = f.gen and s.xid_to >= f.xid"
    " order by s.xid_to limit 1) s on s.xid_from <= f.xid where f.tenant = %s and f.stream = %s"
)


class Position(Struct, frozen=True, kw_only=True):
    """Where a fact is: the half-year of its tenant's book, and the index of its leaf."""

    half: str
    index: int


class Proven(Struct, frozen=True, kw_only=True):
    """One fact: leaf index, the stored bytes, and its inclusion proof at the shared checkpoint."""

    index: int
    body: bytes
    proof: tuple[bytes, ...]


class Bundle(Struct, frozen=True, kw_only=True):
    """The facts of a stream in one book, in order, all proven at one signed checkpoint."""

    half: str
    size: int
    note: bytes
    facts: tuple[Proven, ...]


class Material(Struct, frozen=True, kw_only=True):
    """What proves a stream: a bundle for each book; `pending` facts await their checkpoint."""

    bundles: tuple[Bundle, ...]
    pending: int


class Located(Struct, frozen=True, kw_only=True):
    """One fact of a stream: its stored bytes, and its leaf; None while it is not in the log."""

    seq: int
    body: bytes
    position: Position | None


class _Missing(Exception):
    """The tile (level, index) is not in memory, or not so far."""

    def __init__(self, level: int, index: int) -> None:
        super().__init__(level, index)
        self.place = (level, index)


def place(keys: bytes, stream: bytes, v: int, n: int) -> int | None:
    """Count the leaves of a segment before the fact row (stream, v, n); None if it is not there."""
    at = -1
    wanted = KEY.pack(stream, v, n)
    while (at := keys.find(wanted, at + 1)) >= 0:
        if at % KEY.size == 0:
            return int(np.frombuffer(keys, _KEYS, at // KEY.size)["n"].sum(dtype=np.int64))
    return None


async def find(
    connection: psycopg.AsyncConnection[Any], tenant: int, stream: uuid.UUID, seq: int
) -> Position | None:
    """Find the leaf of fact `seq` of a stream; None when it is unknown or not in the log yet."""
    await archived.recall(connection, tenant, [stream])
    cursor = await connection.cursor(binary=True).execute(
        _WHERE + " and f.v <= %s order by f.v desc limit 1", (tenant, stream, seq)
    )
    row = await cursor.fetchone()
    if row is None or seq >= row[1] + row[2] or row[4] is None:
        return None
    return Position(half=row[4], index=_index(row) + seq - row[1])


async def locate(
    connection: psycopg.AsyncConnection[Any],
    tenant: int,
    stream: uuid.UUID,
    after: int,
    commits: int,
) -> list[list[Located]]:
    """Read the facts of a stream after position `after`, a list a commit, each with its leaf."""
    await archived.recall(connection, tenant, [stream])
    cursor = await connection.cursor(binary=True).execute(
        _WHERE + " and f.v + f.n - 1 > %s order by f.v limit %s", (tenant, stream, after, commits)
    )
    found = []
    for row in await cursor.fetchall():
        first = None if row[4] is None else _index(row)
        found.append(
            [
                Located(
                    seq=row[1] + nth,
                    body=body,
                    position=None if first is None else Position(half=row[4], index=first + nth),
                )
                for nth, body in enumerate(fact.unpack(row[3]))
                if row[1] + nth > after
            ]
        )
    return found


def _index(row: tuple[Any, ...]) -> int:
    """Give the index of the first leaf of a fact row that has a segment."""
    stream, v, n, _, _, first, keys = row
    before = place(keys, stream.bytes, v, n)
    if before is None:
        raise LogBroken(f"the fact row {stream}/{v} is not in the segment of its transaction")
    return int(first) + before


class Prover:
    """Proofs for any book from tiles kept in memory (16 KB each, the least used is dropped).

    One prover serves many connections, but not two tasks at the same moment in different threads.
    """

    def __init__(self, tiles_max: int = limits.PROVER_TILES) -> None:
        self._tiles: OrderedDict[tuple[int, str, int, int], list[bytes]] = OrderedDict()
        self._tiles_max = tiles_max

    async def prove_inclusion(
        self,
        connection: psycopg.AsyncConnection[Any],
        tenant: int,
        half: str,
        index: int,
        size: int,
    ) -> list[bytes]:
        """Prove that leaf `index` is in the first `size` leaves of a book: its sibling first.

        Raises ProgramError unless 0 <= index < size, LogBroken when the book has not `size` leaves.
        """
        node_at = self._source(tenant, half)
        for _ in range(_FETCHES_MAX):
            try:
                return merkle.inclusion_proof(index, size, node_at)
            except _Missing as missing:
                await self._fetch(connection, tenant, half, size, *missing.place)
        raise LogBroken(f"book {tenant}/{half}: no inclusion proof of {index} in {size}")

    async def prove_consistency(
        self,
        connection: psycopg.AsyncConnection[Any],
        tenant: int,
        half: str,
        old_size: int,
        size: int,
    ) -> list[bytes]:
        """Prove that the first `size` leaves of a book begin with its first `old_size`.

        Raises ProgramError unless 1 <= old_size <= size, LogBroken when the book is not so long.
        """
        node_at = self._source(tenant, half)
        for _ in range(_FETCHES_MAX):
            try:
                return merkle.consistency_proof(old_size, size, node_at)
            except _Missing as missing:
                await self._fetch(connection, tenant, half, size, *missing.place)
        raise LogBroken(f"book {tenant}/{half}: no consistency proof of {old_size} in {size}")

    async def prove_stream(
        self, connection: psycopg.AsyncConnection[Any], tenant: int, stream: uuid.UUID
    ) -> Material:
        """Prove every fact of a stream, in each book at that book's newest signed checkpoint."""
        await archived.recall(connection, tenant, [stream])
        cursor = await connection.cursor(binary=True).execute(
            _WHERE + " order by f.v", (tenant, stream)
        )
        leaves: dict[str, list[tuple[int, bytes]]] = {}
        pending = 0
        async for row in cursor:
            if row[4] is None:
                pending += row[2]
                continue
            bodies = fact.unpack(row[3])
            leaves.setdefault(row[4], []).extend(enumerate(bodies, _index(row)))
        bundles = []
        for half in sorted(leaves):
            cursor = await connection.execute(
                "select size, note from checkpoints where tenant=%s and half=%s"
                " order by size desc limit 1",
                (tenant, half),
            )
            size, raw = await cursor.fetchone() or (0, b"")
            sealed = [(i, body) for i, body in leaves[half] if i < size]
            pending += len(leaves[half]) - len(sealed)
            if not sealed:
                continue
            facts = [
                Proven(
                    index=i,
                    body=body,
                    proof=tuple(await self.prove_inclusion(connection, tenant, half, i, size)),
                )
                for i, body in sealed
            ]
            bundles.append(Bundle(half=half, size=size, note=raw, facts=tuple(facts)))
        return Material(bundles=tuple(bundles), pending=pending)

    def _source(self, tenant: int, half: str) -> Callable[[int, int], bytes]:
        tiles = self._tiles

        def node_at(level: int, index: int) -> bytes:
            tile_level, height = divmod(level, TILE_HEIGHT)
            at = index >> (TILE_HEIGHT - height)
            rows = tiles.get((tenant, half, tile_level, at))
            start = (index & ((TILE_HASHES >> height) - 1)) * HASH_BYTES
            if rows is None or len(rows[height]) < start + HASH_BYTES:
                raise _Missing(tile_level, at)
            tiles.move_to_end((tenant, half, tile_level, at))
            return rows[height][start : start + HASH_BYTES]

        return node_at

    async def _fetch(
        self,
        connection: psycopg.AsyncConnection[Any],
        tenant: int,
        half: str,
        size: int,
        level: int,
        index: int,
    ) -> None:
        """Bring a tile into memory: a full one from its row, the edge by what it grew."""
        key = (tenant, half, level, index)
        known = self._tiles[key][0] if key in self._tiles else b""
        cursor = await connection.cursor(binary=True).execute(
            "select data from tiles where tenant=%s and half=%s and level=%s and n=%s",
            (tenant, half, level, index),
        )
        row = await cursor.fetchone()
        if row and len(row[0]) == TILE_BYTES:
            data = row[0]
        else:
            first = index * TILE_HASHES + len(known) // HASH_BYTES
            end = min((index + 1) * TILE_HASHES, size >> TILE_HEIGHT * level)
            if level:
                data = known + await read_tops(connection, tenant, half, level - 1, first, end)
            else:
                data = known + await read_hashes(connection, tenant, half, first, end)
        if len(data) <= len(known):
            raise LogBroken(f"book {tenant}/{half}: tile {level}/{index} is missing at size {size}")
        self._tiles[key] = _rows(data)
        while len(self._tiles) > self._tiles_max:
            self._tiles.popitem(last=False)


def _rows(data: bytes) -> list[bytes]:
    """Hash a tile up to its root: nine rows of joined hashes, complete pairs only."""
    rows = [data]
    step = 2 * HASH_BYTES
    for _ in range(TILE_HEIGHT):
        pairs = range(0, len(data) - step + 1, step)
        data = b"".join([sha256(b"\1" + data[at : at + step]).digest() for at in pairs])
        rows.append(data)
    return rows


def proof_file(bundle: Bundle, proven: Proven) -> bytes:
    """Write the `.tlog-proof` file (C2SP tlog-proof) of one fact."""
    if not 0 <= proven.index < bundle.size:
        raise ProgramError(f"leaf {proven.index} is not under the checkpoint of {bundle.size}")
    return note.encode_proof(
        note.Proof(index=proven.index, hashes=proven.proof, checkpoint=bundle.note)
    )
