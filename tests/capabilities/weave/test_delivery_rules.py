"""Breakers and waits, and filters of subscriptions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.capabilities.weave import backoff, breaker, filters
from danshu.capabilities.weave.breaker import CLOSED, Phase, Rules
from danshu.kernel.errors import InputError

RULES = Rules(streak=3, share_pct=50, least=10, window_ms=1_000, open_ms=100, open_max_ms=400)


def play(outcomes: str, at_ms: int = 0, step_ms: int = 1) -> breaker.Breaker:
    now = CLOSED
    for n, letter in enumerate(outcomes):
        now = breaker.record(now, letter == "+", RULES, at_ms + n * step_ms)
    return now


@pytest.mark.parametrize(
    ("outcomes", "phase"),
    [
        ("", Phase.CLOSED),
        ("--", Phase.CLOSED),
        ("--+--", Phase.CLOSED),
        ("---", Phase.OPEN),
        ("+---", Phase.OPEN),
        ("+-+-+-+-+", Phase.CLOSED),  # nine tries are too few to go by their share
        ("+-+-+-+-+-", Phase.OPEN),
        ("+++-+++-++", Phase.CLOSED),
    ],
)
def test_it_opens(outcomes: str, phase: Phase) -> None:
    assert play(outcomes).phase is phase


def test_failures_long_past_are_forgotten() -> None:
    assert play("+-+-+-+-+-", step_ms=600).phase is Phase.CLOSED


def test_one_probe_closes_it_or_opens_it_for_twice_as_long() -> None:
    opened = play("---")
    assert (breaker.look(opened, 101), opened.until_ms) == (Phase.OPEN, 102)
    assert breaker.look(opened, 102) is Phase.HALF_OPEN
    assert breaker.record(opened, True, RULES, 102).phase is Phase.CLOSED
    waits = []
    for _ in range(4):
        at_ms = opened.until_ms
        opened = breaker.record(opened, False, RULES, at_ms)
        waits.append(opened.until_ms - at_ms)
    assert waits == [200, 400, 400, 400]
    assert breaker.look(breaker.hold(CLOSED, 70), 69) is Phase.OPEN


@given(st.text("+-", max_size=60), st.integers(1, 700))
def test_whatever_came_before_three_failures_in_a_row_open_it(text: str, step_ms: int) -> None:
    now = play(text, step_ms=step_ms)
    at_ms = max(len(text) * step_ms, now.until_ms)
    if breaker.look(now, at_ms) is Phase.HALF_OPEN:
        now = breaker.record(now, True, RULES, at_ms)
    for n in range(3):
        now = breaker.record(now, False, RULES, at_ms + n)
    assert now.phase is Phase.OPEN
    assert now.until_ms > at_ms


@given(st.integers(1, 80), st.text(max_size=40))
def test_waits_are_spread_below_a_bound_that_doubles(tries: int, key: str) -> None:
    wait = backoff.wait_ms(tries, 100, 5_000, key)
    assert 1 <= wait <= min(5_000, 100 * 2 ** (tries - 1))
    assert wait == backoff.wait_ms(tries, 100, 5_000, key)


def test_waits_of_many_do_not_meet() -> None:
    waits = [backoff.wait_ms(5, 1_000, 60_000, f"e{n}") for n in range(200)]
    assert len(set(waits)) > 180
    assert 6_000 < sum(waits) / len(waits) < 10_000  # about half of the bound, 16 s


EVENT: dict[str, Any] = {
    "type": "danshu.order.placed",
    "subject": "019a",
    "data": {
        "channel": "taobao",
        "paid": True,
        "total_fen": 1990,
        "lines": [{"sku": "A-1"}, {"sku": "B-2"}],
    },
}


@pytest.mark.parametrize(
    ("given_filter", "fits"),
    [
        ({"exact": {"data.channel": "taobao"}}, True),
        ({"exact": {"data.channel": "jd"}}, False),
        ({"exact": {"data.channel": "taobao", "data.paid": "false"}}, False),
        ({"exact": {"data.total_fen": "1990", "data.paid": "true"}}, True),
        ({"prefix": {"type": "danshu.order."}}, True),
        ({"suffix": {"data.lines.sku": "-2"}}, True),
        ({"suffix": {"data.lines.sku": "-3"}}, False),
        ({"exact": {"data.none.there": "x"}}, False),
        ({"not": {"exact": {"data.none": "x"}}}, True),
        ({"all": [{"prefix": {"subject": "01"}}, {"suffix": {"subject": "9a"}}]}, True),
        ({"any": [{"exact": {"subject": "x"}}, {"exact": {"data.lines.sku": "A-1"}}]}, True),
        ({"any": [{"exact": {"subject": "x"}}]}, False),
    ],
)
def test_filters(given_filter: Any, fits: bool) -> None:
    test = filters.compile_filter([given_filter])
    assert test is not None
    assert test(EVENT) is fits
    negated = filters.compile_filter([{"not": given_filter}])
    assert negated is not None
    assert negated(EVENT) is not fits


@pytest.mark.parametrize(
    ("given_filter", "pointer"),
    [
        ("exact", "/filters/0"),
        ({}, "/filters/0"),
        ({"sql": "1=1"}, "/filters/0/sql"),
        ({"exact": {"a": "b"}, "not": {}}, "/filters/0"),
        ({"exact": {}}, "/filters/0/exact"),
        ({"exact": {"Type": "x"}}, "/filters/0/exact/Type"),
        ({"exact": {"type": 1}}, "/filters/0/exact/type"),
        ({"all": []}, "/filters/0/all"),
        ({"all": [{"exact": {"type": "x"}}, {"none": {}}]}, "/filters/0/all/1/none"),
        ({"not": {"not": {"not": {"not": {"not": {"exact": {"type": "x"}}}}}}}, None),
    ],
)
def test_filters_that_mean_nothing(given_filter: Any, pointer: str | None) -> None:
    with pytest.raises(InputError) as raised:
        filters.compile_filter([given_filter])
    assert raised.value.code == "bad_filter"
    assert pointer is None or raised.value.pointer == pointer


ATOMS = st.one_of(
    st.builds(
        lambda dialect, path, text: {dialect: {path: text}},
        st.sampled_from(["exact", "prefix", "suffix"]),
        st.sampled_from(["type", "subject", "data.channel", "data.lines.sku"]),
        st.sampled_from(["danshu.order.placed", "019a", "taobao", "A-1", "d", "1"]),
    )
)
TREES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(lambda f: {"not": f}, inner),
        st.builds(lambda f: {"all": f}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda f: {"any": f}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=6,
)


@given(TREES, TREES)
def test_de_morgan(one: Any, other: Any) -> None:
    def fits(tree: Any) -> bool:
        try:
            test = filters.compile_filter([tree])
        except InputError:  # deeper than filters may lie
            return True
        assert test is not None
        return test(EVENT)

    nor = {"not": {"any": [one, other]}}
    both_not = {"all": [{"not": one}, {"not": other}]}
    assert fits(nor) == fits(both_not) or _depth(nor) != _depth(both_not)


def _depth(tree: Any) -> int:
    ((_, inner),) = tree.items()
    if isinstance(inner, list):
        return 1 + max(_depth(each) for each in inner)
    return 1 + _depth(inner) if any(k in inner for k in ("not", "all", "any")) else 1


def test_patterns_of_types() -> None:
    known = ["danshu.order.placed", "danshu.order.paid", "danshu.stock.counted"]
    assert filters.compile_types(["order.*"], known) == set(known[:2])
    assert filters.compile_types(["danshu.stock.counted", "danshu.none.such"], known) == {known[2]}
    with pytest.raises(InputError):
        filters.compile_types(["order*"], known)
