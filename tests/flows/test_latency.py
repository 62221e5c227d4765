"""The histogram of latencies: percentiles a tenth above the truth at most, by minutes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.hub.latency import Histogram
from danshu.kernel.limits import LATENCY_MINUTES


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


@given(
    st.lists(st.floats(2e-6, 60.0), min_size=1, max_size=200),
    st.sampled_from([0.5, 0.9, 0.99, 1.0]),
)
def test_a_percentile_is_not_below_the_truth(durations: list[float], share: float) -> None:
    histogram = Histogram(Clock())
    for one in durations:
        histogram.note(one)
    ordered = sorted(durations)
    truth_us = ordered[max(0, -int(-len(ordered) * share // 1) - 1)] * 1e6
    found = histogram.percentile(share, 1)
    assert found.samples == len(durations)
    assert found.us is not None
    assert truth_us * (1 - 1e-9) <= found.us <= truth_us * 1.1 * (1 + 1e-9)


def test_minutes_pass() -> None:
    clock = Clock()
    histogram = Histogram(clock)
    histogram.note(0.001, 3)
    clock.s = 60.0
    histogram.note(0.1)
    assert histogram.percentile(0.99, 1).samples == 1
    assert histogram.percentile(0.5, 2).samples == 4
    series = histogram.series(0.99, 3)
    assert series[0] is None
    assert series[1] == pytest.approx(1_000, rel=0.11)
    assert series[2] == pytest.approx(100_000, rel=0.11)
    clock.s = 60.0 * LATENCY_MINUTES
    assert histogram.percentile(0.99, LATENCY_MINUTES).samples == 1
    clock.s *= 3
    assert histogram.percentile(0.99, LATENCY_MINUTES).samples == 0
    assert histogram.percentile(0.99, LATENCY_MINUTES).us is None


@pytest.mark.parametrize("duration_s", [0.0, 1e-9, 1e6])
def test_what_lies_outside_is_counted(duration_s: float) -> None:
    histogram = Histogram(Clock())
    histogram.note(duration_s)
    assert histogram.percentile(1.0, 1).samples == 1
