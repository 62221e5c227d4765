"""Heads: maps are trees of their leaves, and a stream that was cut short is contradicted."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.kernel import canonical, heads, merkle
from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.heads import Head

HEADS = st.lists(
    st.builds(
        Head,
        order=st.uuids(),
        seq=st.integers(1, 100_000),
        head=st.binary(min_size=32, max_size=32),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda head: head.order,
)


def fact_of(root: bytes, count: int) -> bytes:
    data = {"count": count, "root": root.hex()}
    return canonical.encode({"data": data, "type": "heads.committed"})


@settings(max_examples=60)
@given(HEADS, st.data())
def test_every_head_is_proven_and_nothing_else(found: list[Head], data: st.DataObject) -> None:
    leaves = heads.split_map(heads.encode_map(found))
    assert [heads.parse_leaf(leaf).order for leaf in leaves] == sorted(
        (head.order for head in found), key=lambda order: order.bytes
    )
    root = heads.root(leaves)
    assert root == merkle.root([merkle.leaf_hash(leaf) for leaf in leaves])
    one = data.draw(st.sampled_from(found))
    proof = heads.prove(leaves, one.order)
    assert proof is not None
    assert proof.count == len(found)
    fact = fact_of(root, len(found))
    assert heads.contradict(fact, proof, one.order, one.seq, one.head) == ""
    other = data.draw(st.uuids())
    if other not in [head.order for head in found]:
        assert heads.prove(leaves, other) is None
        assert heads.contradict(fact, proof, other, one.seq, one.head)
    # the last act left out, one too many, another act in its place
    assert heads.contradict(fact, proof, one.order, one.seq - 1, one.head)
    assert heads.contradict(fact, proof, one.order, one.seq + 1, one.head)
    assert heads.contradict(fact, proof, one.order, one.seq, merkle.leaf_hash(one.head))
    # a leaf that says what is shown, a map that nobody committed to
    shown = Head(order=one.order, seq=one.seq + 1, head=one.head)
    forged = heads.MapProof(
        leaf=shown.leaf(), index=proof.index, count=proof.count, hashes=proof.hashes
    )
    assert heads.contradict(fact, forged, one.order, shown.seq, one.head)
    assert heads.contradict(fact_of(root, len(found) + 1), proof, one.order, one.seq, one.head)
    assert heads.contradict(fact_of(b"r" * 32, len(found)), proof, one.order, one.seq, one.head)
    assert heads.contradict(b"{}", proof, one.order, one.seq, one.head)


def test_an_order_stands_once_in_a_map() -> None:
    head = Head(order=uuid.UUID(int=1), seq=1, head=b"h" * 32)
    with pytest.raises(ProgramError):
        heads.encode_map([head, head])


GOOD = Head(order=uuid.UUID(int=7), seq=3, head=b"h" * 32).leaf()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b" " + GOOD,
        GOOD.replace(b":3}", b":0}"),
        GOOD.replace(b":3}", b":true}"),
        GOOD.replace(b":3}", b':"3"}'),
        GOOD.replace(b"6868", b"68", 1),
        GOOD.replace(b"6868", b"6G68", 1),
        GOOD.replace(b"0007", b"000x"),
        GOOD.replace(b"}", b',"x":1}'),
    ],
)
def test_other_bytes_are_no_leaf(raw: bytes) -> None:
    assert heads.parse_leaf(GOOD).seq == 3
    with pytest.raises(InputError):
        heads.parse_leaf(raw)
