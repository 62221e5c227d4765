"""The audit: hash the log again and walk every stream.

It reads one snapshot (repeatable read, read only), so it may run beside the writers, and streams
what it reads: memory does not grow with the log. Whether the facts still give the rows is asked by
`fold_rows` (fold.py).
"""

from __future__ import annotations

import contextlib
import struct
import uuid
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.kernel import fact, merkle
from danshu.kernel.errors import ProgramError, Refusal
from danshu.kernel.tiles import Edge, Tile, split_hashes
from danshu.ledger import archived, seal, signers
from danshu.ledger.edge import LogBroken
from danshu.ledger.findings import (
    CURSOR_ROWS,
    Difference,
    Findings,
    Report,
    snapshot,
    unpacked,
)
from danshu.ledger.fold import Folder, fold_rows
from danshu.ledger.follow import read_present
from danshu.ledger.sequence import KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from danshu.kernel.note import VerifierKey
    from danshu.ledger.leaves import FactRow

__all__ = ["Difference", "Folder", "Report", "audit_log", "fold_rows"]

_FIRST: Final = uuid.UUID(int=0)
_LAST: Final = uuid.UUID(int=2**128 - 1)
_MODULUS: Final = 2**256

_SEGMENTS: Final = (
    "select first, n, gen, xid_from::text, xid_to::text, keys, hashes, root from segments"
    " where tenant=%s and half=%s order by first"
)
_CHECKPOINTS: Final = "select size, note from checkpoints where tenant=%s and half=%s order by size"
_TILE: Final = "select data from tiles where tenant=%s and half=%s and level=%s and n=%s"
_HALVES: Final = (
    "select half from books where tenant=%(t)s union select half from segments where tenant=%(t)s"
    " union select half from checkpoints where tenant=%(t)s order by 1"
)
_UNLOGGED: Final = (
    "select f.stream, f.v from facts f join cursors c on c.name = 'sequencer' and c.tenant = 0"
    " and c.half = 'gen:' || f.gen and f.xid < c.position::text::xid8 where f.tenant=%(t)s"
    " and not exists (select 1 from segments s where s.tenant=%(t)s and s.gen = f.gen"
    " and s.xid_from <= f.xid and s.xid_to >= f.xid and position(uuid_send(f.stream)"
    " || int4send(f.v) || substr(int4send(f.n), 3) in s.keys) > 0) limit 20"
)


class _Sum:
    """A digest of a multiset of fact rows, whatever their order: hashes added modulo 2**256."""

    def __init__(self) -> None:
        self.rows = 0
        self.value = 0

    def add(self, key: bytes, hashes: bytes) -> None:
        self.rows += 1
        digest = sha256(key + hashes).digest()
        self.value = (self.value + int.from_bytes(digest, "big")) % _MODULUS


class _Envelope(Struct):
    """What a fact says about its own place."""

    id: str
    seq: int
    source: str
    type: str
    prev: str = ""


_decode = msgspec.json.Decoder(_Envelope).decode


async def audit_log(
    connection: psycopg.AsyncConnection[Any], tenant: int, public_key: bytes | None = None
) -> Report:
    """Hash a tenant's facts again and compare segments, tiles, books, checkpoints and chains.

    Every signed root is compared with the root of one growing tree at its size, which is pairwise
    consistency of all checkpoints. Finds: changed, missing, extra or reordered facts; gaps and
    forks in streams; damaged segments and tiles; checkpoints that are forged, or of another
    history. `public_key` is the log's, when its signer keeps the key outside the database.
    """
    findings = Findings()
    async with snapshot(connection):
        publics = [k.public_key for k in await signers.read_keys(connection)]
        publics += [public_key] if public_key else []
        code = await _code(connection, tenant)
        logged = _Sum()
        away = archived.Away(await archived.read_parts(connection, tenant, _FIRST, _LAST))
        halves = await (await connection.execute(_HALVES, {"t": tenant})).fetchall()
        for (half,) in halves:
            book = _Book(tenant, half, findings, logged, away)
            origin = seal.origin_of(code, half)
            await book.walk(connection, [seal.log_key(origin, public) for public in publics])
        stored = await _walk_streams(connection, tenant, findings)
        if (stored.rows, stored.value) != (logged.rows, logged.value):
            findings.add(
                "log.facts",
                f"tenant {tenant}",
                f"{stored.rows} fact rows should be in the log, it has {logged.rows}"
                " or others in their place",
            )
            lost = await (await connection.execute(_UNLOGGED, {"t": tenant})).fetchall()
            for stream, v in lost:
                findings.add("log.missing", f"{stream}/{v}", "committed, and in no segment")
    return findings.report(tenant)


