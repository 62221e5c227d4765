"""Autonomy: every rule as a table, and the tests by which a level is earned and lost."""

from __future__ import annotations

import random
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from danshu.capabilities.agent import autonomy
from danshu.capabilities.agent.model import (
    LEVELS,
    Autonomy,
    Lived,
    Nature,
    Proposal,
    Spent,
    Terms,
)

RULES = Autonomy(
    level="automatic", day_fen=500_000, day_count=10, none_up_to_fen=100_000, one_up_to_fen=900_000
)
SUMS = {"small": 100_000, "middling": 100_001, "large": 900_001}
WAYS: tuple[Any, ...] = ("reversible", "partly", "irreversible")


def proposal(**changes: Any) -> Proposal:
    terms = Terms(
        title_zh="搬",
        title_en="move",
        parameters="{}",
        low_fen=1,
        mid_fen=2,
        high_fen=3,
        cost_fen=0,
        lost_fen=0,
        expires_ms=10_000,
        cites=("stock:a",),
        evidence="00",
    )
    made: dict[str, Any] = {
        "id": uuid.UUID(int=7),
        "action": "move",
        "key": "a",
        "origin": "skill",
        "skill": "mover",
        "version": 1,
        "loose": False,
        "terms": replace(terms, **changes.pop("terms", {})),
        "authors": ("skill:mover",),
        "made_ms": 1,
    }
    return Proposal(**(made | changes))


def lived(real: int, expected: int = 100, low: int = 50) -> Lived:
    return Lived(expected_low_fen=low, expected_fen=expected, real_fen=real)


@pytest.mark.parametrize(
    ("way", "sensitivity", "people"),
    [
        ("reversible", 1, (0, 0, 1)),
        ("reversible", 2, (0, 1, 2)),
        ("reversible", 3, (1, 1, 2)),
        ("partly", 1, (0, 1, 2)),
        ("partly", 2, (1, 1, 2)),
        ("partly", 3, (1, 2, 2)),
        ("irreversible", 1, (1, 1, 2)),
        ("irreversible", 2, (1, 1, 2)),
        ("irreversible", 3, (2, 2, 2)),
    ],
)
def test_who_must_approve(way: Any, sensitivity: int, people: tuple[int, ...]) -> None:
    """By value, reversibility and sensitivity: none, one, or two."""
    nature = Nature(reversibility=way, sensitivity=sensitivity)
    assert tuple(autonomy.approvers(nature, fen, RULES) for fen in SUMS.values()) == people
    for fen, wanted in zip(SUMS.values(), people, strict=True):
        one = proposal(terms={"high_fen": fen, "cost_fen": 0})
        assert autonomy.needed(one, nature, RULES, Spent())[0] == wanted


def test_more_is_never_asked_of_less() -> None:
    """The table grows with value, with sensitivity, and with what can't be taken back."""
    for way in WAYS:
        for sensitivity in (1, 2, 3):
            row = autonomy.TABLE[way, sensitivity]
            assert list(row) == sorted(row)
            if sensitivity < 3:
                above = autonomy.TABLE[way, sensitivity + 1]
                assert all(a <= b for a, b in zip(row, above, strict=True))
            if way != "irreversible":
                harder = autonomy.TABLE[WAYS[WAYS.index(way) + 1], sensitivity]
                assert all(a <= b for a, b in zip(row, harder, strict=True))


