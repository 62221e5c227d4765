"""What is stored of a book's tree, and how its right edge (kernel/tiles.py) is rebuilt from it.

The sequencer and the sealer each keep an edge of their own and feed it the same stored leaf hashes:
a root is signed only when two independent computations agree on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.kernel.errors import DanshuError
from danshu.kernel.merkle import HASH_BYTES
from danshu.kernel.tiles import TILE_BYTES, TILE_HASHES, Edge, partial_tiles, tile_hash

if TYPE_CHECKING:
    import psycopg

_LEAF_LEVEL: Final = 0


class LogBroken(DanshuError):
    """What is stored of a book disagrees with itself: nothing more is written to it or signed."""

    code = "log_broken"

    def diagnose(self) -> str:
        """Say what a person can do about it."""
        return f"{self}. Keep the database as it is, run `danshu audit`, restore the newest backup."


async def read_hashes(
    connection: psycopg.AsyncConnection[Any], tenant: int, half: str, first: int, end: int
) -> bytes:
    """Read the leaf hashes [first, end) of a book from its segments, joined; LogBroken at a gap."""
    if first >= end:
        return b""
    cursor = await connection.cursor(binary=True).execute(
        "select first, hashes from segments where tenant=%(t)s and half=%(h)s and first < %(b)s"
        " and first >= (select coalesce(max(first), 0) from segments"
        " where tenant=%(t)s and half=%(h)s and first <= %(a)s) order by first",
        {"t": tenant, "h": half, "a": first, "b": end},
    )
    parts, at = [], first
    async for start, hashes in cursor:
        skip = (at - start) * HASH_BYTES
        if start > at or skip >= len(hashes):
            break
        parts.append(hashes[skip : (end - start) * HASH_BYTES])
        at += len(parts[-1]) // HASH_BYTES
    if at != end:
        raise LogBroken(f"book {tenant}/{half}: leaf {at} of [{first}, {end}) is in no segment")
    return b"".join(parts)


async def read_tops(
    connection: psycopg.AsyncConnection[Any],
    tenant: int,
    half: str,
    level: int,
    first: int,
    end: int,
) -> bytes:
    """Hash each full tile [first, end) of a level to one, joined; stops at the first missing."""
    cursor = await connection.cursor(binary=True).execute(
        "select n, data from tiles where tenant=%s and half=%s and level=%s and n >= %s and n < %s"
        " order by n",
        (tenant, half, level, first, end),
    )
    tops = bytearray()
    async for n, data in cursor:
        if n != first + len(tops) // HASH_BYTES or len(data) != TILE_BYTES:
            break
        tops += tile_hash(data)
    return bytes(tops)


async def read_partial(
    connection: psycopg.AsyncConnection[Any],
    tenant: int,
    half: str,
    level: int,
    index: int,
    width: int,
) -> bytes:
    """Read the first `width` hashes of a tile, full or not; LogBroken when one is missing."""
    first = index * TILE_HASHES
    if level == _LEAF_LEVEL:
        return await read_hashes(connection, tenant, half, first, first + width)
    tops = await read_tops(connection, tenant, half, level - 1, first, first + width)
    if len(tops) != width * HASH_BYTES:
        missing = first + len(tops) // HASH_BYTES
        raise LogBroken(f"book {tenant}/{half}: tile {level - 1}/{missing} is missing or torn")
    return tops


async def load_edge(
    connection: psycopg.AsyncConnection[Any], tenant: int, half: str, size: int
) -> Edge:
    """Rebuild the edge of the first `size` leaves; LogBroken when a tile or a leaf is missing."""
    read: dict[tuple[int, int, int], bytes] = {}
    for tile in partial_tiles(size):
        key = (tile.level, tile.index, tile.width)
        read[key] = await read_partial(connection, tenant, half, *key)
    return Edge.resume(size, lambda *key: read[key])
