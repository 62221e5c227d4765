"""Tiles: the Merkle tree of a log in immutable files, as C2SP tlog-tiles lays them out.

A tile of level L is up to 256 consecutive hashes, each over 256**L leaves; a full one hashes to one
hash of the level above. Levels here are tile levels: eight levels of the binary tree each.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from hashlib import sha256
from typing import Final

from msgspec import Struct

from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.limits import FACT_BYTES
from danshu.kernel.merkle import HASH_BYTES, Frontier, NodeAt

TILE_HASHES: Final = 256
TILE_BYTES: Final = TILE_HASHES * HASH_BYTES
TILE_HEIGHT: Final = 8
"""How many levels of the binary tree one tile spans: 2**8 = TILE_HASHES."""
ENTRIES: Final = -1
"""The "level" whose tiles are bundles of the entries themselves."""

ReadTile = Callable[[int, int, int], bytes]
"""Gives the bytes of tile (level, index, width): width * 32, or more when it has grown since."""

_NODE: Final = b"\x01"
_PAIRS: Final = struct.Struct(f"{2 * HASH_BYTES}s").iter_unpack
_LEVELS: Final = 64
_LENGTH_BYTES: Final = 2
_PATH = re.compile(
    r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([0-9]{1,3}))?", re.ASCII
)


class Tile(Struct, frozen=True, kw_only=True, order=True):
    """The name of one tile: `width` hashes (256 = full) from hash `index` * 256 of its level."""

    level: int
    index: int
    width: int = TILE_HASHES

    @property
    def path(self) -> str:
        """The path below the log's prefix, such as `tile/1/x001/x234/067.p/17`."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == TILE_HASHES else f".p/{self.width}"
        return f"tile/{level}/{index_path(self.index)}{partial}"


def index_path(index: int) -> str:
    """Write an index in groups of three digits, all but the last with an x: `x001/x234/067`."""
    if index < 0:
        raise ProgramError(f"no tile has index {index}")
    groups = f"{index:,}".split(",")
    groups[0] = groups[0].zfill(3)
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


def parse_path(path: str) -> Tile:
    """Read the path of a tile, exactly as `Tile.path` writes it; InputError `tile_path` if not."""
    found = _PATH.fullmatch(path)
    if found:
        level, groups, width = found.groups()
        tile = Tile(
            level=ENTRIES if level == "entries" else int(level),
            index=int(groups.replace("/", "").replace("x", "")),
            width=int(width) if width else TILE_HASHES,
        )
        if tile.level < _LEVELS and 1 <= tile.width <= TILE_HASHES and tile.path == path:
            return tile
    raise InputError("tile_path", "not the path of a tile", path[:100])


def full_tiles(old_size: int, size: int) -> Iterator[Tile]:
    """Name the full tiles that growing from `old_size` to `size` leaves completes, level by level.

    Raises ProgramError when the log would shrink.
    """
    if not 0 <= old_size <= size:
        raise ProgramError(f"a log does not shrink from {old_size} to {size} leaves")
    level = 0
    while size := size // TILE_HASHES:
        old_size //= TILE_HASHES
        yield from (Tile(level=level, index=index) for index in range(old_size, size))
        level += 1


def partial_tiles(size: int) -> list[Tile]:
    """Name the partial tiles of a tree of `size` leaves: at most one a level, none empty."""
    tiles, level = [], 0
    while size:
        index, width = divmod(size, TILE_HASHES)
        if width:
            tiles.append(Tile(level=level, index=index, width=width))
        size, level = index, level + 1
    return tiles


def tile_hash(data: bytes) -> bytes:
    """Hash a full tile to its one hash of the level above."""
    if len(data) != TILE_BYTES:
        raise ProgramError(f"{len(data)} bytes are no full tile")
    return _subtree_hash(data)


def node_source(
    size: int, read_tile: ReadTile, nodes: MutableMapping[tuple[int, int], bytes] | None = None
) -> NodeAt:
    """Serve the nodes of a tree of `size` leaves from its tiles, for the proofs of `merkle`.

    Each tile is read at most once, so make one source for a proof. `nodes` may keep the hashes
    that were computed: they never change, and keeping those of the right edge warm is what makes
    proofs cheap. Raises InputError `tile_short` when a tile is shorter than the tree says.
    """
    tiles: dict[tuple[int, int], bytes] = {}

    def read(level: int, index: int) -> bytes:
        data = tiles.get((level, index))
        if data is None:
            width = min(TILE_HASHES, (size >> (TILE_HEIGHT * level)) - index * TILE_HASHES)
            data = tiles[level, index] = read_tile(level, index, width)
            if len(data) < width * HASH_BYTES:
                name = Tile(level=level, index=index, width=width).path
                raise InputError("tile_short", f"{len(data)} bytes instead of {width} hashes", name)
        return data

    def node_at(level: int, index: int) -> bytes:
        if (index + 1) << level > size:
            raise ProgramError(f"node ({level}, {index}) is not complete at {size} leaves")
        if nodes is not None and (level, index) in nodes:
            return nodes[level, index]
        tile_level, height = divmod(level, TILE_HEIGHT)
        tile_index, offset = divmod(index << height, TILE_HASHES)
        data = read(tile_level, tile_index)
        result = _subtree_hash(data[offset * HASH_BYTES : (offset + (1 << height)) * HASH_BYTES])
        if nodes is not None:
            nodes[level, index] = result
        return result

    return node_at


