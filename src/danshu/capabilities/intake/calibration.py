"""What a confidence is worth 校准: isotonic regression of what reviewers found.

A model says 950 and is right eight times in ten. Of pairs (said, was right) the pool-adjacent-
violators algorithm (Ayer et al. 1955) makes the monotone step function of least squares; each step
carries the lower bound of Clopper and Pearson, so that few reviews are worth little.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.kernel.limits import CALIBRATION_REVIEWS

if TYPE_CHECKING:
    from collections.abc import Iterable

FULL: Final = 1000
DOUBT: Final = 0.05


class Step(Struct, frozen=True, kw_only=True):
    """From raw confidence `raw` on, `right` of `seen` were right: `worth` is their share and `low`
    its lower bound at 95 %, all in thousandths.
    """

    raw: int
    worth: int
    low: int
    right: int
    seen: int


class Worth(Struct, frozen=True, kw_only=True):
    """What a raw confidence is worth. `seen` 0 = there were too few reviews, and it is the raw one
    as said, for which nothing is vouched.
    """

    value: int
    low: int = 0
    seen: int = 0


def fit(pairs: Iterable[tuple[int, bool]]) -> tuple[Step, ...]:
    """Fit the steps to pairs of (raw thousandths, was right); () of too few of them."""
    at: dict[int, list[int]] = {}
    for raw, right in pairs:
        tally = at.setdefault(raw, [0, 0])
        tally[0] += int(right)
        tally[1] += 1
    if sum(seen for _, seen in at.values()) < CALIBRATION_REVIEWS:
        return ()
    pools: list[tuple[int, int, int]] = []  # (raw, right, seen)
    for raw in sorted(at):
        pool = (raw, at[raw][0], at[raw][1])
        while pools and pools[-1][1] * pool[2] >= pool[1] * pools[-1][2]:
            before = pools.pop()
            pool = (before[0], before[1] + pool[1], before[2] + pool[2])
        pools.append(pool)
    return tuple(
        [
            Step(
                raw=raw,
                worth=right * FULL // seen,
                low=int(lower_bound(right, seen) * FULL),
                right=right,
                seen=seen,
            )
            for raw, right, seen in pools
        ]
    )


def weigh(steps: tuple[Step, ...], raw: int) -> Worth:
    """Tell what a raw confidence is worth. Below the lowest that was ever seen it is worth no more
    than that one, nor than it says itself.
    """
    if not steps:
        return Worth(value=raw)
    at = bisect_right(steps, raw, key=lambda s: s.raw) - 1
    step = steps[max(at, 0)]
    if at < 0:
        return Worth(value=min(raw, step.worth), low=0, seen=step.seen)
    return Worth(value=step.worth, low=step.low, seen=step.seen)


def lower_bound(right: int, seen: int) -> float:
    """Bound the share below, one-sided at 95 % (Clopper and Pearson 1934)."""
    if right <= 0:
        return 0.0
    if right == seen:
        return float(DOUBT ** (1 / seen))
    from scipy import special  # heavy, and only where reviews are counted

    return float(special.betaincinv(right, seen - right + 1, DOUBT))
