"""The token bucket: no more than a second's worth at once, and so many a second over time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from danshu.capabilities.weave.pace import Pace, allow, fill, spend


@given(
    st.integers(1, 500),
    st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 900)), min_size=1, max_size=30),
)
def test_never_more_than_the_rate(per_s: int, asked: list[tuple[int, int]]) -> None:
    pace, at_ms, sent = Pace(per_s=per_s), 1_000, 0
    for wait_ms, wanted in asked:
        at_ms += wait_ms
        pace = fill(pace, at_ms)
        goes = allow(pace, wanted)
        pace = spend(pace, goes)
        sent += goes
        assert goes <= wanted
        assert sent <= per_s + (at_ms - 1_000) * per_s / 1_000


def test_what_was_saved_up_is_bounded_and_no_limit_is_none() -> None:
    pace = fill(spend(fill(Pace(per_s=10), 1_000), 10), 3_600_000)
    assert allow(pace, 100) == 10
    assert allow(fill(Pace(per_s=0), 1_000), 100) == 100
