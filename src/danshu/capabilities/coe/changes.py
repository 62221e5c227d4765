"""Which changes from one week to the next are real.

Every comparison of a review is one family: after Y. Benjamini and Y. Hochberg (1995) at most one in
twenty of those that are named is expected to be chance. Where a side has fewer than SIDE_MIN, none
is named, however large it looks.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.kernel import shares

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from danshu.capabilities.coe.kpi import CoeCell
    from danshu.capabilities.coe.weekly import Week

FALSE_AT_MOST: Final = 0.05
LOOKS_LARGE: Final = 50
"""A change of this many thousandths that can't be told from chance is said to be small numbers."""
_BY: Final[dict[str, Callable[[CoeCell], str]]] = {
    "all": lambda c: "",
    "warehouse": lambda c: c.warehouse,
    "carrier": lambda c: c.carrier,
    "channel": lambda c: c.channel,
    "code": lambda c: c.code,
}


class Change(Struct, frozen=True, kw_only=True):
    """A share in the week and the week before: how many of how many. `p` is two-sided, the interval
    of the difference is of 95 %, both in thousandths.
    """

    by: str
    key: str
    now: int
    now_of: int
    before: int
    before_of: int
    p: float
    low: int
    high: int
    is_more_better: bool = True
    is_real: bool = False

    @property
    def change(self) -> int:
        """Give the difference in thousandths."""
        if not self.now_of or not self.before_of:
            return 0
        return round(1000 * (self.now / self.now_of - self.before / self.before_of))

    @property
    def is_small(self) -> bool:
        """Tell whether there are too few to say anything."""
        return min(self.now_of, self.before_of) < shares.SIDE_MIN

    @property
    def is_better(self) -> bool:
        """Tell whether it went the right way."""
        return (self.change > 0) == self.is_more_better


def compare(
    by: str, key: str, told: tuple[int, int, int, int], is_more_better: bool = True
) -> Change:
    """Compare a share (now, of, before, of) with the one before."""
    low, high = shares.newcombe(*told)
    return Change(
        by=by,
        key=key,
        now=told[0],
        now_of=told[1],
        before=told[2],
        before_of=told[3],
        p=shares.two_sided(*told),
        low=math.floor(1000 * low),
        high=math.ceil(1000 * high),
        is_more_better=is_more_better,
    )


def find(week: Week) -> list[Change]:
    """Give all comparisons of a review, the surest first, each marked real or not."""
    found = [
        compare(by, key, told)
        for by, of in _BY.items()
        for key, told in sorted(_counted(week.cells, of).items())
    ]
    now, before = week.curve[-1], week.curve[-2]
    for by, one, two in (
        ("split", now.split, before.split),
        ("overridden", now.overridden, before.overridden),
    ):
        told = (one, now.decisions, two, before.decisions)
        found.append(compare(by, "", told, is_more_better=False))
    return real(found)


def _counted(
    cells: Sequence[CoeCell], of: Callable[[CoeCell], str]
) -> dict[str, tuple[int, int, int, int]]:
    sums: dict[str, list[int]] = {}
    for cell in cells:
        told = sums.setdefault(of(cell), [0, 0, 0, 0])
        at = 0 if cell.is_now else 2
        told[at] += cell.kept
        told[at + 1] += cell.kept + cell.missed
    return {key: (a, b, c, d) for key, (a, b, c, d) in sums.items()}


def real(found: Sequence[Change]) -> list[Change]:
    """Mark what is real, by Benjamini and Hochberg over those with enough on both sides."""
    import msgspec

    ranked = sorted(found, key=lambda c: (c.is_small, c.p, c.by, c.key))
    tested = [c for c in ranked if not c.is_small]
    passed = max(
        (i + 1 for i, c in enumerate(tested) if c.p <= FALSE_AT_MOST * (i + 1) / len(tested)),
        default=0,
    )
    return [
        msgspec.structs.replace(c, is_real=i < passed and c.change != 0)
        for i, c in enumerate(ranked)
    ]


def cost_change(week: Week) -> tuple[int, int, int, int] | None:
    """Give the mean expected cost of a decision now and before, and the 95 % interval of the
    difference, in 分; None with too few on a side.
    """
    now, before = week.curve[-1], week.curve[-2]
    if min(now.decisions, before.decisions) < shares.SIDE_MIN:
        return None
    one, one_spread = _mean(now.cost_fen, week.cost_sq[0], now.decisions)
    two, two_spread = _mean(before.cost_fen, week.cost_sq[1], before.decisions)
    half = 1.959964 * math.sqrt(one_spread + two_spread)
    return round(one), round(two), math.floor(one - two - half), math.ceil(one - two + half)


def _mean(total: int, squares: int, n: int) -> tuple[float, float]:
    mean = total / n
    return mean, max(squares / n - mean * mean, 0.0) / (n - 1)
