"""De-identification: tables reckoned by hand, and what holds for every table."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.capabilities.protection import generalising, lattice, masking, strength, treating
from danshu.capabilities.protection.lattice import Aim
from danshu.capabilities.protection.treating import Plan
from danshu.kernel.errors import InputError

# Two classes: A with three people (2 flu, 1 cold), B with one (flu). All: flu 3/4, cold 1/4.
HAND = strength.count([(("A",), "flu"), (("A",), "flu"), (("A",), "cold"), (("B",), "flu")])
CITIES = ("330100", "330200", "320100", "440100", "110000")


def test_a_table_reckoned_by_hand() -> None:
    told = strength.measure(HAND)
    assert (told.rows, told.classes, told.k, told.distinct) == (4, 2, 1, 1)
    assert told.unique == 250  # one of four
    assert (told.prosecutor, told.journalist, told.marketer) == (1_000, 1_000, 500)
    # exp of the entropy of (2/3, 1/3) is 1.8899, of B's it is 1
    assert told.entropy == 1_000
    assert strength.measure({("A",): HAND[("A",)]}).entropy == 1_890
    # B is flu alone: |1 - 3/4| + |0 - 1/4| halved
    assert told.distance == 250


def test_a_journalist_knows_a_larger_world() -> None:
    told = strength.measure(HAND, population={("A",): 30, ("B",): 10})
    assert (told.prosecutor, told.journalist) == (1_000, 100)
    assert told.marketer == 50  # (3/30 + 1/10) / 4


@pytest.mark.parametrize(
    ("part", "whole", "equal", "ordered"),
    [
        # Li et al. 2007: salaries {3k,4k,5k} of {3k..11k} are farther away than {6k,8k,11k}
        ([1 / 3] * 3 + [0] * 6, [1 / 9] * 9, 2 / 3, 0.375),
        ([0, 0, 0, 1 / 3, 0, 1 / 3, 0, 0, 1 / 3], [1 / 9] * 9, 2 / 3, 1 / 6),
        ([1.0], [1.0], 0, 0),
    ],
)
def test_the_distance_of_the_paper(
    part: list[float], whole: list[float], equal: float, ordered: float
) -> None:
    assert math.isclose(strength.emd(part, whole, "equal"), equal, abs_tol=1e-9)
    assert math.isclose(strength.emd(part, whole, "ordered"), ordered, abs_tol=1e-9)


def test_an_empty_table_has_no_risk() -> None:
    told = strength.measure({})
    assert (told.k, told.prosecutor, told.marketer) == (0, 0, 0)


@pytest.mark.parametrize(
    ("kind", "value", "steps"),
    [
        ("region", "330106", ["330106", "330100", "330000", "华东", ""]),
        ("region", "海外", ["海外", "海外", "海外", "", ""]),
        ("day", "2026-11-01", ["2026-11-01", "2026-10-26", "2026-10", "2026-Q4", "2026", ""]),
        ("month", "2026-11", ["2026-11", "2026-Q4", "2026", ""]),
        ("hour", 23, [23, 20, 12, -1]),
        ("amount", 12_345, [12_345, 12_000, 10_000, 0, -1]),
        ("amount", -50, [-50, -50, -50, -50, -1]),
        ("count", 7, [7, 5, 0, -1]),
        ("text", "京东", ["京东", ""]),
    ],
)
def test_each_hierarchy_ends_in_silence(kind: Any, value: Any, steps: list[Any]) -> None:
    height = generalising.height(kind)
    assert [generalising.generalise(kind, n, value) for n in range(height + 1)] == steps


@given(st.dates(), st.dates())
def test_who_is_alike_at_one_level_is_alike_at_the_next(a: Any, b: Any) -> None:
    days = [a.isoformat(), b.isoformat()]
    for level in range(generalising.height("day")):
        one, two = (generalising.generalise("day", level, d) for d in days)
        if one == two:
            after = {generalising.generalise("day", level + 1, d) for d in days}
            assert len(after) == 1


@pytest.mark.parametrize(
    ("text", "kind", "masked"),
    [
        ("13900001234", "phone", "139****1234"),
        ("张三丰", "name", "张**"),
        ("a", "", "*"),
        ("", "", ""),
        ("zhang@example.com", "email", "z****@example.com"),
        ("1234", "phone", "12**"),
    ],
)
def test_a_mask_hides_a_third_at_least(text: str, kind: str, masked: str) -> None:
    assert masking.mask(text, kind) == masked


def test_two_recipients_cannot_lay_their_files_side_by_side() -> None:
    one = masking.derive_key(b"secret", 1, "a")
    two = masking.derive_key(b"secret", 1, "b")
    assert one != masking.derive_key(b"secret", 2, "a")
    assert masking.pseudonym(one, "buyer") == masking.pseudonym(one, "buyer")
    assert masking.pseudonym(one, "buyer") != masking.pseudonym(two, "buyer")


def test_the_least_generalisation_is_found() -> None:
    # five people of two cities of one province: the city is too fine, the province is enough
    classes = {
        ("330100", 9): Counter({"x": 3}),
        ("330200", 9): Counter({"y": 2}),
        ("440100", 9): Counter({"x": 5}),
    }
    found = lattice.search(classes, ["region", "hour"], Aim(k=5, left_out=0))
    assert found is not None
    assert found.levels == (2, 0)
    assert found.strength.k == 5
    few = lattice.search(classes, ["region", "hour"], Aim(k=5, left_out=500))
    assert few is not None
    assert (few.levels, few.strength.suppressed) == ((0, 0), 5)
    assert lattice.search(classes, ["region", "hour"], Aim(k=11)) is None
    varied = lattice.search(classes, ["region", "hour"], Aim(k=2, distinct=2, left_out=0))
    assert varied is not None
    assert varied.strength.distinct == 2
    close = lattice.search(classes, ["region", "hour"], Aim(k=2, distance=300, left_out=0))
    assert close is not None
    assert close.strength.distance <= 300
    with pytest.raises(InputError):
        lattice.search({}, ["text"] * 9, Aim(k=2))


PEOPLE = st.lists(
    st.tuples(
        st.sampled_from(CITIES), st.integers(0, 23), st.sampled_from("abcdefgh"), st.booleans()
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=40)
@given(PEOPLE, st.integers(1, 6))
def test_what_leaves_is_as_strong_as_it_was_to_be(rows: list[Any], k: int) -> None:
    columns = {"region": [r[0] for r in rows], "hour": [r[1] for r in rows]}
    persons = [r[2] for r in rows]
    plan = Plan(quasi={"region": "region", "hour": "hour"}, aim=Aim(k=k))
    told = treating.treat(columns, persons, plan, str)
    distinct = len(set(persons))
    if told is None:
        assert distinct < k  # one class of all people would have done
        return
    seen: dict[Any, set[str]] = {}
    for at, row in enumerate(told.kept):
        key = (told.columns["region"][at], told.columns["hour"][at])
        seen.setdefault(key, set()).add(persons[row])
    assert all(len(people) >= k for people in seen.values())
    assert told.strength is not None
    assert told.strength.k >= k
    assert told.strength.k == min((len(p) for p in seen.values()), default=told.strength.k)


def test_rows_are_masked_renamed_and_scrubbed() -> None:
    columns: dict[str, list[Any]] = {
        "phone": ["13900001234"],
        "stream": ["o-1"],
        "note": ["x"],
        "fee": [1_234],
    }
    plan = Plan(
        masked={"phone": "phone", "fee": "amount"},
        renamed=frozenset({"stream"}),
        texts=frozenset({"note"}),
        key=b"k" * 32,
    )
    told = treating.treat(columns, [None], plan, lambda text: text.upper())
    assert told is not None
    assert told.columns["phone"] == ["139****1234"]
    assert told.columns["note"] == ["X"]
    assert told.columns["fee"] == [1_000]
    assert told.columns["stream"] == [masking.pseudonym(b"k" * 32, "o-1")]
    assert told.strength is None  # nobody's rows
