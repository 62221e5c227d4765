"""The text of a filter: what is written is read back, what it means, what is refused."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.capabilities.contract.standing import Standing
from danshu.capabilities.orders.model import State
from danshu.hub import filters
from danshu.hub.filters import FIELDS, Asked, Filter, Term
from danshu.kernel.errors import InputError
from danshu.kernel.limits import FILTER_CHARS, FILTER_TERMS, FILTER_VALUES

NOW_MS = int(datetime.datetime(2026, 11, 22, 14, 32, tzinfo=datetime.UTC).timestamp() * 1000)
HOUR_MS = 3_600_000
WAREHOUSES = {"BJ01": 0, "SH01": 1}
# What the bounds and words of a real question look like, so that most texts also resolve.
VALUES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12
)


@st.composite
def any_filter(draw: st.DrawFn) -> Filter:
    pairs = [(f, op) for f, ops in FIELDS.items() for op in sorted(ops)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=8))
    terms = []
    for field, op in chosen:
        most = 5 if op in ("in", "nin", "all") else 1
        values = draw(st.lists(VALUES, min_size=1, max_size=most))
        terms.append(Term(field, op, tuple(values)))
    return Filter(tuple(terms))


@given(any_filter())
def test_what_is_written_is_read_back(made: Filter) -> None:
    text = filters.write(made)
    assert filters.parse(text) == made
    assert filters.write(filters.parse(text)) == text


def parsed(text: str) -> Any:
    """Give the filter, or the code with which the text is refused."""
    try:
        return filters.parse(text)
    except InputError as error:
        return error.code


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    read = parsed(text)
    assert read == "bad_filter" or filters.parse(filters.write(read)) == read


def resolve(text: str, me: str = "key:1") -> Asked:
    return filters.resolve(filters.parse(text), WAREHOUSES, me, NOW_MS)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("", Asked()),
        ("channel.in.taobao,jd", Asked(channels=("taobao", "jd"))),
        (
            "state.in.held;state.nin.placed",
            Asked(states=(int(State.HELD),), states_not=(int(State.PLACED),)),
        ),
        ("warehouse.in.SH01,none", Asked(warehouses=(1, -1))),
        ("region.in.440000,440300", Asked(regions=("44%", "440300"))),
        ("region.nin.US", Asked(regions_not=("US",))),
        ("tag.in.a%2Cb,c", Asked(tags=("a,b", "c"))),
        ("tag.all.a,b;tag.nin.测试单", Asked(tags_all=("a", "b"), tags_not=("测试单",))),
        ("assignee.in.me,none", Asked(assignees=("key:1", ""))),
        ("promise.in.broken", Asked(standings=(int(Standing.BROKEN),))),
        ("hold.in.any", Asked(held=True)),
        ("hold.nin.any", Asked(held=False)),
        ("hold.in.none", Asked(held=False)),
        ("hold.in.risk_review", Asked(holds=("risk_review",))),
        ("short.is.yes", Asked(short=True)),
        ("amount.ge.100;amount.lt.200", Asked(amount_from=100, amount_to=200)),
        (
            "due.ge.0m;due.lt.2h",
            Asked(due_from_ms=NOW_MS, due_to_ms=NOW_MS + 2 * HOUR_MS),
        ),
        ("placed.ge.-1d", Asked(placed_from_ms=NOW_MS - 24 * HOUR_MS)),
        # 22:32 in China: its day began at 16:00 UTC the day before
        ("placed.ge.today", Asked(placed_from_ms=NOW_MS - 22 * HOUR_MS - 32 * 60_000)),
        ("due.lt.tomorrow@16:00", Asked(due_to_ms=NOW_MS + 17 * HOUR_MS + 28 * 60_000)),
        ("due.lt.2026-11-22T15:32:00+01:00", Asked(due_to_ms=NOW_MS)),
        ("q.is.a b%3B", Asked(q="a b;")),
    ],
)
def test_what_a_filter_means(text: str, meaning: Asked) -> None:
    assert resolve(text) == meaning


@pytest.mark.parametrize(
    "text",
    [
        "nothing.in.a",
        "channel",
        "channel.in",
        "channel.in.",
        "channel.in.a,,b",
        "channel.lt.5",
        "due.in.2h",
        "due.lt.2h,3h",
        "channel.in.a;channel.in.b",
        "tag.in.%FF",
        "tag.in.a%00",
        "x" * (FILTER_CHARS + 1),
        "tag.in." + ",".join(["a"] * (FILTER_VALUES + 1)),
    ],
)
def test_a_text_that_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        filters.parse(text)
    assert (caught.value.code, caught.value.pointer) == ("bad_filter", "/f")


@pytest.mark.parametrize(
    "text",
    [
        "state.in.flying",
        "warehouse.in.XX99",
        "promise.in.good",
        "hold.in.any,risk_review",
        "short.is.maybe",
        "amount.ge.-1",
        "amount.ge.1.5",
        "due.lt.soon",
        "due.lt.2026-11-22T15:32:00",
        "due.lt.1999-01-01T00:00:00Z",
        "placed.ge.today@24:00",
    ],
)
def test_words_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve(text)
    assert caught.value.code == "bad_filter"


def test_a_filter_can_be_full() -> None:
    every = [f"{f}.{op}.x" for f, ops in FIELDS.items() for op in ops]
    assert len(filters.parse(";".join(every)).terms) == len(every) <= FILTER_TERMS
