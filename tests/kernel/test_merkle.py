"""Merkle trees: the published constants, and RFC 6962's recursive definitions as the oracle."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.kernel import merkle
from danshu.kernel.errors import InputError, ProgramError

# The eight inputs and the roots of the certificate-transparency reference tree.
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LARGEST = 70


def _mth(leaves: list[bytes]) -> bytes:
    """MTH(D[n]) word for word from RFC 6962 §2.1, over leaf hashes."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = _k(len(leaves))
    return sha256(b"\x01" + _mth(leaves[:k]) + _mth(leaves[k:])).digest()


def _k(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def _path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH(m, D[n]) of RFC 6962 §2.1.1."""
    if len(leaves) == 1:
        return []
    k = _k(len(leaves))
    if m < k:
        return [*_path(m, leaves[:k]), _mth(leaves[k:])]
    return [*_path(m - k, leaves[k:]), _mth(leaves[:k])]


def _subproof(m: int, leaves: list[bytes], complete: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b) of RFC 6962 §2.1.2."""
    if m == len(leaves):
        return [] if complete else [_mth(leaves)]
    k = _k(len(leaves))
    if m <= k:
        return [*_subproof(m, leaves[:k], complete), _mth(leaves[k:])]
    return [*_subproof(m - k, leaves[k:], False), _mth(leaves[:k])]


LEAVES = [merkle.leaf_hash(str(n).encode()) for n in range(LARGEST)]
TREE = [_mth(LEAVES[:n]) for n in range(LARGEST + 1)]


def _node_at(level: int, index: int) -> bytes:
    first = index << level
    assert first + (1 << level) <= LARGEST, "a node outside the tree was asked for"
    return _mth(LEAVES[first : first + (1 << level)])


def test_published_roots() -> None:
    hashes = [merkle.leaf_hash(entry) for entry in INPUTS]
    frontier = merkle.Frontier()
    for size, published in enumerate(ROOTS):
        assert merkle.root(hashes[:size]).hex() == published
        assert frontier.root().hex() == published
        if size < len(hashes):
            frontier.append(hashes[size])


def test_published_inclusion_proof() -> None:
    # RFC 6962 §2.1.3: the proof of d0 in the seven-leaf tree is [b, h, l].
    d = [merkle.leaf_hash(bytes([n])) for n in range(7)]
    proof = merkle.inclusion_proof(0, 7, lambda level, i: _mth(d[i << level : (i + 1) << level]))
    assert proof == [d[1], _mth(d[2:4]), _mth(d[4:7])]


@pytest.mark.parametrize("size", range(LARGEST + 1))
def test_roots_equal_the_definition(size: int) -> None:
    assert merkle.root(LEAVES[:size]) == TREE[size]
    assert merkle.root_at(size, _node_at) == TREE[size]
    frontier = merkle.frontier_at(size, _node_at)
    assert frontier.root() == TREE[size]
    assert frontier.size == size


@given(st.lists(st.integers(0, 30), max_size=4))
def test_frontier_grows_in_any_steps_and_survives_storage(steps: list[int]) -> None:
    frontier = merkle.Frontier()
    for step in steps:
        before = frontier.size
        hashes = [LEAVES[n % LARGEST] for n in range(before, before + step)]
        frontier.extend(hashes)
        frontier = merkle.Frontier.from_bytes(frontier.to_bytes())
    assert frontier.size == sum(steps)
    assert frontier.root() == _mth([LEAVES[n % LARGEST] for n in range(sum(steps))])


@pytest.mark.parametrize("raw", [b"", b"\0" * 7, b"\0" * 7 + b"\x01", b"\0" * 40, b"\0" * 9])
def test_frontier_refuses_other_bytes(raw: bytes) -> None:
    with pytest.raises(InputError):
        merkle.Frontier.from_bytes(raw)


@pytest.mark.parametrize(("size", "peaks"), [(-1, []), (1, []), (3, [b"x" * 32]), (1, [b"x" * 31])])
def test_frontier_refuses_peaks_of_another_size(size: int, peaks: list[bytes]) -> None:
    with pytest.raises(ProgramError):
        merkle.Frontier(size, peaks)


def test_inclusion_proofs_equal_the_definition_and_verify() -> None:
    for size in range(1, LARGEST + 1):
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, _node_at)
            assert proof == _path(index, LEAVES[:size])
            assert merkle.verify_inclusion(LEAVES[index], index, size, proof, TREE[size])


