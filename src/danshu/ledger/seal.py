"""The sealer: signs the root of every book that has grown, as a C2SP checkpoint.

It trusts the sequencer no further than the stored leaf hashes: it keeps an edge of its own for each
book, feeds it the same hashes and signs only when both roots agree. Its edge only ever grows from
the last signed root, so every new checkpoint is consistent with all before it by construction.

A last note may be kept in a second place (a folder outside the database). It is written before the
note is published, so that a database restored from an older backup finds a larger tree there and
refuses to sign a second history. A note there with no row in the database is no harm: what it signs
was durable before.

Who signs, and by which keys: signers.py. During the overlap of a rotation each checkpoint bears two
signatures of the log. A log that was linked to a new one (relink.py) is not looked at any more.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.kernel import limits, note
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.note import Checkpoint, VerifierKey
from danshu.kernel.tiles import split_hashes
from danshu.ledger import write
from danshu.ledger.edge import LogBroken, load_edge, read_hashes
from danshu.ledger.signers import (
    SIGNER,
    SeedSigner,
    Signer,
    check,
    load_signer,
    load_signers,
    log_key,
    origin_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from danshu.kernel.tiles import Edge

__all__ = [
    "SIGNER",
    "Forked",
    "Sealer",
    "SeedSigner",
    "Signer",
    "check",
    "is_linked",
    "last_note",
    "load_signer",
    "log_key",
    "open_note",
    "origin_of",
]

LOCK: Final = 0x44616E5365616C73  # "DanSeals"

_GROWN: Final = (
    "select b.tenant, b.half, t.code, b.size, b.root, b.signed from books b"
    " left join tenants t on t.id = b.tenant where b.size <> b.signed order by b.tenant, b.half"
)
_NOTES: Final = (
    "insert into checkpoints(tenant,half,size,note)"
    " select * from unnest(%b::int4[],%b::text[],%b::int8[],%b::bytea[])"
)
_SIGNED: Final = (
    "with u as (update books b set signed = w.size"
    " from unnest(%b::int4[],%b::text[],%b::int8[],%b::int8[]) w(t,half,size,before)"
    " where b.tenant=w.t and b.half=w.half and b.signed=w.before returning 1)"
    " select 1/(count(*) = %b)::int from u"
)


FORKED: Final = "forked"
"""The cursor that tells other processes of a book that is forked: since when, in epoch ms."""
_FORKED: Final = (
    "insert into cursors(name,tenant,half,position) values (%s,%s,%s,%s) on conflict do nothing"
)
_JOINED: Final = "delete from cursors where name=%s"


class Forked(LogBroken):
    """What is stored is older than, or other than, what was signed: nothing is signed any more."""

    code = "log_forked"
    remedy = (
        "The database is probably an older backup: restore the newest one. If there is none,"
        " `danshu log relink` begins a linked log."
    )

    def __init__(self, tenant: int, half: str, why: str) -> None:
        super().__init__(f"book {tenant}/{half}{why}")
        self.tenant: Final = tenant
        self.half: Final = half

    def diagnose(self) -> str:
        """Say what a person can do about it."""
        return f"{self}. {self.remedy}"


class Book(Struct, frozen=True, kw_only=True):
    """A book that has grown since it was last signed."""

    tenant: int
    half: str
    code: str
    size: int
    root: bytes
    signed: int

    @property
    def origin(self) -> str:
        """The first line of its checkpoints."""
        return origin_of(self.code, self.half)


def open_note(raw: bytes, *keys: VerifierKey) -> Checkpoint | Refusal:
    """Verify a signed checkpoint of the log that `keys` name, one of them at least, and read it."""
    try:
        parsed = note.parse(raw)
        checkpoint = note.parse_checkpoint(parsed.text)
    except InputError as error:
        return Refusal(code=error.code, reason="不是检查点", reason_en=error.detail)
    verified = note.verify(parsed, keys, check)
    if isinstance(verified, Refusal):
        return verified
    if checkpoint.origin not in [each.key.name for each in verified]:
        return Refusal(
            code="note_origin",
            reason="检查点属于另一个日志",
            reason_en=f"the checkpoint is of {checkpoint.origin}",
            clause="c2sp.org/tlog-checkpoint",
        )
    return checkpoint


async def last_note(
    connection: psycopg.AsyncConnection[Any], tenant: int, half: str
) -> bytes | None:
    """Give the newest signed checkpoint of a book."""
    cursor = await connection.execute(
        "select note from checkpoints where tenant=%s and half=%s order by size desc limit 1",
        (tenant, half),
    )
    row = await cursor.fetchone()
    return row[0] if row else None


class Sealer:
    """One sealer; give `step` always the same connection, one that nobody else uses.

    `folder` is the second place of the last notes; without one, a restored backup can only be
    found out by those who hold a newer checkpoint.
    """

    def __init__(
        self,
        folder: Path | None = None,
        every_ms: int = limits.SEAL_EVERY_MS,
        signer: Signer | None = None,
    ) -> None:
        self._folder = folder
        self._every_ms = every_ms
        self._own: Final = signer
        self._signers: list[Signer] = []
        self._known: list[bytes] = []
        self._holder: psycopg.AsyncConnection[Any] | None = None
        self._started = self._is_fresh = False
        self._next_ms = 0
        self._edges: dict[tuple[int, str], Edge] = {}

    async def step(self, connection: psycopg.AsyncConnection[Any], now_ms: int) -> int:
        """Sign every book that has grown; give the number of checkpoints, 0 when it is too early.

        0 also while another sealer holds the lock. Raises Forked when what is stored is not what
        was signed, and again at every step until that is settled.
        """
        if self._next_ms - self._every_ms <= now_ms < self._next_ms:
            return 0
        try:
            if self._holder is not connection and not await self._hold(connection):
                return 0
            if not self._started:
                await self._start(connection)
            sealed = await self._seal(connection)
            if self._is_fresh:  # all is well, whatever was told before
                await connection.execute(_JOINED, (FORKED,))
                self._is_fresh = False
        except write.GuardFailed:
            self._started = False
            return 0
        except Forked as error:
            self._started = False
            await _tell_fork(connection, error, now_ms)
            raise
        except BaseException:
            self._started = False
            if connection.closed:
                self._holder = None
            raise
        if sealed:
            self._next_ms = now_ms + self._every_ms
        return sealed

    async def _hold(self, connection: psycopg.AsyncConnection[Any]) -> bool:
        row = await (
            await connection.execute("select pg_try_advisory_lock(%s)", (LOCK,))
        ).fetchone()
        if not row or not row[0]:
            return False
        self._holder, self._started = connection, False
        return True

    async def _start(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Forget what is in memory; compare every note of the second place with the database."""
        self._edges = {}
        self._signers, self._known = await load_signers(connection, self._own)
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)
            for path in sorted(self._folder.glob("*.note")):
                tenant, _, half = path.stem.partition(".")
                if not await is_linked(connection, int(tenant), half, path.read_bytes()):
                    await self._edge(connection, int(tenant), half)
        self._started = self._is_fresh = True

    async def _seal(self, connection: psycopg.AsyncConnection[Any]) -> int:
        cursor = await connection.cursor(binary=True).execute(_GROWN)
        grown = await cursor.fetchall()
        if not grown:
            return 0
        self._signers, self._known = await load_signers(connection, self._own)
        books, notes = [], []
        for tenant, half, code, size, root, signed in grown:
            if code is None:
                raise LogBroken(f"book {tenant}/{half} belongs to no tenant")
            book = Book(tenant=tenant, half=half, code=code, size=size, root=root, signed=signed)
            await self._advance(connection, book)
            raw = self._sign(book)
            self._keep(book, raw)
            books.append(book)
            notes.append(raw)
        await write.commit(connection, _statements(books, notes))
        return len(books)

    async def _advance(self, connection: psycopg.AsyncConnection[Any], book: Book) -> None:
        """Bring our own edge of a book to its size; Forked unless both roots agree."""
        place = (book.tenant, book.half)
        edge = self._edges.get(place)
        if edge is None:
            edge = await self._edge(connection, book.tenant, book.half)
        if book.size < max(book.signed, edge.size):
            signed = max(book.signed, edge.size)
            raise Forked(*place, f" has {book.size} leaves, {signed} were signed")
        hashes = await read_hashes(connection, book.tenant, book.half, edge.size, book.size)
        edge.extend(split_hashes(hashes))
        if edge.root() != book.root:
            raise Forked(*place, ": the stored leaves do not grow from what was signed to its root")

    async def _edge(self, connection: psycopg.AsyncConnection[Any], tenant: int, half: str) -> Edge:
        """Rebuild the edge at the newest note of both places; Forked unless it has their roots."""
        place = (tenant, half)
        cursor = await connection.execute(
            "select t.code, b.size, b.signed from books b join tenants t on t.id = b.tenant"
            " where b.tenant=%s and b.half=%s",
            place,
        )
        row = await cursor.fetchone()
        if row is None:
            raise Forked(*place, " was signed and is not in the database")
        code, size, signed = row
        keys = [log_key(origin_of(code, half), public) for public in self._known]
        stored = await last_note(connection, tenant, half)
        kept = self._kept(tenant, half)
        notes = [_opened(raw, keys, place) for raw in (stored, kept) if raw is not None]
        if signed != (_opened(stored, keys, place).size if stored else 0):
            why = f": {signed} leaves were signed, the last checkpoint says otherwise"
            raise Forked(*place, why)
        notes.sort(key=lambda each: each.size)
        edge = await load_edge(connection, tenant, half, 0)
        for checkpoint in notes:
            if checkpoint.size > size:
                raise Forked(*place, f" has {size} leaves, {checkpoint.size} were signed")
            edge = await load_edge(connection, tenant, half, checkpoint.size)
            if edge.root() != checkpoint.root:
                raise Forked(*place, f": other leaves were signed at size {checkpoint.size}")
        self._edges[tenant, half] = edge
        return edge

    def _sign(self, book: Book) -> bytes:
        text = Checkpoint(origin=book.origin, size=book.size, root=book.root).text()
        signatures = [
            note.sign(text, log_key(book.origin, each.public_key), each.sign)
            for each in self._signers
        ]
        return note.encode(note.Note(text=text, signatures=tuple(signatures)))

    def _kept(self, tenant: int, half: str) -> bytes | None:
        path = self._folder / f"{tenant}.{half}.note" if self._folder else None
        return path.read_bytes() if path and path.exists() else None

    def _keep(self, book: Book, raw: bytes) -> None:
        """Replace the note of the second place, durably."""
        if self._folder is None:
            return
        path = self._folder / f"{book.tenant}.{book.half}.note"
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


