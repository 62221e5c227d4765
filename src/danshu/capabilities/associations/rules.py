"""Rules from counts: pairs that chance doesn't explain, with how much they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from danshu.capabilities.associations import significance
from danshu.capabilities.associations.model import Rule
from danshu.capabilities.associations.significance import Counts

Q_MAX: Final = 0.01
"""The share of rules that may be due to chance, at most, in expectation."""
BOTH_MIN: Final = 8
FIRST_MIN: Final = 20


class Pairs(Struct, frozen=True, kw_only=True):
    """Counts of pairs by stratum (pairs, strata): units with both, with `first`, with `then`, all.

    `totals` are both, first, both of the others, others over all strata, also those that say
    nothing of the pair (pairs, 4); `tested` pairs were looked at, also those not listed here.
    """

    first: Sequence[str]
    then: Sequence[str]
    both: Counts
    with_first: Counts
    with_then: Counts
    every: Counts
    totals: Counts
    units: int
    tested: int


def find(pairs: Pairs) -> list[Rule]:
    """Give the rules that pass, the surest first."""
    if not len(pairs.first):
        return []
    enough = (pairs.totals[:, 0] >= BOTH_MIN) & (pairs.totals[:, 1] >= FIRST_MIN)
    kept = np.flatnonzero(enough)
    p = significance.test_pairs(
        pairs.both[kept], pairs.with_first[kept], pairs.with_then[kept], pairs.every[kept]
    )
    q = significance.adjust(p.tolist(), max(pairs.tested, len(kept)))
    found = [
        rule
        for at, p_one, q_one in zip(kept.tolist(), p.tolist(), q, strict=True)
        if q_one <= Q_MAX and (rule := _rule(pairs, at, p_one, q_one)).lift > _EVEN
    ]
    return sorted(found, key=lambda r: (r.q, -r.lift, r.first, r.then))


_EVEN: Final = 1_000


def _rule(pairs: Pairs, at: int, p: float, q: float) -> Rule:
    both, first, other, others = (int(n) for n in pairs.totals[at])
    confidence, otherwise = both / first, (other / others if others else 0.0)
    # of those without `first` nobody may have bought it: half a unit keeps the lift finite
    base = max(otherwise, 0.5 / max(others, 1))
    return Rule(
        first=pairs.first[at],
        then=pairs.then[at],
        both=both,
        first_units=first,
        else_both=other,
        else_units=others,
        support=round(1000 * both / max(pairs.units, 1)),
        confidence=round(1000 * confidence),
        otherwise=round(1000 * otherwise),
        lift=round(1000 * confidence / base),
        p=p,
        q=q,
    )
