"""Heads: a map of orders to how far their streams have come, as a Merkle tree (RFC 6962 §2.1).

An inclusion proof shows that a fact is in the log, none shows that no later one is: leaving out
the last act of an order would go unnoticed. So the log commits from time to time to the position
and head of each order that changed, and whoever is shown an order compares.

A leaf is the canonical JSON of one head; leaves are sorted by the order's id, each order once.
"""

from __future__ import annotations

import struct
import uuid
from binascii import hexlify
from typing import TYPE_CHECKING

from msgspec import Struct

from danshu.kernel import canonical, merkle
from danshu.kernel.errors import DanshuError, InputError, ProgramError

if TYPE_CHECKING:
    from collections.abc import Sequence

_UUID = struct.Struct("8s4s4s4s12s").unpack


class Head(Struct, frozen=True, kw_only=True):
    """How far an order's stream has come: the position of its last fact and that fact's leaf hash
    (32 bytes).
    """

    order: uuid.UUID
    seq: int
    head: bytes

    def leaf(self) -> bytes:
        """Write the leaf: `{"head":"<hex>","order":"<uuid>","seq":N}`."""
        return write_leaf(self.order.bytes, self.seq, self.head)


def write_leaf(order: bytes, seq: int, head: bytes) -> bytes:
    """Write the leaf of an order, given by the 16 bytes of its id."""
    name = _UUID(hexlify(order))
    return b'{"head":"%b","order":"%b-%b-%b-%b-%b","seq":%d}' % (hexlify(head), *name, seq)


class MapProof(Struct, frozen=True, kw_only=True):
    """That one head is in a map of `count`: its leaf, its place, the inclusion proof."""

    leaf: bytes
    index: int
    count: int
    hashes: tuple[bytes, ...]


def parse_leaf(raw: bytes) -> Head:
    """Read a leaf, exactly as `Head.leaf` writes it; InputError `head` when it is not one."""
    try:
        read = canonical.decode(raw)
        head = Head(
            order=uuid.UUID(read["order"]), seq=read["seq"], head=bytes.fromhex(read["head"])
        )
        good = type(head.seq) is int and head.seq > 0 and len(head.head) == merkle.HASH_BYTES
        good = good and head.leaf() == raw
    except (DanshuError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError("head", "not the leaf of a map of heads") from error
    if not good:
        raise InputError("head", "not the leaf of a map of heads in its one form")
    return head


def encode_map(heads: Sequence[Head]) -> bytes:
    """Write a map: its leaves, one a line, sorted; ProgramError when an order stands twice."""
    return write_map([(h.order.bytes, h.seq, h.head) for h in heads])


def write_map(heads: Sequence[tuple[bytes, int, bytes]]) -> bytes:
    """Write a map of many orders: id (16 bytes), position and leaf hash of each, as encode_map."""
    if len({order for order, _, _ in heads}) != len(heads):
        raise ProgramError("an order stands twice in a map of heads")
    leaves = [write_leaf(*each) for each in sorted(heads)]
    return b"\n".join([*leaves, b""])


def split_map(raw: bytes) -> list[bytes]:
    """Give the leaves of a map, in order."""
    return raw.split(b"\n")[:-1]


def root(leaves: Sequence[bytes]) -> bytes:
    """Give the root over the leaves of a map."""
    return merkle.root(merkle.leaf_hashes(leaves))


def prove(leaves: Sequence[bytes], order: uuid.UUID) -> MapProof | None:
    """Prove that an order is in a map; None when it is not."""
    name = b'"order":"%b"' % str(order).encode()
    index = next((i for i, leaf in enumerate(leaves) if name in leaf), -1)
    if index < 0:
        return None
    levels = [merkle.leaf_hashes(leaves)]
    while len(levels[-1]) > 1:
        row = levels[-1]
        levels.append(
            [merkle.node_hash(row[i], row[i + 1]) for i in range(0, len(row) - len(row) % 2, 2)]
        )
    hashes = merkle.inclusion_proof(index, len(leaves), lambda level, at: levels[level][at])
    return MapProof(leaf=leaves[index], index=index, count=len(leaves), hashes=tuple(hashes))


def verify(proof: MapProof, root_hash: bytes) -> bool:
    """Tell whether a proof leads from its leaf to the root of a map."""
    leaf = merkle.leaf_hash(proof.leaf)
    return merkle.verify_inclusion(leaf, proof.index, proof.count, proof.hashes, root_hash)


def contradict(fact: bytes, proof: MapProof, order: uuid.UUID, seq: int, head: bytes) -> str:
    """Say what speaks against a stream that is shown to end with fact `seq` of leaf hash `head`,
    by the bytes of a fact `heads.committed` and a proof under its root; "" when nothing does.

    That the fact is in the log is another question: ask `merkle.verify_inclusion`.
    """
    try:
        read = canonical.decode(fact)
        data = read["data"]
        root_hash = bytes.fromhex(data["root"])
        said = parse_leaf(proof.leaf)
        if read["type"] != "heads.committed" or data["count"] != proof.count:
            return "the fact commits to another map"
    except (DanshuError, KeyError, TypeError, ValueError) as error:
        return f"not a commitment to heads: {error}"
    if not verify(proof, root_hash):
        return "the head is not in the map"
    if said.order != order:
        return f"the head is of the order {said.order}"
    if said.seq != seq:
        return f"the order had {said.seq} facts then, {seq} are shown"
    return "" if said.head == head else "the order's last fact was another one"