async def _tell_fork(connection: psycopg.AsyncConnection[Any], error: Forked, now_ms: int) -> None:
    """Leave word of it for who looks; the row goes when a sealer begins and all is well."""
    with contextlib.suppress(psycopg.Error):  # it is raised anyway
        await connection.execute(_FORKED, (FORKED, error.tenant, error.half, now_ms))


async def is_linked(
    connection: psycopg.AsyncConnection[Any], tenant: int, half: str, raw: bytes
) -> bool:
    """Tell whether a linked log goes on from the very note that the second place keeps."""
    cursor = await connection.execute(
        "select 1 from linked_logs where tenant=%s and old_half=%s and note=%s",
        (tenant, half, raw),
    )
    return await cursor.fetchone() is not None


def _opened(raw: bytes, keys: Sequence[VerifierKey], place: tuple[int, str]) -> Checkpoint:
    checkpoint = open_note(raw, *keys)
    if isinstance(checkpoint, Refusal):
        raise Forked(*place, f": its last checkpoint is not ours: {checkpoint.reason_en}")
    return checkpoint


def _statements(books: Sequence[Book], notes: Sequence[bytes]) -> list[write.Statement]:
    tenants = write.int4s([b.tenant for b in books])
    halves = write.texts([b.half for b in books])
    sizes = write.int8s([b.size for b in books])
    before = write.int8s([b.signed for b in books])
    return [
        write.Statement(_NOTES, (tenants, halves, sizes, write.byteas(notes))),
        write.Statement(_SIGNED, (tenants, halves, sizes, before, len(books))),
    ]
