"""Merkle trees of RFC 6962 §2.1 over SHA-256: roots, inclusion proofs, consistency proofs.

A node is named (level, index): the hash of the complete subtree over the leaves
[index * 2**level, (index + 1) * 2**level). Complete subtrees never change while a log grows, so
whoever supplies nodes may keep them for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from danshu.kernel.errors import InputError, ProgramError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()

NodeAt = Callable[[int, int], bytes]
"""Gives the hash of the complete subtree (level, index)."""

_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"
_SIZE_BYTES: Final = 8


def leaf_hash(entry: bytes) -> bytes:
    """Hash one entry as a leaf: SHA-256(0x00 ‖ entry)."""
    return sha256(_LEAF + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Hash many entries as leaves."""
    return [sha256(_LEAF + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees as their parent: SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(_NODE + left + right).digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """Give the Merkle tree hash over leaf hashes; the hash of nothing for an empty tree."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha256(_NODE + left + right).digest() for left, right in pairs] + odd
    return level[0]


class Frontier:
    """The right edge of a growing tree: its size and the roots of its complete subtrees.

    Appending costs one hash on average and the state is at most 64 hashes, so a log of any length
    continues from its last frontier.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self._peaks = list(peaks)
        wrong_width = any(len(peak) != HASH_BYTES for peak in self._peaks)
        if size < 0 or len(self._peaks) != size.bit_count() or wrong_width:
            raise ProgramError(f"{len(self._peaks)} peaks cannot be the frontier of {size} leaves")

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """The roots of the complete subtrees, the largest (leftmost) first."""
        return tuple(self._peaks)

    def append(self, hash_: bytes) -> None:
        """Add one leaf hash at the right."""
        self.extend((hash_,))

    def extend(self, hashes: Iterable[bytes]) -> None:
        """Add many leaf hashes at the right, in order."""
        nodes = list(hashes)
        size, self.size = self.size, self.size + len(nodes)
        fresh = []
        while nodes:  # level by level: what has a sibling becomes a parent, the odd one is a peak
            if size & 1:
                nodes.insert(0, self._peaks.pop())
            if len(nodes) & 1:
                fresh.append(nodes.pop())
            pairs = iter(nodes)
            nodes = [sha256(_NODE + a + b).digest() for a, b in zip(pairs, pairs, strict=True)]
            size >>= 1
        self._peaks += reversed(fresh)

    def root(self) -> bytes:
        """Give the Merkle tree hash of all leaves so far."""
        return _fold(self._peaks) if self._peaks else EMPTY_ROOT

    def to_bytes(self) -> bytes:
        """Write the size (8 bytes, big-endian) and the peaks (32 bytes each)."""
        return self.size.to_bytes(_SIZE_BYTES, "big") + b"".join(self._peaks)

    @classmethod
    def from_bytes(cls, raw: bytes) -> Frontier:
        """Read what `to_bytes` wrote; InputError `frontier` when it cannot be one."""
        size, peaks = int.from_bytes(raw[:_SIZE_BYTES], "big"), raw[_SIZE_BYTES:]
        if len(raw) < _SIZE_BYTES or len(peaks) != size.bit_count() * HASH_BYTES:
            raise InputError("frontier", f"{len(raw)} bytes cannot be a frontier of {size} leaves")
        return cls(size, (peaks[at : at + HASH_BYTES] for at in range(0, len(peaks), HASH_BYTES)))


def range_hash(first: int, end: int, node_at: NodeAt) -> bytes:
    """Hash the leaves [first, end) of one subtree of a tree whose right edge is `end`.

    `first` must be a multiple of the largest power of two that is not above `end - first`.
    """
    parts = []
    while first < end:
        level = (end - first).bit_length() - 1
        if first & ((1 << level) - 1):
            raise ProgramError(f"leaf {first} begins no subtree of level {level}")
        parts.append(node_at(level, first >> level))
        first += 1 << level
    return _fold(parts)


def root_at(size: int, node_at: NodeAt) -> bytes:
    """Give the Merkle tree hash of the first `size` leaves from stored nodes."""
    return range_hash(0, size, node_at) if size else EMPTY_ROOT


def frontier_at(size: int, node_at: NodeAt) -> Frontier:
    """Rebuild the frontier of the first `size` leaves from stored nodes."""
    peaks, first = [], 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            peaks.append(node_at(level, first >> level))
            first += 1 << level
    return Frontier(size, peaks)


def inclusion_proof(index: int, size: int, node_at: NodeAt) -> list[bytes]:
    """Prove that leaf `index` is in the tree of `size` leaves: PATH(m, D[n]), leaf's sibling first.

    Raises ProgramError unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise ProgramError(f"leaf {index} is not in a tree of {size}")
    proof, first, end = [], 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            proof.append(range_hash(middle, end, node_at))
            end = middle
        else:
            proof.append(range_hash(first, middle, node_at))
            first = middle
    proof.reverse()
    return proof


def consistency_proof(old_size: int, size: int, node_at: NodeAt) -> list[bytes]:
    """Prove that the tree of `size` leaves begins with the tree of `old_size`: PROOF(m, D[n]).

    Raises ProgramError unless 1 <= old_size <= size: an empty tree is a prefix of everything and
    a proof of that would prove nothing.
    """
    if not 1 <= old_size <= size:
        raise ProgramError(f"no consistency proof from {old_size} to {size} leaves")
    proof, first, end, known = [], 0, size, True
    while old_size < end:
        middle = first + _split(end - first)
        if old_size <= middle:
            proof.append(range_hash(middle, end, node_at))
            end = middle
        else:
            proof.append(range_hash(first, middle, node_at))
            first, known = middle, False
    if not known:
        proof.append(range_hash(first, end, node_at))
    proof.reverse()
    return proof


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root_hash: bytes
) -> bool:
    """Tell whether `proof` leads from a leaf hash to the root (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes((leaf, root_hash, *proof)):
        return False
    fn, sn, result = index, size - 1, leaf
    for step in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            result = node_hash(step, result)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            result = node_hash(result, step)
        fn >>= 1
        sn >>= 1
    return sn == 0 and result == root_hash


def verify_consistency(
    old_size: int, size: int, old_root: bytes, root_hash: bytes, proof: Sequence[bytes]
) -> bool:
    """Tell whether `proof` shows the old tree as a prefix of the new one (RFC 9162 §2.1.4.2).

    Equal sizes need equal roots and an empty proof; an old size of 0 is never proven.
    """
    if not 1 <= old_size <= size or not _are_hashes((old_root, root_hash, *proof)):
        return False
    if old_size == size:
        return not proof and old_root == root_hash
    if not proof:
        return False
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    fn, sn = old_size - 1, size - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    old_result = result = path[0]
    for step in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old_result, result = node_hash(step, old_result), node_hash(step, result)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            result = node_hash(result, step)
        fn >>= 1
        sn >>= 1
    return sn == 0 and old_result == old_root and result == root_hash


def _fold(parts: Sequence[bytes]) -> bytes:
    """Join the roots of ever smaller subtrees, the smallest two first."""
    result = parts[-1]
    for part in parts[-2::-1]:
        result = node_hash(part, result)
    return result


def _split(size: int) -> int:
    """Give the largest power of two below `size` (size > 1)."""
    return 1 << ((size - 1).bit_length() - 1)


def _are_hashes(hashes: Iterable[bytes]) -> bool:
    return all(len(hash_) == HASH_BYTES for hash_ in hashes)