class _Book:
    """The walk over one book: one tree grown from the facts, beside what is stored of it."""

    def __init__(
        self, tenant: int, half: str, findings: Findings, logged: _Sum, away: archived.Away
    ) -> None:
        self._tenant, self._half, self._away = tenant, half, away
        self._name = f"book {tenant}/{half}"
        self._findings = findings
        self._logged = logged
        self._edge = Edge()
        self._tiles = 0

    async def walk(
        self, connection: psycopg.AsyncConnection[Any], keys: Sequence[VerifierKey]
    ) -> None:
        place = (self._tenant, self._half)
        async with (
            connection.cursor(name="audit_segments", binary=True) as segments,
            connection.cursor(name="audit_checkpoints", binary=True) as checkpoints,
        ):
            segments.itersize = checkpoints.itersize = CURSOR_ROWS
            await segments.execute(_SEGMENTS, place)
            await checkpoints.execute(_CHECKPOINTS, place)
            due = await checkpoints.fetchone()
            async for segment in segments:
                await self._segment(connection, segment)
                while due and due[0] <= self._edge.size:
                    self._checkpoint(due, keys)
                    due = await checkpoints.fetchone()
            while due:
                self._checkpoint(due, keys)
                due = await checkpoints.fetchone()
        await self._end(connection)

    async def _segment(
        self, connection: psycopg.AsyncConnection[Any], segment: tuple[Any, ...]
    ) -> None:
        first, n, gen, xid_from, xid_to, keys, hashes, root = segment
        where = f"{self._name} segment {first}"
        self._findings.count("segments")
        if first != self._edge.size or len(hashes) != n * merkle.HASH_BYTES:
            self._differ("log.gap", where, f"should begin at {self._edge.size}, {n} leaves")
        try:
            rows = await read_present(connection, self._tenant, gen, xid_from, xid_to, keys)
            leaves = self._hash(rows, keys, hashes)
        except (LogBroken, ProgramError, struct.error, ValueError) as error:
            self._differ("log.rows", where, str(error))
            leaves = []
        if b"".join(leaves) != hashes:
            self._differ("log.leaf", where, _first_changed(first, leaves, hashes))
        # go on with what the log says, so that one changed fact is one difference
        for tile, data in self._edge.extend(split_hashes(hashes)):
            await self._tile(connection, tile, data)
        if self._edge.root() != root:
            self._differ("log.root", where, "its root is not that of the leaves so far")
        self._findings.count("leaves", n)
        at = 0
        for stream, v, count in KEY.iter_unpack(keys):
            end = at + count * merkle.HASH_BYTES
            self._logged.add(KEY.pack(stream, v, count), hashes[at:end])
            at = end

    def _hash(self, rows: list[FactRow], keys: bytes, hashes: bytes) -> list[bytes]:
        """Hash the facts of a segment again. Of what was put away the log's own word is taken: the
        walk over the streams, which reads the files, hashes it and compares the sums.
        """
        there = {KEY.pack(stream, v, n): body for stream, v, n, body in rows}
        leaves: list[bytes] = []
        for stream, v, n in KEY.iter_unpack(keys):
            body = there.pop(KEY.pack(stream, v, n), None)
            if body is not None:
                leaves += [merkle.leaf_hash(one) for one in fact.unpack(body)]
            elif self._away.covers(uuid.UUID(bytes=stream)):
                leaves += split_hashes(hashes)[len(leaves) : len(leaves) + n]
                self._findings.count("put_away", n)
            else:
                raise LogBroken(f"the fact row {uuid.UUID(bytes=stream)}/{v} is missing")
        if there:
            raise LogBroken(f"{len(there)} fact rows are not as logged")
        return leaves

    async def _tile(
        self, connection: psycopg.AsyncConnection[Any], tile: Tile, data: bytes
    ) -> None:
        self._tiles += 1
        place = (self._tenant, self._half, tile.level, tile.index)
        row = await (await connection.execute(_TILE, place, binary=True)).fetchone()
        if row is None or row[0] != data:
            detail = "missing" if row is None else "not the hashes of its leaves"
            self._differ("log.tile", f"{self._name} {tile.path}", detail)

    def _checkpoint(self, due: tuple[Any, ...], keys: Sequence[VerifierKey]) -> None:
        size, raw = due
        where = f"{self._name} checkpoint {size}"
        self._findings.count("checkpoints")
        checkpoint = seal.open_note(raw, *keys)
        if isinstance(checkpoint, Refusal):
            self._differ("seal.note", where, checkpoint.reason_en or checkpoint.reason)
        elif checkpoint.size != size:
            self._differ("seal.note", where, f"the note says {checkpoint.size} leaves")
        elif size != self._edge.size:
            self._differ("seal.size", where, "no segment ends there")
        elif checkpoint.root != self._edge.root():
            self._differ("seal.root", where, "the signed root is not that of these leaves")

    async def _end(self, connection: psycopg.AsyncConnection[Any]) -> None:
        place = (self._tenant, self._half)
        cursor = await connection.execute(
            "select size, root, signed, (select coalesce(max(size), 0) from checkpoints c"
            " where c.tenant=b.tenant and c.half=b.half) from books b where tenant=%s and half=%s",
            place,
        )
        row = await cursor.fetchone()
        if row is None or row[:2] != (self._edge.size, self._edge.root()):
            self._differ(
                "log.book", self._name, f"its size or root is not that of {self._edge.size}"
            )
        elif row[2] != row[3]:
            self._differ("seal.book", self._name, f"signed up to {row[2]}, checkpoints to {row[3]}")
        cursor = await connection.execute(
            "select count(*) from tiles where tenant=%s and half=%s", place
        )
        row = await cursor.fetchone()
        self._findings.count("tiles", self._tiles)
        if row is None or row[0] != self._tiles:
            self._differ("log.tile", self._name, f"{self._tiles} tiles are full, other are stored")

    def _differ(self, code: str, where: str, detail: str) -> None:
        self._findings.add(code, where, detail)


