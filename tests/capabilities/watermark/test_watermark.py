"""Watermarks: 20 secrets, each attacked in every way; the guilty are named, the innocent never."""

from __future__ import annotations

import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from msgspec import Struct

from danshu.capabilities.watermark import accuse, cells, codes, embed, honey, tracing
from danshu.capabilities.watermark.accuse import Evidence
from danshu.capabilities.watermark.model import Carrier, Copy, Part, Plan

ROWS, COPIES, GUILTY = 9_000, 120, (7, 41, 88)
PLAN = Plan(
    keys=(
        (Part(name="number", shapes=("AA9999999999",)),),
        (Part(name="sku", shapes=("AAA-9999",)), Part(name="placed", kind="instant")),
    ),
    carriers=(Carrier(name="placed"), Carrier(name="took_min", kind="whole")),
)
COPIED = [Copy(no) for no in range(COPIES)]


class Orders(Struct, frozen=True):
    """Orders without a mark."""

    number: list[str]
    sku: list[str]
    placed: Any
    took_min: Any


@lru_cache(maxsize=1)
def orders() -> Orders:
    rng = np.random.default_rng(2026)
    numbers = rng.choice(10**10, ROWS, replace=False)
    return Orders(
        [f"DS{n:010d}" for n in numbers.tolist()],
        [f"SKU-{n:04d}" for n in rng.integers(0, 900, ROWS).tolist()],
        (1_790_000_000 + rng.integers(0, 30 * 86_400, ROWS)).astype(np.int64),
        rng.integers(30, 5_000, ROWS).astype(np.int64),
    )


