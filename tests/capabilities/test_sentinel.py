"""Detectors alone: drift against a multiplied day, skipped numbers, sides of an order."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.capabilities.sentinel import (
    compare,
    drift,
    judge,
    life,
    parts,
    prints,
    scan,
    sequences,
    text,
)
from danshu.hub.sentinel_glance import Glance, salt_of
from danshu.kernel import fact as kernel_fact
from danshu.kernel.limits import SENTINEL_DUPLICATE_S

CELLS = [("taobao", f"{n:02d}") for n in range(10)]
PAST = {cell: [100.0, 104.0, 98.0, 101.0] for cell in CELLS}


def test_a_day_of_ten_times_as_many_is_no_drift_and_the_cell_that_stays_is() -> None:
    campaign = dict.fromkeys(CELLS, 1_000.0)
    assert drift.volumes(campaign, PAST) == []
    (found,) = drift.volumes({**campaign, CELLS[3]: 100.0}, PAST)
    assert (found.cell, found.real) == (CELLS[3], 100.0)
    assert found.score < 0
    assert drift.volumes({**dict.fromkeys(CELLS, 100.0), CELLS[0]: 300.0}, PAST)[0].score > 0


def test_a_delay_is_told_when_it_is_far_above_its_hour() -> None:
    past, many = {CELLS[0]: [60_000.0, 61_000.0, 59_000.0]}, {CELLS[0]: 400.0}
    assert drift.latencies({CELLS[0]: 62_000.0}, past, many) == []
    assert [d.cell for d in drift.latencies({CELLS[0]: 600_000.0}, past, many)] == [CELLS[0]]
    slower = {CELLS[0]: 110_000.0}
    assert drift.latencies(slower, past, many)
    assert drift.latencies(slower, past, {CELLS[0]: 36.0}) == [], "the mean of a few says less"


def test_skipped_numbers_are_missing_until_they_come() -> None:
    assert sequences.follow(0, [7, 5]) == (7, [6], [])
    assert sequences.follow(7, [6, 9]) == (9, [8], [6])
    assert sequences.follow(9, [9_000_000]).missing == [], "a new sequence is no gap"
    assert sequences.split("N0012") == ("N", 12)
    assert sequences.split("none") is None


def test_sides_differ_by_what_differs() -> None:
    ours = compare.Side(units=(("A", 2),), total=100, region="330100")
    assert list(compare.compare(ours, ours)) == []
    other = compare.Side(units=(("A", 3),), total=101, region="330200")
    kinds = {f.klass for f in compare.compare(ours, other)}
    assert kinds == {"quantity_mismatch", "amount_mismatch", "address_mismatch"}
    closed = compare.Side(units=(), total=0, is_closed=True)
    assert [f.cause for f in compare.compare(ours, closed)] == ["closed_there"]


STREAM = "01900000-0000-7000-8000-000000000001"


SALT = salt_of(b"of a test")


def fact(seq: int, type_: str, occurred: int, recorded: int, **data: object) -> bytes:
    """A fact as it is stored; times are seconds of one minute."""
    body = {
        "actor": {"role": "admin", "sub": "T"},
        "data": data,
        "evidence": [{"kind": "raw", "digest": '"data":{'}],
        "id": f"{STREAM}/{seq}",
        "occurred": f"2026-11-29T10:00:{occurred:02}.000Z",
        "time": f"2026-11-29T10:00:{recorded:02}.000Z",
        "seq": seq,
        "type": type_,
        "version": 1,
    }
    return msgspec.json.encode(body, order="sorted")


small = st.integers(0, 3)


@given(
    ordered=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3)), min_size=1, max_size=3),
    allocated=st.lists(small, min_size=3, max_size=3),
    off=st.tuples(*[st.sampled_from([0, 0, 0, 1, -1])] * 4),
    marks=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    seconds=st.tuples(st.integers(10, 30), st.integers(10, 30)),
)
def test_what_is_judged_the_short_way_has_nothing_wrong(
    ordered: list[tuple[int, int]],
    allocated: list[int],
    off: tuple[int, int, int, int],
    marks: tuple[bool, bool, bool],
    seconds: tuple[int, int],
) -> None:
    goods = sum(units * price for units, price in ordered) + off[0]
    total = goods + off[1]
    lines = [
        {
            "no": no,
            "sku": "A",
            "quantity": units,
            "price": price,
            "paid": units * price + (off[2] if no == 1 else 0),
            **({} if marks[0] or no > 1 else {"known": False}),
        }
        for no, (units, price) in enumerate(ordered, 1)
    ]
    short = [units if marks[1] else n for (units, _), n in zip(ordered, allocated, strict=False)]
    shares = [{"line": no, "quantity": n, "sku": "A"} for no, n in enumerate(short, 1) if n]
    told = [
        fact(
            1, "order.placed", seconds[0], 20, channel="api", created="2026-11-29T10:00:05.000Z",
            goods=goods, lines=lines, number="N1", total=total, region="330100" if marks[2] else "",
        ),
        fact(2, "order.paid", seconds[1], 20, amount=total + off[3]),
        fact(3, "order.allocated", 20, 20, fulfilments=[
            {"no": 1, "shares": shares, "warehouse": "HZ01"}
        ]),
    ]  # fmt: skip
    whole = parts.Life()
    for each in told:
        life.fold(whole, life.read(each))
    glance = Glance([(uuid.UUID(STREAM).bytes, 1, 3, kernel_fact.join(told))], SALT)
    if glance.verdicts[0] == scan.USUAL:
        assert judge.judge(whole, uuid.UUID(STREAM).bytes) == []
    else:
        assert glance.verdicts[0] == scan.FRESH
    if marks == (True, True, True) and off == (0, 0, 0, 0) and max(seconds) <= 20:
        assert glance.verdicts[0] == scan.USUAL, "what is right goes the short way"


KEYS = st.integers(0, 9)


@settings(max_examples=40)
@given(
    st.lists(
        st.lists(st.tuples(KEYS, KEYS, st.integers(0, 400_000)), min_size=1, max_size=40),
        max_size=12,
    )
)
def test_prints_find_the_newest_that_is_repeated(batches: list[list[tuple[int, int, int]]]) -> None:
    """Whatever the batches: the same as a table that is looked up one by one."""
    index = prints.Prints()
    people: dict[int, tuple[int, bytes]] = {}
    numbers: dict[int, bytes] = {}
    now_ms = 1_764_000_000_000
    for nth, batch in enumerate(batches):
        keys, ids, expected = [], [], []
        for at, (who, number, gap_ms) in enumerate(batch):
            now_ms += gap_ms
            id_ = now_ms.to_bytes(6, "big") + bytes((nth, at)).rjust(10)
            keys.append((who, number))
            ids.append(id_)
            before_ms, before = people.get(who, (0, b""))
            if number and number in numbers:
                expected.append((at, numbers[number], "same_number"))
            elif who and before and now_ms - before_ms <= SENTINEL_DUPLICATE_S * 1000:
                expected.append((at, before, "same_receiver"))
            people[who] = now_ms, id_
            numbers[number] = id_
        each = np.frombuffer(b"".join(ids), np.uint8).reshape(-1, 16)
        assert index.add(np.array(keys, np.int64), each) == expected


def test_all_of_the_window_is_kept_and_little_more() -> None:
    """At 600 orders a second for twenty minutes no order of the last ten is forgotten."""
    rows, index = 18_000, prints.Prints()
    first: list[int] = []
    for nth in range(40):  # half a minute each
        at_ms = 1_764_000_000_000 + nth * 30_000
        keys = np.arange(1 + nth * rows, 1 + (nth + 1) * rows, dtype=np.int64) * 0x9E3779B97F4A7C1
        ids = np.zeros((rows, 16), np.uint8)
        ids[:, :6] = np.frombuffer(at_ms.to_bytes(6, "big"), np.uint8)
        index.load(np.stack([keys, -keys], axis=1), ids)
        first.append(int(keys[0]))
    assert 360_000 <= len(index) <= 360_000 * 4 // 3
    later = np.array([(who, 0) for who in first], np.int64)
    ids = np.frombuffer((at_ms.to_bytes(6, "big") + b"x" * 10) * len(first), np.uint8)
    assert len(index.add(later, ids.reshape(-1, 16))) == 20 + 1  # of ten minutes, to the ms


def seen(content: bytes) -> np.ndarray:
    """Bytes as the compiled readers take them: with some to read ahead in."""
    return np.frombuffer(content + bytes(16), np.uint8)


@pytest.mark.parametrize(
    ("size", "expected"),  # the vectors of the SipHash paper's reference code
    [(0, 0x726FDB47DD0E0E31), (7, 0xAB0200F58B01D137), (8, 0x93F5F5799A932462),
     (15, 0xA129CA6149BE45E5), (63, 0x958A324CEB064572)],
)  # fmt: skip
def test_keyed_hashes_are_siphash(size: int, expected: int) -> None:
    key = np.frombuffer(bytes(range(16)), "<u8").astype(np.uint64)
    found = int(text.sip(seen(bytes(range(size))), 0, size, key))
    assert found & ((1 << 64) - 1) == expected


@given(st.integers(0, 13_000_000_000_000), st.integers(0, 3))
def test_instants_are_read_as_the_kernel_reads_them(at_ms: int, digits: int) -> None:
    said = kernel_fact.rfc3339(at_ms)[: 20 + digits if digits else 19] + "Z"
    assert text.read_ms(seen(said.encode()), 0, len(said)) == kernel_fact.epoch_ms(said)


WORDS = st.text(st.characters(codec="utf-8"), max_size=12)


@given(
    data=st.dictionaries(
        WORDS,
        st.one_of(
            WORDS, st.integers(-9, 9), st.none(), st.lists(WORDS), st.dictionaries(WORDS, WORDS)
        ),
    ),
    number=st.integers(-(2**53), 2**53),
)
def test_a_value_is_found_whatever_stands_before_it(data: dict[str, object], number: int) -> None:
    content = msgspec.json.encode({**data, "quantity": {"total": number}}, order="sorted")
    buf, end = seen(content), len(content)
    inner = text.seek(buf, 0, end, text.name_of("quantity"))
    at = text.seek(buf, inner, end, text.name_of("total"))
    assert text.read_whole(buf, at, end) == number
    assert text.end_value(buf, 0, end) == end


@given(st.binary(max_size=200))
def test_torn_bytes_are_nothing_that_was_placed(torn: bytes) -> None:
    whole = kernel_fact.join([fact(1, "order.placed", 20, 20, number="N", lines=[{"no": 1}])])
    for packed in (torn, whole[: len(torn)], whole[:4] + torn + whole[4 + len(torn) :]):
        glance = Glance([(bytes(16), 1, 1, packed)], SALT)
        assert packed == whole or glance.verdicts[0] != scan.USUAL


def person(**fields: str) -> bytes:
    return msgspec.json.encode(fields)


PLAIN = person(name="李", phone="13800000000", detail="路 1 号", city="杭州市")
MASKED = person(name="李*", phone="138****0000", detail="路*号", token="t1")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ((PLAIN, {}), (PLAIN, {"number": "N2", "channel": "jd"}), True),
        ((PLAIN, {}), (PLAIN, {"lines": [("B", 2), ("A", 1)]}), True),
        ((PLAIN, {}), (PLAIN, {"lines": [("A", 2), ("B", 1)]}), False),
        ((PLAIN, {}), (person(name="李", phone="13800000001", detail="路 1 号"), {}), False),
        ((MASKED, {}), (MASKED, {"buyer": "other"}), True),
        ((MASKED, {}), (MASKED, {"shop": "other"}), False),
        ((b"{}", {"buyer": "b"}), (b"", {"buyer": "b"}), True),
        ((b"{}", {"buyer": "b"}), (b"", {"buyer": "b", "channel": "jd"}), False),
    ],
    ids=["channels", "order", "units", "phone", "token", "shop", "buyer", "other"],
)
def test_who_receives_what_is_one_key(
    one: tuple[bytes, dict[str, Any]], other: tuple[bytes, dict[str, Any]], same: bool
) -> None:
    rows, people = [], []
    for nth, (receiver, more) in enumerate((one, other)):
        sold = more.pop("lines", [("A", 1), ("B", 2)])
        lines = [{"no": no, "sku": sku, "quantity": n} for no, (sku, n) in enumerate(sold, 1)]
        said = {"channel": "taobao", "number": "N1", "shop": "s", **more}
        packed = kernel_fact.join([fact(1, "order.placed", 20, 20, lines=lines, **said)])
        rows.append((bytes(15) + bytes((nth,)), 1, 1, packed))
        people += [(receiver, nth)] if receiver else []
    hashed = Glance(rows, SALT).hash([p for p, _ in people], [at for _, at in people])
    assert bool(hashed[0, 0] == hashed[1, 0]) is same
    assert hashed[:, 0].all(), "somebody is known of either"


def test_nobody_and_no_sale_have_no_print() -> None:
    nobody = kernel_fact.join([fact(1, "order.placed", 20, 20, number="N1", channel="api")])
    back = kernel_fact.join(
        [fact(1, "order.placed", 20, 20, number="N1", kind="return", buyer="b")]
    )
    hashed = Glance([(bytes(16), 1, 1, nobody), (bytes(16), 1, 1, back)], SALT).hash([], [])
    assert hashed[0, 0] == 0
    assert hashed[0, 1] != 0
    assert list(hashed[1]) == [0, 0]
