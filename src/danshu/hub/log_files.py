"""A merchant's log as third parties read it: checkpoint, tiles, entries, proofs (C2SP tlog-tiles).

Only what a checkpoint covers is served: it never changes, so it may be kept for ever. Hash tiles
tell nothing about anybody; entries hold digests and pseudonyms, and how a merchant works.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.kernel import note, tiles
from danshu.kernel.errors import InputError
from danshu.kernel.merkle import HASH_BYTES
from danshu.kernel.tiles import ENTRIES, TILE_HASHES, TILE_HEIGHT, Tile
from danshu.ledger import cosigned
from danshu.ledger.edge import read_partial
from danshu.ledger.follow import read_leaves

if TYPE_CHECKING:
    from danshu.ledger.prove import Prover

Connection = psycopg.AsyncConnection[Any]
NOT_THERE: Final = InputError("not_found", "there is no such log, or it has no such part")
_BOOK: Final = (
    "select b.tenant, b.signed, coalesce(s.public, false) from tenants t join books b"
    " on b.tenant=t.id left join log_settings s on s.tenant=t.id where t.code=%s and b.half=%s"
)
_TILE: Final = "select data from tiles where tenant=%s and half=%s and level=%s and n=%s"


class PublicBook(Struct, frozen=True, kw_only=True):
    """A book as it is served: how many leaves are signed, and whether everybody may read it."""

    tenant: int
    half: str
    size: int
    public: bool


async def find(connection: Connection, code: str, half: str) -> PublicBook:
    """Find a book by the merchant's code. Raises InputError `not_found`."""
    row = await (await connection.execute(_BOOK, (code, half))).fetchone()
    if row is None:
        raise NOT_THERE
    return PublicBook(tenant=row[0], half=half, size=row[1], public=row[2])


async def read_checkpoint(connection: Connection, book: PublicBook) -> bytes:
    """Give the newest checkpoint, with the cosignatures that it has."""
    if not book.size:
        raise NOT_THERE
    return await cosigned.read_cosigned(connection, book.tenant, book.half, book.size)


async def read_tile(connection: Connection, book: PublicBook, tile: Tile) -> bytes:
    """Give a tile of hashes, or a bundle of entries. Raises InputError `not_found` for what no
    checkpoint covers.
    """
    level = max(tile.level, 0)
    end = tile.index * TILE_HASHES + tile.width
    if end > book.size >> (TILE_HEIGHT * level):
        raise NOT_THERE
    if tile.level == ENTRIES:
        leaves = await read_leaves(connection, book.tenant, book.half, end - tile.width, end)
        return tiles.encode_entries(leaf.body for leaf in leaves)
    if tile.width == TILE_HASHES:
        place = (book.tenant, book.half, tile.level, tile.index)
        row = await (await connection.execute(_TILE, place, binary=True)).fetchone()
        if row is not None:
            return bytes(row[0])
    data = await read_partial(
        connection, book.tenant, book.half, tile.level, tile.index, tile.width
    )
    return data[: tile.width * HASH_BYTES]


async def prove_entry(
    connection: Connection, prover: Prover, book: PublicBook, index: int
) -> bytes:
    """Give the `.tlog-proof` of an entry under the newest checkpoint."""
    if not 0 <= index < book.size:
        raise NOT_THERE
    hashes = await prover.prove_inclusion(connection, book.tenant, book.half, index, book.size)
    checkpoint = await read_checkpoint(connection, book)
    return note.encode_proof(note.Proof(index=index, hashes=tuple(hashes), checkpoint=checkpoint))


async def prove_growth(
    connection: Connection, prover: Prover, book: PublicBook, old: int, size: int = 0
) -> bytes:
    """Give the consistency file from `old` leaves to the checkpoint of `size`, 0 = the newest."""
    size = size or book.size
    if not 0 < old <= size <= book.size:
        raise NOT_THERE
    hashes = await prover.prove_consistency(connection, book.tenant, book.half, old, size)
    try:
        checkpoint = await cosigned.read_cosigned(connection, book.tenant, book.half, size)
    except InputError as error:
        raise NOT_THERE from error
    return note.encode_growth(
        note.Growth(old_size=old, hashes=tuple(hashes), checkpoint=checkpoint)
    )
