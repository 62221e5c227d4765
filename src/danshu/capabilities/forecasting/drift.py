"""Drift: what came left its interval more often than chance explains."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

OUTSIDE: Final = 50
"""Thousandths of days that lie outside of a 95 % interval by right."""
CHANCE: Final = 1_000
"""Millionths: rarer than this, chance is no explanation."""
LEAST_D: Final = 5
"""Days under which nothing is said."""


class Drift(NamedTuple):
    """On how many of how many days it lay outside, and how likely that many are, in millionths."""

    days: int
    outside: int
    chance: int

    @property
    def is_one(self) -> bool:
        """Tell whether it is a drift."""
        return self.days >= LEAST_D and self.chance < CHANCE


def look(low: Sequence[int], high: Sequence[int], came: Sequence[int]) -> Drift:
    """Look at the days that have come, by a one-sided binomial test."""
    days = min(len(low), len(came))
    outside = sum(not low[n] <= came[n] <= high[n] for n in range(days))
    p = OUTSIDE / 1000
    chance = sum(comb(days, k) * p**k * (1 - p) ** (days - k) for k in range(outside, days + 1))
    return Drift(days, outside, round(1_000_000 * min(chance, 1.0)))
