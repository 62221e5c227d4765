"""Tiles: the examples of C2SP tlog-tiles, and proofs from tiles that equal proofs from leaves."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.kernel import merkle, tiles
from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.limits import FACT_BYTES
from danshu.kernel.tiles import ENTRIES, Tile

SIZE = 70_000
LEAVES = [merkle.leaf_hash(n.to_bytes(4, "big")) for n in range(SIZE)]


class Shelf:
    """Tiles of a growing log, kept as a server keeps them: full ones for ever, partial ones too."""

    def __init__(self, *steps: int) -> None:
        self.edge = tiles.Edge()
        self.stored: dict[Tile, bytes] = {}
        self.reads: Counter[tuple[int, int]] = Counter()
        for step in steps:
            first = self.edge.size
            self.stored.update(self.edge.extend(LEAVES[first : first + step]))
            self.stored.update(self.edge.partials())

    def read(self, level: int, index: int, width: int) -> bytes:
        self.reads[level, index] += 1
        return self.stored[Tile(level=level, index=index, width=width)]


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return Shelf(SIZE)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(level=0, index=1234067), "tile/0/x001/x234/067"),
        (Tile(level=0, index=0), "tile/0/000"),
        (Tile(level=63, index=999, width=1), "tile/63/999.p/1"),
        (Tile(level=1, index=1000, width=255), "tile/1/x001/000.p/255"),
        (Tile(level=10, index=67_000, width=17), "tile/10/x067/000.p/17"),
        (Tile(level=ENTRIES, index=273, width=112), "tile/entries/273.p/112"),
        (Tile(level=ENTRIES, index=10**6), "tile/entries/x001/x000/000"),
    ],
)
def test_paths(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert tiles.parse_path(path) == tile


@given(level=st.integers(ENTRIES, 63), index=st.integers(0, 10**18 - 1), width=st.integers(1, 256))
def test_paths_come_back(level: int, index: int, width: int) -> None:
    tile = Tile(level=level, index=index, width=width)
    assert tiles.parse_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/",
        "tile/0/1",
        "tile/0/0001",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/00/001",
        "tile/64/001",
        "tile/-1/001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/017",
        "tile/0/001.p/",
        "tile/0/001\n",
        "tile/0/٠٠١",
        "/tile/0/001",
        "tile/0/../001",
        "tile/0/" + "x001/" * 6 + "001",
    ],
)
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(InputError):
        tiles.parse_path(path)


def test_the_specification_s_tree_of_70000() -> None:
    assert Counter(tile.level for tile in tiles.full_tiles(0, SIZE)) == {0: 273, 1: 1}
    assert tiles.partial_tiles(SIZE) == [
        Tile(level=0, index=273, width=112),
        Tile(level=1, index=1, width=17),
        Tile(level=2, index=0, width=1),
    ]
    assert list(tiles.full_tiles(0, 256)) == [Tile(level=0, index=0)]
    assert tiles.partial_tiles(256) == [Tile(level=1, index=0, width=1)]
    assert tiles.partial_tiles(0) == []


@given(st.lists(st.integers(0, 200_000), min_size=1, max_size=5).map(sorted))
def test_growth_in_steps_completes_each_tile_once(sizes: list[int]) -> None:
    steps = [
        tile for a, b in zip([0, *sizes], sizes, strict=False) for tile in tiles.full_tiles(a, b)
    ]
    assert sorted(steps) == sorted(tiles.full_tiles(0, sizes[-1]))


def test_a_log_does_not_shrink() -> None:
    with pytest.raises(ProgramError):
        list(tiles.full_tiles(2, 1))


def test_tiles_hold_what_the_definition_says(shelf: Shelf) -> None:
    for tile, data in shelf.stored.items():
        span = 256**tile.level
        for nth, hash_ in enumerate(tiles.split_hashes(data)[:3]):
            first = (tile.index * 256 + nth) * span
            assert hash_ == merkle.root(LEAVES[first : first + span])
        if tile.width == 256:
            parent = shelf.stored.get(Tile(level=tile.level + 1, index=tile.index // 256))
            if parent:
                at = tile.index % 256 * 32
                assert tiles.tile_hash(data) == parent[at : at + 32]
    assert {t for t in shelf.stored if t.width == 256} == set(tiles.full_tiles(0, SIZE))
    with pytest.raises(ProgramError):
        tiles.tile_hash(b"x" * 64)


@given(st.lists(st.integers(0, 700), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_the_edge_gives_the_same_tiles_and_roots_in_any_steps(steps: list[int]) -> None:
    shelf, size = Shelf(*steps), sum(steps)
    assert shelf.edge.size == size
    assert shelf.edge.root() == merkle.root(LEAVES[:size])
    assert set(tiles.full_tiles(0, size)) <= set(shelf.stored)
    assert [tile for tile, _ in shelf.edge.partials()] == tiles.partial_tiles(size)
    resumed = tiles.Edge.resume(size, shelf.read)
    assert resumed.extend(LEAVES[size : size + 300]) == shelf.edge.extend(LEAVES[size : size + 300])
    assert resumed.root() == shelf.edge.root() == merkle.root(LEAVES[: size + 300])
    assert resumed.partials() == shelf.edge.partials()


@pytest.mark.parametrize("index", [0, 1, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999])
def test_inclusion_proofs_from_tiles(shelf: Shelf, index: int) -> None:
    shelf.reads.clear()
    node_at = tiles.node_source(SIZE, shelf.read)
    proof = merkle.inclusion_proof(index, SIZE, node_at)
    assert merkle.verify_inclusion(LEAVES[index], index, SIZE, proof, merkle.root(LEAVES))
    assert set(shelf.reads.values()) == {1}


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_proofs_of_older_sizes_from_tiles_that_have_grown(data: st.DataObject) -> None:
    shelf = Shelf(1500)
    size = data.draw(st.integers(1, 1500))
    old = data.draw(st.integers(1, size))

    def read(level: int, index: int, width: int) -> bytes:
        grown = min(256, (1500 >> 8 * level) - 256 * index)
        assert width <= grown
        return shelf.read(level, index, grown)

    node_at = tiles.node_source(size, read)
    proof = merkle.consistency_proof(old, size, node_at)
    roots = merkle.root(LEAVES[:old]), merkle.root(LEAVES[:size])
    assert merkle.verify_consistency(old, size, *roots, proof)
    assert merkle.root_at(size, node_at) == roots[1]


def test_kept_nodes_spare_the_reading(shelf: Shelf) -> None:
    nodes: dict[tuple[int, int], bytes] = {}
    cold = merkle.inclusion_proof(12_345, SIZE, tiles.node_source(SIZE, shelf.read, nodes))
    shelf.reads.clear()
    warm = merkle.inclusion_proof(12_345, SIZE, tiles.node_source(SIZE, shelf.read, nodes))
    assert warm == cold
    assert not shelf.reads


def test_a_short_tile_is_refused(shelf: Shelf) -> None:
    def read(level: int, index: int, width: int) -> bytes:
        return shelf.read(level, index, width)[:-1]

    with pytest.raises(InputError) as caught:
        merkle.inclusion_proof(0, SIZE, tiles.node_source(SIZE, read))
    assert caught.value.code == "tile_short"
    with pytest.raises(InputError):
        tiles.Edge.resume(SIZE, read)


def test_an_unfinished_node_is_never_served(shelf: Shelf) -> None:
    with pytest.raises(ProgramError):
        tiles.node_source(SIZE, shelf.read)(8, SIZE // 256)


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_entry_bundles_come_back(entries: list[bytes]) -> None:
    raw = tiles.encode_entries(entries)
    assert tiles.decode_entries(raw) == entries
    if entries:
        with pytest.raises(InputError):
            tiles.decode_entries(raw[:-1])


def test_entry_bundle_limits() -> None:
    assert tiles.encode_entries([b"ab", b""]) == b"\x00\x02ab\x00\x00"
    assert tiles.decode_entries(tiles.encode_entries([b"x" * FACT_BYTES])) == [b"x" * FACT_BYTES]
    with pytest.raises(ProgramError):
        tiles.encode_entries([b"x" * (FACT_BYTES + 1)])
