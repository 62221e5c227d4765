"""Detectors alone: drift against a multiplied day, skipped numbers, sides of an order."""

from __future__ import annotations

import uuid

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from danshu.capabilities.sentinel import compare, drift, judge, life, parts, prints, sequences
from danshu.capabilities.sentinel.parts import Told
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


def fact(seq: int, kind: str, occurred: int, recorded: int, **data: object) -> Told:
    """A fact as the room reads it; times are seconds of one minute."""
    body = {
        "data": data,
        "id": f"{STREAM}/{seq}",
        "occurred": f"2026-11-29T10:00:{occurred:02}.000Z",
        "time": f"2026-11-29T10:00:{recorded:02}.000Z",
        "type": kind,
    }
    return life.read(msgspec.json.encode(body, order="sorted"))


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
        life.fold(whole, each)
    if judge.is_usual(told):
        assert judge.judge(whole, uuid.UUID(STREAM).bytes) == []
    if marks == (True, True, True) and off == (0, 0, 0, 0) and max(seconds) <= 20:
        assert judge.is_usual(told), "what is right goes the short way"


KEYS = st.integers(0, 9)


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
        seen, expected = [], []
        for at, (who, number, gap_ms) in enumerate(batch):
            now_ms += gap_ms
            id_ = now_ms.to_bytes(6, "big") + bytes((nth, at)).rjust(10)
            seen.append(prints.Print(who, number, id_))
            before_ms, before = people.get(who, (0, b""))
            if number and number in numbers:
                expected.append((id_, numbers[number], "same_number"))
            elif who and before and now_ms - before_ms <= SENTINEL_DUPLICATE_S * 1000:
                expected.append((id_, before, "same_receiver"))
            people[who] = now_ms, id_
            numbers[number] = id_
        assert index.add(seen) == expected


def test_all_of_the_window_is_kept_and_little_more() -> None:
    """At 2,000 orders a second for twenty minutes no order of the last ten is forgotten."""
    rows, index = 60_000, prints.Prints()
    first: list[prints.Print] = []
    for nth in range(40):  # half a minute each
        at_ms = 1_764_000_000_000 + nth * 30_000
        keys = np.arange(1 + nth * rows, 1 + (nth + 1) * rows, dtype=np.int64) * 0x9E3779B97F4A7C1
        ids = np.zeros((rows, 16), np.uint8)
        ids[:, :6] = np.frombuffer(at_ms.to_bytes(6, "big"), np.uint8)
        index.load(np.stack([keys, -keys], axis=1), ids)
        first.append(prints.Print(int(keys[0]), 0, b"\xff" * 6 + bytes(10)))
    assert 1_200_000 <= len(index) <= 1_200_000 * 4 // 3
    later = [prints.Print(one.who, 0, at_ms.to_bytes(6, "big") + b"x" * 10) for one in first]
    assert len(index.add(later)) == 20 + 1  # those of ten minutes, to the millisecond