class Edge:
    """The growing right edge of a tiled log: the partial tile of each level.

    Each leaf costs one hash on average, since a level's frontier ends as the hash of its tile.
    """

    __slots__ = ("_levels", "size")

    def __init__(self) -> None:
        self.size = 0
        self._levels: list[tuple[bytearray, Frontier]] = []

    @classmethod
    def resume(cls, size: int, read_tile: ReadTile) -> Edge:
        """Rebuild the edge of `size` leaves from its partial tiles; compare the root afterwards."""
        edge = cls()
        edge.size = size
        for tile in partial_tiles(size):
            data = read_tile(tile.level, tile.index, tile.width)[: tile.width * HASH_BYTES]
            if len(data) < tile.width * HASH_BYTES:
                raise InputError("tile_short", f"{len(data)} bytes", tile.path)
            edge._add(tile.level, split_hashes(data))
        return edge

    def extend(self, hashes: Sequence[bytes]) -> list[tuple[Tile, bytes]]:
        """Add leaf hashes at the right; give the tiles that became full, with their bytes."""
        full: list[tuple[Tile, bytes]] = []
        level, index = 0, self.size // TILE_HASHES
        self.size += len(hashes)
        while hashes:
            filled = self._add(level, hashes)
            full.extend(
                (Tile(level=level, index=index + nth), data) for nth, (data, _) in enumerate(filled)
            )
            hashes = [parent for _, parent in filled]
            level, index = level + 1, index // TILE_HASHES
        return full

    def partials(self) -> list[tuple[Tile, bytes]]:
        """Give the partial tiles with their bytes, the lowest level first."""
        return [(tile, bytes(self._levels[tile.level][0])) for tile in partial_tiles(self.size)]

    def frontier(self) -> Frontier:
        """Give the frontier of the whole tree: the peaks of all levels, the highest first."""
        peaks = (peak for _, level in reversed(self._levels) for peak in level.peaks)
        return Frontier(self.size, peaks)

    def root(self) -> bytes:
        """Give the Merkle tree hash of all leaves so far."""
        return self.frontier().root()

    def _add(self, level: int, hashes: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        """Add hashes to one level; give each tile that became full, and its hash."""
        while len(self._levels) <= level:
            self._levels.append((bytearray(), Frontier()))
        filled, at = [], 0
        while at < len(hashes):
            data, frontier = self._levels[level]
            part = hashes[at : at + TILE_HASHES - frontier.size]
            at += len(part)
            data += b"".join(part)
            frontier.extend(part)
            if frontier.size == TILE_HASHES:
                filled.append((bytes(data), frontier.root()))
                self._levels[level] = (bytearray(), Frontier())
        return filled


def split_hashes(data: bytes) -> list[bytes]:
    """Cut the bytes of a tile into its hashes."""
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def encode_entries(entries: Iterable[bytes]) -> bytes:
    """Write a bundle of entries, each behind its length (2 bytes, big-endian)."""
    parts = []
    for entry in entries:
        if len(entry) > FACT_BYTES:
            raise ProgramError(f"an entry of {len(entry)} bytes, the limit is {FACT_BYTES}")
        parts.append(len(entry).to_bytes(_LENGTH_BYTES, "big") + entry)
    return b"".join(parts)


def decode_entries(raw: bytes) -> list[bytes]:
    """Read a bundle of entries; InputError `entry_bundle` when it ends in the middle of one."""
    entries, at = [], 0
    while at < len(raw):
        start = at + _LENGTH_BYTES
        end = start + int.from_bytes(raw[at:start], "big")
        if start > len(raw) or end > len(raw):
            raise InputError("entry_bundle", f"the entry at byte {at} is cut off")
        entries.append(raw[start:end])
        at = end
    return entries


def _subtree_hash(data: bytes) -> bytes:
    """Hash a power of two of joined hashes to the root of their subtree."""
    while len(data) > HASH_BYTES:
        data = b"".join([sha256(_NODE + pair).digest() for (pair,) in _PAIRS(data)])
    return data