@pytest.mark.parametrize(
    ("changes", "level", "spent", "people", "why"),
    [
        ({}, "automatic", Spent(), 0, ""),
        ({}, "approve", Spent(), 1, "level"),
        ({}, "propose", Spent(), 1, "level"),
        ({}, "observe", Spent(), 1, "level"),
        ({"origin": "key"}, "automatic", Spent(), 1, "origin"),
        ({"origin": "person"}, "automatic", Spent(), 1, "origin"),
        ({"loose": True}, "automatic", Spent(), 1, "origin"),
        ({"changed_by": "person:1"}, "automatic", Spent(), 1, "origin"),
        ({"terms": {"low_fen": -9, "mid_fen": -5}}, "automatic", Spent(), 1, "loses"),
        ({}, "automatic", Spent(count=10), 1, "budget"),
        ({"terms": {"cost_fen": 100}}, "automatic", Spent(fen=499_901), 1, "budget"),
        ({"terms": {"cost_fen": 100}}, "automatic", Spent(fen=499_900), 0, ""),
        (
            {"terms": {"lost_fen": 90_000, "cost_fen": 1}},
            "automatic",
            Spent(fen=410_001),
            1,
            "budget",
        ),
    ],
)
def test_what_keeps_an_act_from_being_automatic(
    changes: Any, level: Any, spent: Spent, people: int, why: str
) -> None:
    """Level, budget, who proposed, and what loses money."""
    nature = Nature(reversibility="reversible", sensitivity=1)
    rules = replace(RULES, level=level)
    assert autonomy.needed(proposal(**changes), nature, rules, spent) == (people, why)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(WAYS),
    st.integers(1, 3),
    st.integers(-(10**9), 10**9),
    st.integers(0, 10**7),
    st.sampled_from(["skill", "person", "key"]),
    st.booleans(),
    st.sampled_from(LEVELS),
    st.integers(0, 600_000),
)
def test_what_is_never_automatic(
    way: Any, sensitivity: int, mid: int, cost: int, origin: Any, loose: bool, level: Any, fen: int
) -> None:
    """Irreversible, above the day's budget, not of a shipped skill, or at another level: a person
    is asked, whatever else is true.
    """
    terms = {"low_fen": mid - 1, "mid_fen": mid, "high_fen": mid + 1, "cost_fen": cost}
    one = proposal(terms=terms, origin=origin, loose=loose)
    spent = Spent(fen=fen)
    nature = Nature(reversibility=way, sensitivity=sensitivity)
    people, why = autonomy.needed(one, nature, replace(RULES, level=level), spent)
    assert people >= autonomy.approvers(nature, one.terms.at_stake_fen, RULES)
    assert (people == 0) == (why == "")
    if (
        way == "irreversible"
        or level != "automatic"
        or origin != "skill"
        or loose
        or mid < 0
        or fen + one.terms.exposed_fen > RULES.day_fen
    ):
        assert people >= 1


@pytest.mark.parametrize(
    ("level", "wanted", "way", "found", "why"),
    [
        ("observe", "propose", "reversible", [], ""),
        ("observe", "approve", "reversible", [], "one_step"),
        ("observe", "automatic", "reversible", [lived(100)] * 50, "one_step"),
        ("propose", "automatic", "reversible", [lived(100)] * 50, "one_step"),
        ("propose", "approve", "irreversible", [], ""),
        ("approve", "automatic", "reversible", [lived(100)] * 19, "too_few"),
        ("approve", "automatic", "reversible", [lived(100)] * 20, ""),
        ("approve", "automatic", "irreversible", [lived(100)] * 50, "irreversible"),
        ("approve", "automatic", "reversible", [lived(100)] * 18 + [lived(10)] * 2, ""),
        ("approve", "automatic", "reversible", [lived(100)] * 18 + [lived(10)] * 3, "regretted"),
        ("approve", "automatic", "reversible", [lived(100)] * 24 + [lived(-9_999)], "lost"),
        ("automatic", "approve", "reversible", [], ""),
        ("automatic", "observe", "reversible", [], ""),
        ("automatic", "automatic", "reversible", [], ""),
    ],
)
def test_a_level_is_earned(level: Any, wanted: Any, way: Any, found: Any, why: str) -> None:
    """One step up at a time; `automatic` by accepted and measured proposals; down at any time."""
    rules = replace(RULES, level=level, earned=20, regret_bound=100)
    nature = Nature(reversibility=way, sensitivity=1)
    assert autonomy.why_not_raise(wanted, nature, rules, found)[0] == why


@pytest.mark.parametrize(
    ("level", "found", "why"),
    [
        ("automatic", [lived(100)] * 200, ""),
        ("automatic", [lived(-1)], ""),
        ("automatic", [lived(-1)] * 2, "regret"),
        ("approve", [lived(10)] * 3, "regret"),
        ("propose", [lived(-1)] * 50, ""),
        ("automatic", [lived(-500_000)], ""),
        ("automatic", [lived(-500_001)], "loss"),
    ],
)
def test_a_level_is_lost(level: Any, found: Any, why: str) -> None:
    """By regrets that chance does not explain, or by one loss above a day's budget."""
    assert autonomy.why_lower(found, replace(RULES, level=level, regret_bound=100)) == why


def test_chance_alone_takes_no_level() -> None:
    """Regrets at the bound, looked at after each of 300: at most one run in twenty is refuted."""
    rng = random.Random(5)
    refuted = 0
    for _ in range(200):
        run = [lived(10 if rng.random() < 0.1 else 100) for _ in range(300)]
        refuted += autonomy.refute(run, 100) >= 20
    assert refuted <= 10
    # and three times as many regrets are seen within 150
    run = [lived(10 if rng.random() < 0.3 else 100) for _ in range(150)]
    assert autonomy.refute(run, 100) >= 20


def test_down_by_one() -> None:
    """Levels fall one at a time, and not below observing."""
    assert [autonomy.lower(level) for level in LEVELS] == [
        "observe",
        "observe",
        "propose",
        "approve",
    ]
