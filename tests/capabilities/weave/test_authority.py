"""Whose word holds for a field, by its rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.capabilities.weave.authority import HERE, Claim, Rule, judge

WMS = Claim(source="wms", value=520, said_ms=2)
ERP = Claim(source="erp", value=500, said_ms=3)


@pytest.mark.parametrize(
    ("rule", "value", "source"),
    [
        (Rule.AUTHORITY, 520, "wms"),
        (Rule.LATEST, 500, "erp"),
        (Rule.LARGER, 520, "wms"),
        (Rule.SMALLER, 500, "erp"),
        (Rule.ASK, 480, HERE),
    ],
)
def test_each_rule_has_its_own_word(rule: Rule, value: int, source: str) -> None:
    verdict = judge(rule, "wms", [WMS, ERP], 480)
    assert (verdict.value, verdict.source) == (value, source)
    assert not verdict.agrees
    assert verdict.is_open is (rule is Rule.ASK)


def test_an_authority_that_said_nothing_leaves_it_to_the_latest() -> None:
    verdict = judge(Rule.AUTHORITY, "pim", [WMS, ERP], None)
    assert (verdict.value, verdict.source) == (500, "erp")


def test_who_is_asked_first_has_what_is_new_written() -> None:
    assert judge(Rule.ASK, "wms", [WMS], None).value == 520
    opened = judge(Rule.ASK, "wms", [WMS], 480)
    assert (opened.value, opened.is_open) == (480, True)


@given(
    rule=st.sampled_from(Rule),
    values=st.lists(st.integers(0, 5), min_size=1, max_size=6),
    stands=st.none() | st.integers(0, 5),
)
def test_what_holds_was_said_by_somebody(rule: Rule, values: list[int], stands: int | None) -> None:
    claims = [Claim(source=f"s{n}", value=v, said_ms=n) for n, v in enumerate(values)]
    verdict = judge(rule, "s0", claims, stands)
    assert verdict.value in {*values, stands}
    if len(set(values)) > 1:
        assert not verdict.agrees
    # who said it when is not what was said
    later = [Claim(source=c.source, value=c.value, said_ms=c.said_ms + 9) for c in claims]
    assert judge(rule, "s0", later, stands).seen == verdict.seen