async def _walk_streams(
    connection: psycopg.AsyncConnection[Any], tenant: int, findings: Findings
) -> _Sum:
    """Walk every stream in order: positions without gaps, each `prev` the leaf before it."""
    logged = _Sum()
    stream: uuid.UUID | None = None
    seq, head = 0, fact.NO_HEAD
    rows = archived.walk(connection, "audit_streams", tenant, _FIRST, _LAST)
    async with contextlib.aclosing(rows):
        async for this, v, n, body, pending in rows:
            if this != stream:
                findings.count("streams")
                stream, seq, head = this, 0, fact.NO_HEAD
            findings.count("rows")
            where = f"{this}/{v}"
            bodies, torn = unpacked(body)
            if torn or len(bodies) != n or v != seq + 1:
                findings.add("stream.row", where, f"{n} facts from {v} on, after {seq}")
                seq = v - 1
            hashes = []
            for one in bodies:
                seq += 1
                if trouble := _misplaced(one, tenant, this, seq, head):
                    findings.add("stream.chain", f"{this}/{seq}", trouble)
                head = merkle.leaf_hash(one)
                hashes.append(head)
            findings.count("facts", len(bodies))
            if pending:
                findings.count("pending", len(bodies))
            else:
                logged.add(KEY.pack(this.bytes, v, n), b"".join(hashes))
    return logged


def _misplaced(body: bytes, tenant: int, stream: uuid.UUID, seq: int, head: bytes) -> str:
    """Say what a fact gets wrong about its own place; nothing when all is right."""
    try:
        envelope = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"no fact: {error}"
    if (envelope.id, envelope.seq) != (f"{stream}/{seq}", seq):
        return f"it says that it is {envelope.id}, seq {envelope.seq}"
    if envelope.source != f"danshu/{tenant}":
        return f"it says that it is of {envelope.source}"
    if envelope.prev != (head.hex() if seq > 1 else ""):
        return "its prev is not the fact before it"
    return ""


async def _code(connection: psycopg.AsyncConnection[Any], tenant: int) -> str:
    cursor = await connection.execute("select code from tenants where id=%s", (tenant,))
    row = await cursor.fetchone()
    return row[0] if row else ""


def _first_changed(first: int, leaves: list[bytes], hashes: bytes) -> str:
    for at, leaf in enumerate(leaves):
        if hashes[at * merkle.HASH_BYTES : (at + 1) * merkle.HASH_BYTES] != leaf:
            return f"leaf {first + at} is not the hash of its fact"
    return f"{len(leaves)} facts, {len(hashes) // merkle.HASH_BYTES} leaves"
