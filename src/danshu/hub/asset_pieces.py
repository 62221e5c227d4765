"""Leaves become sources: each book in pieces of ASSET_PIECE positions, a Parquet file a source.

A closed piece is written once. The open one is written anew, from its former files and the new
leaves. No cursor is kept: the index says how far it is. One at a time follows: a slow one that had
read an older size of the log would put an older index in place of a newer.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from danshu.capabilities.assets import sources
from danshu.capabilities.assets.reading import recorded_ms
from danshu.hub import asset_files, asset_index
from danshu.hub.asset_index import Index, Piece
from danshu.hub.asset_turns import FOLLOWING, take_turn
from danshu.kernel.limits import ASSET_BATCH, ASSET_PIECE
from danshu.ledger.follow import read_beside

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from danshu.ledger.leaves import Leaf, Rows

Connection = Any
_SALT: Final = "select salt from tenants where id=%s"
_BOOKS: Final = "select half, size from books where tenant=%s order by half"
_COSTS: Final = (
    "select sku, (extract(epoch from since)*1000)::int8, cost_fen from sku_values where tenant=%s"
    " order by sku, since"
)


class Grown(Struct, frozen=True, kw_only=True):
    """What following the log gave: the index, how many leaves were read, whether all was made
    again because it was made otherwise before. `oldest_ms`: when the first of the new leaves was
    recorded, 0 without any and where all are new.
    """

    index: Index
    leaves: int
    is_remade: bool
    oldest_ms: int


class Tables:
    """The rows of one piece, gathered as Arrow tables by source."""

    def __init__(self, folder: Path, piece: Piece | None) -> None:
        self._parts: dict[str, list[Any]] = {name: [] for name in sources.FOLDED}
        self._last = ""
        for name, file in (piece.files if piece else {}).items():
            columns = sources.FOLDED[name].columns
            self._parts[name].append(asset_files.load(folder / file.name, columns))

    def take(self, leaves: Rows, salt: bytes) -> None:
        """Fold leaves, which follow on those before."""
        out = sources.make_out()
        sources.fold(out, leaves.half, leaves.first, leaves.rows, salt)
        self._last = digest_of(leaves[len(leaves) - 1])
        for name, found in out.items():
            if found:
                columns = sources.FOLDED[name].columns
                self._parts[name].append(asset_files.table_of(found, columns))

    def write(self, disk: asset_files.Disk, folder: Path, half: str, no: int, end: int) -> Piece:
        """Write the files of the piece as it is at `end`."""
        import pyarrow as pa

        is_closed = end == (no + 1) * ASSET_PIECE
        stem = f"{half}-{no:06d}" if is_closed else f"{half}-{no:06d}-{end}"
        files = {
            name: asset_files.put_table(
                disk, folder, f"sources/{name}/{stem}.parquet", pa.concat_tables(parts)
            )
            for name, parts in self._parts.items()
            if parts
        }
        return Piece(half=half, no=no, end=end, files=files, last=self._last)


async def read_salt(connection: Connection, tenant: int) -> bytes:
    """Read what a merchant's pseudonyms are made with."""
    row = await (await connection.execute(_SALT, (tenant,))).fetchone()
    return bytes(row[0]) if row else b""


async def follow(
    connection: Connection,
    tenant: int,
    folder: Path,
    *,
    disk: asset_files.Disk | None = None,
    tell: Callable[[int, int], None] | None = None,
    until: Mapping[str, int] | None = None,
    is_anew: bool = False,
) -> Grown:
    """Bring a merchant's sources up to the log; `tell` hears leaves read, and how many in all.

    `until` says how far to read each book, `is_anew`: all pieces are made again from the log.
    Raises LogBroken when the log and its facts disagree; what was written by then stays.
    """
    disk = disk or asset_files.Disk()
    async with take_turn(connection, FOLLOWING, tenant):
        return await _follow(connection, tenant, folder, disk, tell, until, is_anew=is_anew)


async def _follow(
    connection: Connection,
    tenant: int,
    folder: Path,
    disk: asset_files.Disk,
    tell: Callable[[int, int], None] | None,
    until: Mapping[str, int] | None,
    *,
    is_anew: bool,
) -> Grown:
    salt = await read_salt(connection, tenant)
    sizes = dict(await (await connection.execute(_BOOKS, (tenant,))).fetchall())
    before = await asyncio.to_thread(asset_index.read, folder)
    if until is not None:
        sizes = {half: min(size, until.get(half, 0)) for half, size in sizes.items()}
    strange = set() if before is None else await _strange(connection, tenant, before, sizes)
    index, is_remade = _begin(None if is_anew else before, salt, strange)
    ends = index.ends
    pieces = await asyncio.to_thread(_intact, folder, index)
    due = _due(pieces, sizes)
    log = _Log(connection, tenant, salt, ends, sum(d.stop - d.first for d in due), tell)
    for at, each in enumerate(due):
        key = each.half, each.no
        tables = await asyncio.to_thread(Tables, folder, pieces.get(key))
        await log.read(each, tables)
        pieces[key] = await asyncio.to_thread(
            tables.write, disk, folder, each.half, each.no, each.stop
        )
        if at < len(due) - 1:  # who begins after a fault need not make it again
            index = before = await _keep(disk, folder, index, before, pieces)
    masters = await _masters(connection, tenant, folder, disk, index)
    if due or masters != index.masters or before is None or is_remade:
        index = msgspec.structs.replace(index, masters=masters)
        index = await _keep(disk, folder, index, before, pieces)
        await asyncio.to_thread(asset_index.sweep, disk, folder, index)
    return Grown(
        index=index, leaves=log.done, is_remade=is_remade, oldest_ms=log.oldest_ms if ends else 0
    )