class Seed:
    """A merchant's secret, the copies of the guilty, and what is done to files."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.secret = self.rng.bytes(codes.SECRET_BYTES)
        o = orders()
        placed = o.placed.tolist()
        self.keys = [
            cells.read_keys(["text"], [o.number]),
            cells.read_keys(["text", "instant"], [o.sku, placed]),
        ]
        self.copies = [self.mark(no) for no in GUILTY]

    def mark(self, code_no: int) -> list[Any]:
        o = orders()
        code = codes.code(self.secret, code_no)
        return embed.mark(self.secret, code, self.keys, [o.placed, o.took_min])

    def file(self, digits: list[Any], share: float, *dropped: str) -> dict[str, list[Any]]:
        """A shuffled part of a copy under other names, in another order."""
        o = orders()
        at = self.rng.permutation(ROWS)[: round(ROWS * share)].tolist()
        columns = {
            "b": [int(digits[1][n]) for n in at],
            "c": [o.sku[n] for n in at],
            "placed": [int(digits[0][n]) for n in at],
            "number": [o.number[n] for n in at],
        }
        return {name: column for name, column in columns.items() if name not in dropped}

    def named(self, columns: dict[str, list[Any]]) -> list[int]:
        return [s.code_no for s in tracing.trace(self.secret, [PLAN], COPIED, columns).guilty]

    def mixed(self) -> list[Any]:
        """Three put their copies together: each cell is that of any of them."""
        which = self.rng.integers(0, 3, ROWS)
        return [np.choose(which, [copy[n] for copy in self.copies]) for n in (0, 1)]

    def noisy(self) -> list[Any]:
        """70 % of the cells are drawn anew within their minute, or about their value."""
        placed, took = self.copies[0]
        hit = self.rng.random((2, ROWS)) < 0.7
        return [
            np.where(hit[0], placed // 60 * 60 + self.rng.integers(0, 60, ROWS), placed),
            np.where(hit[1], took + self.rng.integers(-5, 6, ROWS), took),
        ]


@pytest.mark.parametrize("seed", range(20))
def test_the_guilty_are_named_and_nobody_else(seed: int) -> None:
    house = Seed(seed)
    first = house.copies[0]
    assert house.named(house.file(first, 0.01)) == [7]
    assert house.named(house.file(first, 0.05, "number")) == [7]
    assert house.named(house.file(first, 0.03, "placed")) == [7]
    assert house.named(house.file(house.noisy(), 0.3)) == [7]
    found = house.named(house.file(house.mixed(), 0.2))
    assert sorted(found) == list(GUILTY)
    o = orders()
    assert house.named(house.file([o.placed, o.took_min], 0.2)) == []


def test_a_copy_differs_in_last_digits_alone() -> None:
    o = orders()
    placed, took = Seed(1).copies[0]
    assert set(np.abs(placed - o.placed).tolist()) == {0, 1}
    assert (placed // 60 == o.placed // 60).all()
    assert set(np.abs(took - o.took_min).tolist()) == {0, 1}
    assert (took // 2 == o.took_min // 2).all()


def test_an_innocent_score_is_as_the_bound_says() -> None:
    """The bound holds for a file that leans as far as any can: of a guilty copy, unmixed."""
    rng = np.random.default_rng(5)
    secret = rng.bytes(32)
    signs = np.where(codes.code(secret, 10**6), 1.0, -1.0)
    evidence = Evidence(balance=signs, count=np.ones(codes.LENGTH))
    ranked = accuse.score(secret, evidence, range(3_000))
    scores = [s.z for s in ranked]
    assert abs(float(np.mean(scores))) < 0.1
    assert 0.9 < float(np.std(scores)) < 1.1
    # n of them came as far as the n-th: for one alone, the bound on that is no less than its share
    for n in (10, 100, 400):
        (alone,) = accuse.score(secret, evidence, [ranked[n - 1].code_no])
        assert alone.bound >= 0.8 * n / len(ranked)
    assert max(scores) < 5


def test_nothing_seen_suspects_nobody() -> None:
    secret = bytes(32)
    verdict = tracing.trace(secret, [PLAN], COPIED, {"a": ["x", "y"], "b": [1, 2]})
    assert (verdict.guilty, verdict.cells, verdict.rows) == ((), 0, 2)
    assert tracing.trace(secret, [PLAN], [], {}).guilty == ()


def test_invented_rows_name_their_copy() -> None:
    o = orders()
    secret = bytes(range(32))
    pattern = honey.read_pattern(o.number)
    assert pattern == "DS" + "\ue000" * 10
    baited = [Copy(no, 12, pattern) for no in range(COPIES)]
    keys = [honey.make_key(secret, 9, n, pattern) for n in range(12)]
    assert len(set(keys)) == 12
    assert all(len(k) == 12 and k.startswith("DS") and k[2:].isdigit() for k in keys)
    verdict = tracing.trace(secret, [PLAN], baited, {"n": [*o.number[:300], *keys[:2]]})
    assert [(s.code_no, s.honey) for s in verdict.guilty] == [(9, 2)]
    assert verdict.guilty[0].honey_bound < 1e-6
    clean = tracing.trace(secret, [PLAN], baited, {"n": o.number[:300]})
    assert clean.guilty == ()


def test_keys_of_other_patterns() -> None:
    ids = ["019aa9d3-6b80-7000-8000-0000000000a1", "019aa9d3-6b81-7000-9000-0000000000ff"]
    pattern = honey.read_pattern(ids)
    assert honey.count_keys(pattern) == 16**4
    made = honey.make_key(b"k" * 32, 1, 0, pattern)
    assert made[:12] == ids[0][:12]
    assert honey.read_pattern(["only"]) == ""
    assert honey.read_pattern(["甲1", "乙2"]) == ""


SECOND = 1_795_345_206


@pytest.mark.parametrize(
    "cell",
    [
        SECOND,
        SECOND * 1000 + 731,
        str(SECOND),
        "2026-11-22T11:00:06Z",
        "2026-11-22T11:00:06.000Z",
        "2026-11-22 19:00:06",
        "2026-11-22T19:00:06+08:00",
        "2026/11/22 19:00:06",
        "2026年11月22日 19:00:06",
        datetime.datetime(2026, 11, 22, 19, 0, 6),  # noqa: DTZ001 as a spreadsheet's cell is
        datetime.datetime(2026, 11, 22, 11, 0, 6, tzinfo=datetime.UTC),
    ],
)
def test_a_time_is_read_as_files_show_it(cell: Any) -> None:
    assert cells.read_second(cell) == SECOND


@pytest.mark.parametrize("cell", [None, "", "x", 17, "2026-13-40 10:00:00", "2026/99/01 1:00:00"])
def test_what_is_no_time_is_absent(cell: Any) -> None:
    assert cells.read_second(cell) == cells.ABSENT


def test_keys_survive_a_spreadsheet() -> None:
    read = cells.read_keys(["text"], [["'DS1", " DS1 ", "12.0", 12, 12.0, None]])
    assert read == [b"DS1", b"DS1", b"12", b"12", b"12", b""]
