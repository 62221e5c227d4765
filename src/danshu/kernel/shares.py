"""Two shares, or two means, side by side: the intervals of their difference.

R. G. Newcombe (1998), method 10, gives the interval of two shares that is looked at once. Who
looks again and again goes by the mixture sequential test of R. Johari, P. Koomen, L. Pekelis,
D. Walsh (2017), whose interval holds at all times at once (approximately: counts are taken for
normal, so that nothing is said below SIDE_MIN a side).
"""

from __future__ import annotations

import math
from typing import Final

SIDE_MIN: Final = 30
_Z: Final = 1.959964
_ALPHA: Final = 0.05
_TAU: Final = 0.1
"""The size of effect, as a difference of shares, that the sequential test looks for."""


def newcombe(one: int, one_of: int, two: int, two_of: int) -> tuple[float, float]:
    """Give the 95 % interval of one/one_of - two/two_of; (-1, 1) without both sides."""
    if not one_of or not two_of:
        return -1.0, 1.0
    first, first_low, first_high = _wilson(one, one_of)
    second, second_low, second_high = _wilson(two, two_of)
    low = first - second - math.hypot(first - first_low, second_high - second)
    high = first - second + math.hypot(first_high - first, second - second_low)
    return low, high


def _wilson(count: int, total: int) -> tuple[float, float, float]:
    share = count / total
    middle = (share + _Z * _Z / (2 * total)) / (1 + _Z * _Z / total)
    half = _Z * math.sqrt(share * (1 - share) / total + _Z * _Z / (4 * total * total))
    half /= 1 + _Z * _Z / total
    return share, middle - half, middle + half


def always_valid(one: int, one_of: int, two: int, two_of: int) -> tuple[float, float]:
    """Give the interval of the difference of shares that holds however often one looks; (-1, 1)
    below SIDE_MIN a side.
    """
    if min(one_of, two_of) < SIDE_MIN:
        return -1.0, 1.0
    half = half_width(_spread(one, one_of) + _spread(two, two_of), _TAU)
    difference = one / one_of - two / two_of
    return max(-1.0, difference - half), min(1.0, difference + half)


def half_width(variance: float, tau: float) -> float:
    """Give half of the always valid interval of an estimate with this variance (above 0), for
    effects of the size `tau`, both in the estimate's own unit.
    """
    wide = variance + tau**2
    told = 2 * math.log(1 / _ALPHA) + math.log(wide / variance)
    return math.sqrt(variance * wide / tau**2 * told)


def _spread(count: int, total: int) -> float:
    share = (count + 1) / (total + 2)  # never 0, after Agresti and Coull
    return share * (1 - share) / total


def two_sided(one: int, one_of: int, two: int, two_of: int) -> float:
    """Give how likely so large a difference of shares is where there is none: the pooled score
    test, looked at once. 1.0 without both sides, or where nothing differs.
    """
    if not one_of or not two_of:
        return 1.0
    pooled = (one + two) / (one_of + two_of)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / one_of + 1 / two_of))
    if not spread:
        return 1.0
    return math.erfc(abs(one / one_of - two / two_of) / spread / math.sqrt(2))