class _Due(NamedTuple):
    """The leaves [first, stop) of a book, that a piece waits for."""

    half: str
    no: int
    first: int
    stop: int


def _due(pieces: Mapping[tuple[str, int], Piece], sizes: Mapping[str, int]) -> list[_Due]:
    """Give what is to be read, in the order of the log: what is new, and what was lost."""
    found = []
    for half, size in sorted(sizes.items()):
        for no in range(-(-size // ASSET_PIECE)):
            stop = min(size, (no + 1) * ASSET_PIECE)
            known = pieces.get((half, no))
            first = known.end if known else no * ASSET_PIECE
            if first < stop:
                found.append(_Due(half, no, first, stop))
    return found


def _intact(folder: Path, index: Index) -> dict[tuple[str, int], Piece]:
    """Give the pieces whose files are all there, as long as they were."""
    return {
        (piece.half, piece.no): piece
        for piece in index.pieces
        if all(asset_files.is_whole(folder, file) for file in piece.files.values())
    }


class _Log:
    """Reads leaves into tables; counts them, and remembers when the first was recorded of those
    behind the former ends of the books.
    """

    def __init__(
        self,
        connection: Connection,
        tenant: int,
        salt: bytes,
        ends: Mapping[str, int],
        total: int,
        tell: Callable[[int, int], None] | None,
    ) -> None:
        self.done = 0
        self.oldest_ms = 0
        self._connection = connection
        self._tenant = tenant
        self._salt = salt
        self._ends = ends
        self._total = total
        self._tell = tell

    async def read(self, due: _Due, tables: Tables) -> None:
        """Read what a piece waits for."""
        for at in range(due.first, due.stop, ASSET_BATCH):
            end = min(due.stop, at + ASSET_BATCH)
            leaves = await read_beside(self._connection, self._tenant, due.half, at, end)
            await asyncio.to_thread(tables.take, leaves, self._salt)
            if not self.oldest_ms and at >= self._ends.get(due.half, 0):
                self.oldest_ms = recorded_ms(leaves[0].body)
            self.done += end - at
            if self._tell:
                self._tell(self.done, self._total)


def digest_of(leaf: Leaf) -> str:
    """Give the SHA-256 (hex) of a leaf's bytes."""
    return hashlib.sha256(leaf.body).hexdigest()


async def _strange(
    connection: Connection, tenant: int, index: Index, sizes: dict[str, int]
) -> set[str]:
    """Name the books whose log is not the one that was read: shorter, or with another leaf where
    it ended. So it is after a database was brought back from an older backup.
    """
    found = set()
    for half, end in index.ends.items():
        if end > sizes.get(half, 0):
            found.add(half)
            continue
        (last,) = await read_beside(connection, tenant, half, end - 1, end)
        if digest_of(last) != [p.last for p in index.pieces if p.half == half][-1]:
            found.add(half)
    return found


def _begin(before: Index | None, salt: bytes, strange: set[str]) -> tuple[Index, bool]:
    """Give what of the former index holds: nothing of another format, no book that is strange."""
    format_ = asset_index.make_format(salt)
    if before is None or before.format != format_:
        return Index(format=format_), before is not None
    kept = tuple(p for p in before.pieces if p.half not in strange)
    return msgspec.structs.replace(before, pieces=kept), len(kept) < len(before.pieces)


async def _keep(
    disk: asset_files.Disk,
    folder: Path,
    index: Index,
    before: Index | None,
    pieces: dict[tuple[str, int], Piece],
) -> Index:
    made = msgspec.structs.replace(index, pieces=tuple(p for _, p in sorted(pieces.items())))
    await asyncio.to_thread(asset_index.write, disk, folder, made, before)
    return made


async def _masters(
    connection: Connection, tenant: int, folder: Path, disk: asset_files.Disk, index: Index
) -> dict[str, asset_files.Written]:
    """Write the tables of master data anew where they changed."""
    rows = await (await connection.execute(_COSTS, (tenant,))).fetchall()
    base = ("", 0, bytes(16), 0, 0, 0, "")
    columns = sources.MASTERS["costs"].columns

    def put() -> asset_files.Written:
        table = asset_files.table_of([(*base, *row) for row in rows], columns)
        digest = hashlib.sha256(asset_files.dump(table)).hexdigest()
        known = index.masters.get("costs")
        if known and known.digest == digest:
            return known
        name = f"sources/costs/{digest[:16]}.parquet"
        return asset_files.put_table(disk, folder, name, table)

    if not rows and "costs" not in index.masters:
        return index.masters
    return {"costs": await asyncio.to_thread(put)}
