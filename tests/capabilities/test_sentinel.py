"""Detectors alone: drift against a multiplied day, skipped numbers, sides of an order."""

from __future__ import annotations

from danshu.capabilities.sentinel import compare, drift, sequences

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
    past = {CELLS[0]: [60_000.0, 61_000.0, 59_000.0]}
    assert drift.latencies({CELLS[0]: 62_000.0}, past) == []
    assert [d.cell for d in drift.latencies({CELLS[0]: 600_000.0}, past)] == [CELLS[0]]


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
