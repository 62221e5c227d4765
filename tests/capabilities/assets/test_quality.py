"""Quality: a share never rounds up to whole, a dimension that nobody looked at has no score."""

from __future__ import annotations

import pytest

from danshu.capabilities.assets.quality import NO_SCORE, CheckResult, judge


def found(code: str, of: int, wrong: int, passed: bool) -> CheckResult:
    return CheckResult(code=code, of=of, wrong=wrong, passed=passed)


@pytest.mark.parametrize(
    ("finding", "score"),
    [
        (found("unique", 0, 0, True), 100),
        (found("complete", 1_000_000, 1, False), 99),
        (found("complete", 3, 3, False), 0),
        (found("complete", 10, 1, True), 100),  # as complete as its asset asks
        (found("adds_up", 10, 9, False), 0),
        (found("fresh", 60, 61, False), 0),
    ],
)
def test_a_check_scores(finding: CheckResult, score: int) -> None:
    assert finding.score == score


def test_dimensions_are_the_means_of_their_checks() -> None:
    told = judge(
        [
            found("complete", 10, 1, False),
            found("complete", 10, 0, True),
            found("unique", 10, 0, True),
            found("between", 10, 10, False),
        ]
    )
    assert (told.completeness, told.uniqueness, told.validity) == (95, 100, 0)
    assert (told.timeliness, told.consistency) == (NO_SCORE, NO_SCORE)
    assert told.score == 65
    assert judge([]).score == NO_SCORE