def test_consistency_proofs_equal_the_definition_and_verify() -> None:
    for size in range(1, LARGEST + 1):
        for old in range(1, size + 1):
            proof = merkle.consistency_proof(old, size, _node_at)
            assert proof == _subproof(old, LEAVES[:size], True)
            assert merkle.verify_consistency(old, size, TREE[old], TREE[size], proof)


@given(st.data())
def test_a_changed_inclusion_proof_fails(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, LARGEST))
    index = data.draw(st.integers(0, size - 1))
    leaf, root = LEAVES[index], TREE[size]
    proof = merkle.inclusion_proof(index, size, _node_at)
    flipped = bytes([root[0] ^ 1]) + root[1:]
    assert not merkle.verify_inclusion(leaf, index, size, proof, flipped)
    assert not merkle.verify_inclusion(flipped, index, size, proof, root)
    assert not merkle.verify_inclusion(leaf, index, size, [*proof, root], root)
    assert not merkle.verify_inclusion(leaf, -1, size, proof, root)
    assert not merkle.verify_inclusion(leaf, size, size, proof, root)
    assert not merkle.verify_inclusion(leaf[:31], index, size, proof, root)
    other = data.draw(
        st.integers(0, size - 1).filter(lambda n: n != index) if size > 1 else st.none()
    )
    if other is not None:
        assert not merkle.verify_inclusion(leaf, other, size, proof, root)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not merkle.verify_inclusion(leaf, index, size, proof[:at] + proof[at + 1 :], root)
        for bad in (flipped, proof[at] + b"\0", b""):
            changed = [*proof[:at], bad, *proof[at + 1 :]]
            assert not merkle.verify_inclusion(leaf, index, size, changed, root)


@given(st.data())
def test_a_changed_consistency_proof_fails(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, LARGEST))
    old = data.draw(st.integers(1, size - 1))
    old_root, root = TREE[old], TREE[size]
    proof = merkle.consistency_proof(old, size, _node_at)
    flipped = bytes([root[0] ^ 1]) + root[1:]
    assert not merkle.verify_consistency(old, size, flipped, root, proof)
    assert not merkle.verify_consistency(old, size, old_root, flipped, proof)
    assert not merkle.verify_consistency(old, size, old_root, root, [])
    assert not merkle.verify_consistency(old, size, old_root, root, [*proof, root])
    assert not merkle.verify_consistency(size, old, root, old_root, proof)
    at = data.draw(st.integers(0, len(proof) - 1))
    assert not merkle.verify_consistency(old, size, old_root, root, proof[:at] + proof[at + 1 :])
    changed = [*proof[:at], flipped, *proof[at + 1 :]]
    assert not merkle.verify_consistency(old, size, old_root, root, changed)


def test_consistency_at_the_edges() -> None:
    assert not merkle.verify_consistency(0, 5, merkle.EMPTY_ROOT, TREE[5], [])
    assert not merkle.verify_consistency(0, 0, merkle.EMPTY_ROOT, merkle.EMPTY_ROOT, [])
    assert merkle.verify_consistency(5, 5, TREE[5], TREE[5], [])
    assert not merkle.verify_consistency(5, 5, TREE[5], TREE[4], [])
    assert not merkle.verify_consistency(5, 5, TREE[5], TREE[5], [TREE[5]])


@pytest.mark.parametrize(("old", "size"), [(0, 5), (6, 5), (-1, 5), (0, 0)])
def test_no_consistency_proof_is_made_from(old: int, size: int) -> None:
    with pytest.raises(ProgramError):
        merkle.consistency_proof(old, size, _node_at)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5)])
def test_no_inclusion_proof_is_made_of(index: int, size: int) -> None:
    with pytest.raises(ProgramError):
        merkle.inclusion_proof(index, size, _node_at)


def test_a_range_that_is_no_subtree_is_refused() -> None:
    with pytest.raises(ProgramError):
        merkle.range_hash(1, 3, _node_at)
