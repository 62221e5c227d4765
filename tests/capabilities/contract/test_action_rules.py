"""Rules of evidence: a closed list, and what is not measured is never kept."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.capabilities.contract.actions import rules
from danshu.capabilities.contract.actions.model import Holds
from danshu.capabilities.contract.actions.rules import Sample, Verdict
from danshu.kernel.errors import InputError


@pytest.mark.parametrize(
    ("text", "value", "verdict"),
    [
        ("expiry >= P180D", 180 * 86_400_000, "held"),
        ("expiry >= P180D", 180 * 86_400_000 - 1, "failed"),
        ("expiry >= P180D", None, "unproven"),
        ("temp in 2000..8000", 2000, "held"),
        ("temp in -20000..-15000", -14999, "failed"),
        ("count >= 1", 0, "failed"),
        ("gap <= PT2M", 120_000, "held"),
        ("score >= 800", 799, "failed"),
        ("amount >= 1", 1, "held"),
    ],
)
def test_rules(text: str, value: int | None, verdict: str) -> None:
    assert rules.evaluate(rules.parse(text), value) == verdict


@pytest.mark.parametrize(
    "text",
    ["", "expiry >= 180", "count >= P1D", "temp in 8..2", "expiry in 1..2", "x >= 1",
     "count == 1", "count>=1", "temp in 1..", "__import__('os')"],
)  # fmt: skip
def test_the_list_of_rules_is_closed(text: str) -> None:
    with pytest.raises(InputError):
        rules.parse(text)


COLD = Holds(quantity="temp", low=2000, high=8000, tolerance="PT5M", gap="PT2M")
MINUTE = 60_000


def series(*values: int) -> list[Sample]:
    """A reading a minute from 0 on."""
    return [Sample(at_ms=at * MINUTE, value=value) for at, value in enumerate(values)]


@pytest.mark.parametrize(
    ("samples", "minutes", "verdict"),
    [
        (series(*[4000] * 11), 10, "held"),
        (series(4000, 4000, *[9000] * 5, *[4000] * 4), 10, "held"),  # five minutes are tolerated
        (series(4000, 4000, *[9000] * 6, *[4000] * 3), 10, "failed"),
        (series(*[4000] * 11), 13, "unproven"),  # the feed died before the end
        ([s for s in series(*[4000] * 11) if s.at_ms // MINUTE not in (4, 5)], 10, "unproven"),
        ([], 10, "unproven"),
        ([], 0, "unproven"),
        # A gap does not hide a breach, and a breach does not need the time of the gap.
        (series(*[9000] * 7), 60, "failed"),
        (series(4000, 4000, 9000), 60, "unproven"),
    ],
)
def test_what_is_not_measured_is_never_kept(
    samples: list[Sample], minutes: int, verdict: str
) -> None:
    found, spans_found = rules.hold(COLD, samples, 0, minutes * MINUTE)
    assert found == verdict
    assert bool(spans_found) == (verdict != "held")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=40), st.data())
def test_taking_samples_away_never_makes_it_kept(values: list[int], data: st.DataObject) -> None:
    whole = series(*values)
    until = whole[-1].at_ms
    fewer = [s for s in whole if data.draw(st.booleans())]
    after, _ = rules.hold(COLD, fewer, 0, until)
    if after is Verdict.HELD:
        # Then every sample that was left out lies within two minutes of one that is there.
        marks = [0, *[s.at_ms for s in fewer], until]
        assert all(b - a <= 2 * MINUTE for a, b in itertools.pairwise(marks))
