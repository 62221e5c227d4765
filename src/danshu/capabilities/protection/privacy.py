"""Differential privacy for published sums: bounded contributions, noise, and what it costs.

A person may count in at most PRIVACY_CELLS cells and with at most one value, clamped, in each: what
they add beyond is not counted. So one person more or less changes all cells together by at most
cells x bound, and noise of that scale hides them (Dwork et al. 2006). Groups that share no person
cost the largest of them, not their sum (parallel composition); everything else adds up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.protection import noise
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import PRIVACY_CELLS, PRIVACY_ONCE_MILLE, PRIVACY_YEAR_MILLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from danshu.capabilities.protection.noise import Below

SPENT: Final = Refusal(
    code="privacy_spent",
    reason="这一接收方对这一资产的本年隐私预算已用完",
    reason_en="This recipient's budget of privacy of this asset is spent for the year",
    clause="pipl-51",
)
TOO_MUCH: Final = Refusal(
    code="privacy_once",
    reason=f"一次发布最多花费 {PRIVACY_ONCE_MILLE} 千分之一 ε",
    reason_en=f"One publication costs at most {PRIVACY_ONCE_MILLE} thousandths of epsilon",
    clause="pipl-51",
)


def spend(spent: int, mille: int) -> int | Refusal:
    """Give what is spent of the year after another publication; all in thousandths of epsilon."""
    if not 0 < mille <= PRIVACY_ONCE_MILLE:
        return TOO_MUCH
    if spent + mille > PRIVACY_YEAR_MILLE:
        return SPENT
    return spent + mille


def compose(costs: Iterable[int], *, disjoint: bool) -> int:
    """Give what several publications cost together; `disjoint`: no person is in two of them."""
    told = list(costs)
    if not told:
        return 0
    return max(told) if disjoint else sum(told)


def bound(
    rows: Iterable[tuple[str, Any, int]], *, low: int, high: int, cells: int = PRIVACY_CELLS
) -> dict[Any, tuple[int, int]]:
    """Bound what each person contributes: rows of (person, cell, value) to cell -> (persons, sum).

    A person's values in one cell are added first, then clamped to [low, high]; of more cells than
    `cells` those that sort first count, whatever the order of the rows.
    """
    per: dict[str, dict[Any, int]] = {}
    for person, cell, value in rows:
        mine = per.setdefault(person, {})
        mine[cell] = mine.get(cell, 0) + value
    told: dict[Any, tuple[int, int]] = {}
    for person in sorted(per):
        for cell in sorted(per[person], key=repr)[:cells]:
            n, total = told.get(cell, (0, 0))
            told[cell] = (n + 1, total + max(low, min(high, per[person][cell])))
    return told


def publish_counts(
    cells: Mapping[Any, int], mille: int, below: Below, *, most: int = PRIVACY_CELLS
) -> dict[Any, int]:
    """Give counts of people with noise, none below 0. `cells` are bounded to `most` a person."""
    return {
        cell: max(0, noise.add(n, most, mille, below))
        for cell, n in sorted(cells.items(), key=lambda item: repr(item[0]))
    }


def publish_sums(
    cells: Mapping[Any, int],
    mille: int,
    below: Below,
    *,
    low: int,
    high: int,
    most: int = PRIVACY_CELLS,
) -> dict[Any, int]:
    """Give sums of values clamped to [low, high] with noise."""
    sensitivity = most * max(abs(low), abs(high), 1)
    return {
        cell: noise.add(total, sensitivity, mille, below)
        for cell, total in sorted(cells.items(), key=lambda item: repr(item[0]))
    }
