"""Quality 质量 of a built asset: what each check found, and a score 0-100 for each dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

DIMENSIONS: Final = {
    "complete": "completeness",
    "unique": "uniqueness",
    "between": "validity",
    "no_new_columns": "validity",
    "fresh": "timeliness",
    "adds_up": "consistency",
}
"""Codes of checks, and the dimension of quality that each belongs to."""
NO_SCORE: Final = -1


class CheckResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a check found: of `of` things looked at, `wrong` were not as they must be.

    For `adds_up` they are the two sums, for `fresh` seconds: how old, and how old it may be.
    """

    code: str
    column: str = ""
    of: int
    wrong: int
    passed: bool

    @property
    def score(self) -> int:
        """0 to 100; a share rounds down, so that only what is wholly right is 100."""
        if self.passed:
            return 100
        if self.code in ("adds_up", "fresh", "no_new_columns") or not self.of:
            return 0
        return min(99, max(0, (self.of - self.wrong) * 100 // self.of))


class Quality(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All findings, and 0-100 by dimension; -1 where nothing was looked at."""

    findings: tuple[CheckResult, ...] = ()
    completeness: int = NO_SCORE
    uniqueness: int = NO_SCORE
    validity: int = NO_SCORE
    timeliness: int = NO_SCORE
    consistency: int = NO_SCORE

    @property
    def score(self) -> int:
        """The mean of what was looked at, 0-100, rounded down; -1 where nothing was."""
        told = [
            self.completeness, self.uniqueness, self.validity, self.timeliness, self.consistency
        ]  # fmt: skip
        seen = [s for s in told if s >= 0]
        return sum(seen) // len(seen) if seen else NO_SCORE


def judge(findings: Sequence[CheckResult]) -> Quality:
    """Score findings: each dimension is the mean of its checks, rounded down."""
    scores: dict[str, list[int]] = {}
    for finding in findings:
        scores.setdefault(DIMENSIONS[finding.code], []).append(finding.score)
    means = {name: sum(found) // len(found) for name, found in scores.items()}
    return Quality(findings=tuple(findings), **means)
