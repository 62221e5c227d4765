"""Which sources agree, when a fault of the clock begins and ends."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.kernel.limits import CLOCK_ERROR_US, CLOCK_GOOD, CLOCK_MISSES, CLOCK_STEP_US
from danshu.kernel.timekeeping import (
    FAULTED,
    MEASURED,
    UNMEASURED,
    Claim,
    Sample,
    Standing,
    agree,
    judge,
)

S = 1_000_000
GOOD = Sample(source="a", offset_us=-412, error_us=1_830)
SILENT = Sample(trouble="silent")


def claims(*pairs: tuple[int, int]) -> list[Claim]:
    return [
        Claim(source="abcdef"[n], offset_us=offset, distance_us=distance)
        for n, (offset, distance) in enumerate(pairs)
    ]


@pytest.mark.parametrize(
    ("given_", "agreeing"),
    [
        (claims(), ""),
        (claims((5, 1)), "a"),
        (claims((0, 10), (15, 10)), "ab"),  # they meet in [5, 10]
        (claims((0, 10), (30, 10)), ""),  # no majority of two
        (claims((0, 10), (20, 10)), "ab"),  # they touch
        (claims((0, 10), (4, 2), (900, 10)), "ba"),  # the falseticker is left out, the surest first
        (claims((0, 10), (300, 10), (900, 10)), ""),
        (claims((0, 10), (1, 10), (900, 10), (901, 10)), ""),  # two against two
        (
            claims((0, 1000), (900, 10), (-900, 10)),
            "",
        ),  # a meets b and c, who contradict one another
        (claims((0, 5), (0, 5), (0, 5)), "abc"),
    ],
)
def test_selection(given_: list[Claim], agreeing: str) -> None:
    assert "".join(c.source for c in agree(given_)) == agreeing


@given(
    st.lists(st.tuples(st.integers(-(10**6), 10**6), st.integers(0, 10**5)), max_size=6),
    st.integers(-(10**6), 10**6),
)
def test_a_majority_that_agrees_is_believed(others: list[tuple[int, int]], true_us: int) -> None:
    honest = [(true_us + 3, 10)] * (len(others) + 1)
    given_ = [
        Claim(source=f"{n:02}", offset_us=o, distance_us=d)
        for n, (o, d) in enumerate(honest + others)
    ]
    found = agree(given_)
    assert set(given_[: len(honest)]) <= set(found)
    low = max(c.offset_us - c.distance_us for c in found)
    assert low <= min(c.offset_us + c.distance_us for c in found)


@pytest.mark.parametrize(
    ("samples", "configured", "word", "why"),
    [
        ([], True, UNMEASURED, ""),
        ([GOOD], True, MEASURED, ""),
        ([SILENT] * 9, False, UNMEASURED, ""),  # a laptop without a network: no fault
        ([SILENT] * (CLOCK_MISSES - 1), True, UNMEASURED, ""),
        ([SILENT] * CLOCK_MISSES, True, FAULTED, "silent"),
        ([GOOD, SILENT, SILENT], True, MEASURED, ""),
        ([GOOD, SILENT, SILENT, SILENT], True, FAULTED, "silent"),
        ([GOOD, SILENT, SILENT, SILENT], False, UNMEASURED, ""),
        ([GOOD, SILENT, GOOD, SILENT, GOOD, SILENT], True, MEASURED, ""),
        ([Sample(trouble="disagree")] * CLOCK_MISSES, False, FAULTED, "disagree"),
        ([Sample(trouble="unsynchronised")], False, FAULTED, "unsynchronised"),
        ([GOOD, Sample(source="a", error_us=CLOCK_ERROR_US + 1)], True, FAULTED, "error"),
        ([GOOD, Sample(source="a", error_us=CLOCK_ERROR_US)], True, MEASURED, ""),
        ([GOOD, Sample(source="a", step_us=-CLOCK_STEP_US - 1)], True, FAULTED, "step"),
        ([Sample(trouble="silent", step_us=CLOCK_STEP_US + 1)], True, FAULTED, "step"),
        ([Sample(trouble="silent", step_us=CLOCK_STEP_US + 1)], False, UNMEASURED, ""),
        ([GOOD, Sample(trouble="silent", step_us=CLOCK_STEP_US + 1)], False, FAULTED, "step"),
        ([Sample(trouble="unsynchronised"), *[GOOD] * (CLOCK_GOOD - 1)], True, FAULTED,
         "unsynchronised"),
        ([Sample(trouble="unsynchronised"), *[GOOD] * CLOCK_GOOD], True, MEASURED, ""),
        ([Sample(trouble="unsynchronised"), *[SILENT] * 9], False, FAULTED, "unsynchronised"),
    ],
)  # fmt: skip
def test_faults(samples: list[Sample], configured: bool, word: str, why: str) -> None:
    standing = Standing()
    for n, sample in enumerate(samples):
        standing = judge(standing, sample, (n + 1) * 10 * S, configured)
    assert (standing.word, standing.why) == (word, why)


def test_the_bound_grows_while_nobody_speaks() -> None:
    standing = judge(Standing(), GOOD, S, True)
    standing = judge(standing, SILENT, 11 * S, True)
    assert standing.error_us == GOOD.error_us + 150  # 15 ppm of 10 s
    # a machine that slept for three hours cannot know any more
    asleep = judge(standing, SILENT, 11_000 * S, True)
    assert (asleep.word, asleep.why) == (FAULTED, "error")


SAMPLES = st.builds(
    Sample,
    source=st.just("a"),
    offset_us=st.integers(-200_000, 200_000),
    error_us=st.sampled_from([0, 1_830, CLOCK_ERROR_US, CLOCK_ERROR_US + 1]),
    trouble=st.sampled_from(["", "", "", "silent", "disagree", "unsynchronised"]),
    step_us=st.sampled_from([0, 0, 0, 5, CLOCK_STEP_US + 1]),
)


@given(st.lists(SAMPLES, max_size=40), st.booleans())
def test_any_history(samples: list[Sample], configured: bool) -> None:
    walked = [Standing()]
    for n, sample in enumerate(samples):
        walked.append(judge(walked[-1], sample, (n + 1) * 10 * S, configured))
    for n, (before, after) in enumerate(pairwise(walked)):
        sample = samples[n]
        claims_nothing = before.word == UNMEASURED and not configured
        is_steady = abs(sample.step_us) <= CLOCK_STEP_US or claims_nothing
        is_good = not sample.trouble and is_steady
        is_good = is_good and sample.error_us <= CLOCK_ERROR_US
        assert (after.word == FAULTED) == bool(after.why)
        assert (before.word == after.word) == (before.since_us == after.since_us)
        if is_good:
            assert after.word != FAULTED or before.word == FAULTED
            assert (after.missed, after.source, after.measured_us) == (0, "a", after.sampled_us)
        if after.word == MEASURED:
            assert after.error_us <= CLOCK_ERROR_US
        if (before.word, after.word) == (FAULTED, MEASURED):
            assert after.good >= CLOCK_GOOD
        assert (before.word, after.word) != (FAULTED, UNMEASURED)
        if not sample.trouble and not is_good:
            assert after.word == FAULTED
