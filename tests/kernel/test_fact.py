"""Facts in their places: what pack writes, unpack gives back; the chain; instants; limits."""

from __future__ import annotations

import datetime
import struct
import uuid
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from danshu.capabilities.orders import facts as orders
from danshu.capabilities.orders.model import Share
from danshu.kernel import canonical, limits, merkle
from danshu.kernel.errors import ProgramError
from danshu.kernel.fact import (
    NO_HEAD,
    Actor,
    Evidence,
    Fact,
    Packed,
    Said,
    encode,
    epoch_ms,
    pack,
    read,
    rfc3339,
    unpack,
)

STREAM = uuid.UUID("019aa9d3-6b80-7000-8000-00000000000f")
NOW_MS = 1_795_345_200_000
LAST_MS = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z

# No surrogates: they are no text in UTF-8.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
MOMENTS = st.integers(1, LAST_MS)
SHARES = st.lists(
    st.builds(
        Share, line=st.integers(1, 200), sku=TEXTS, quantity=st.integers(1, limits.LINE_QUANTITY)
    ),
    max_size=3,
).map(tuple)
DATAS = st.one_of(
    st.builds(orders.OrderConfirmed, by=TEXTS),
    st.builds(orders.OrderPaid, amount=st.integers(0, limits.AMOUNT_MINOR), at=TEXTS),
    st.builds(
        orders.OrderShipped,
        carrier=TEXTS,
        fulfilment=st.integers(1, 64),
        shares=SHARES,
        warehouse=TEXTS,
        waybill=TEXTS,
    ),
)
SAID = st.builds(
    Said,
    data=DATAS,
    occurred_ms=st.one_of(st.just(0), MOMENTS),
    cause=TEXTS,
    clock=st.sampled_from(["server", "device", "claimed"]),
    evidence=st.lists(
        st.builds(Evidence, digest=TEXTS, kind=TEXTS, salted=st.booleans(), size=st.integers(0, 9)),
        max_size=2,
    ).map(tuple),
)
ACTORS = st.builds(
    Actor, sub=TEXTS, role=TEXTS, key=TEXTS, grade=st.sampled_from(["A", "B", "C", "D"])
)


def packed(said: list[Said], *, seq: int = 0, head: bytes = NO_HEAD, tenant: int = 7) -> Packed:
    """Pack after position `seq`."""
    return pack(
        said,
        stream=STREAM,
        seq=seq,
        head=head,
        actor=Actor(sub="op_12"),
        now_ms=NOW_MS,
        tenant=tenant,
    )


def confirmed(by: str = "op_12") -> Said:
    return Said(data=orders.OrderConfirmed(by=by))


@given(said=st.lists(SAID, min_size=1, max_size=5), actor=ACTORS, tenant=st.integers(1, 2**31 - 1))
def test_what_is_packed_is_read_back(said: list[Said], actor: Actor, tenant: int) -> None:
    row = pack(said, stream=STREAM, seq=0, head=NO_HEAD, actor=actor, now_ms=NOW_MS, tenant=tenant)
    bodies = list(unpack(row.body))
    assert (row.stream, row.first, row.count, len(bodies)) == (STREAM, 1, len(said), len(said))
    for seq, (body, told) in enumerate(zip(bodies, said, strict=True), 1):
        assert canonical.is_canonical(body)
        found = read(body)
        assert encode(found) == body
        assert found == Fact(
            actor=actor,
            cause=told.cause,
            clock=told.clock,
            data=told.data,
            evidence=told.evidence,
            id=f"{STREAM}/{seq}",
            occurred=rfc3339(told.occurred_ms or NOW_MS),
            prev=sha256(b"\0" + bodies[seq - 2]).hexdigest() if seq > 1 else "",
            seq=seq,
            source=f"danshu/{tenant}",
            specversion="1.0",
            time=rfc3339(NOW_MS),
            type=found.type,
            version=1,
        )
        assert found.stream == STREAM


@given(said=st.lists(SAID, min_size=2, max_size=6), data=st.data())
def test_a_stream_is_the_same_in_one_commit_or_in_two(
    said: list[Said], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, len(said) - 1))
    whole = packed(said)
    first = packed(said[:cut])
    rest = packed(said[cut:], seq=first.count, head=first.head)
    assert first.body + rest.body == whole.body
    assert rest.head == whole.head
    assert rest.first == cut + 1


def test_the_head_is_the_leaf_hash_of_the_last_fact() -> None:
    row = packed([confirmed(), confirmed("op_13")])
    bodies = list(unpack(row.body))
    assert row.head == merkle.leaf_hash(bodies[-1])
    assert read(bodies[1]).prev == merkle.leaf_hash(bodies[0]).hex()


def test_another_fact_before_is_another_chain() -> None:
    one, other = packed([confirmed("a")]), packed([confirmed("b")])
    after = [packed([confirmed("c")], seq=1, head=head) for head in (one.head, other.head)]
    assert after[0].body != after[1].body


def test_nothing_packed_leaves_the_head() -> None:
    row = packed([], seq=4, head=b"\x22" * 32)
    assert (row.first, row.count, row.body, row.head) == (5, 0, b"", b"\x22" * 32)


def test_a_fact_may_be_as_long_as_the_limit_and_no_longer() -> None:
    room = limits.FACT_BYTES - len(next(unpack(packed([confirmed("")]).body)))
    (body,) = unpack(packed([confirmed("x" * room)]).body)
    assert len(body) == limits.FACT_BYTES
    with pytest.raises(ProgramError, match=r"order\.confirmed"):
        packed([confirmed("x" * (room + 1))])


def test_a_struct_that_is_no_fact_type_is_not_packed() -> None:
    class Rumour(Struct, frozen=True, kw_only=True):
        text: str

    with pytest.raises(KeyError):
        packed([Said(data=Rumour(text="x"))])


@pytest.mark.parametrize("cut", [1, 4, 40])
def test_a_torn_row_is_refused(cut: int) -> None:
    row = packed([confirmed(), confirmed()]).body
    with pytest.raises((ProgramError, struct.error)):
        list(unpack(row[:-cut]))
    with pytest.raises((ProgramError, struct.error)):
        list(unpack(row + b"\0\0"))


@given(MOMENTS)
def test_instants_there_and_back(ms: int) -> None:
    text = rfc3339(ms)
    assert epoch_ms(text) == ms
    assert len(text) == len("2026-11-22T11:00:00.000Z")


@given(MOMENTS)
def test_instants_are_those_of_the_standard_library(ms: int) -> None:
    moment = datetime.datetime.fromtimestamp(0, datetime.UTC) + datetime.timedelta(milliseconds=ms)
    assert rfc3339(ms) == moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),  # 2100 is no leap year
    ],
)
def test_days_on_the_edge(ms: int, text: str) -> None:
    assert rfc3339(ms) == text
    assert epoch_ms(text) == ms


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-11-22T19:00:00+08:00", "2026-11-22T11:00:00.000Z"),
        ("2026-11-22T11:00:00Z", "2026-11-22T11:00:00.000Z"),
        ("2026-11-22T11:00:00.0004Z", "2026-11-22T11:00:00.000Z"),
    ],
)
def test_instants_of_others(text: str, same: str) -> None:
    assert rfc3339(epoch_ms(text)) == same


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-02-30T00:00:00Z", "2026-11-22T11:00:00", "2026-11-22"]
)
def test_what_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        epoch_ms(text)
