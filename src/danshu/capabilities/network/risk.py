"""How likely a place runs short of goods within days, and on which day.

Short: an order finds nothing that may be sold. What may be sold is on hand less what is reserved
and kept for safety; what is on its way counts from the day on which it comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from danshu.capabilities.network import demand

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from danshu.capabilities.network.demand import Sums

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

HORIZONS: Final = (3, 7, 14, 28)
DAYS: Final = HORIZONS[-1]


class Risks(NamedTuple):
    """For each row: chances by horizon in thousandths [n, 4], the day of running out in the middle
    case (days from today, 1 = today; 0 = not within DAYS).
    """

    chance: Ints
    out: Ints


def find_risks(sums: Sums, free: Ints, coming: Ints, arrival: Ints) -> Risks:
    """Find the risks of rows: what is `free` now, and the units `coming` on day `arrival`."""
    count = len(free)
    chance = np.zeros((count, len(HORIZONS)), np.int64)
    late = (coming > 0) & (arrival > 0)
    for column, days in enumerate(HORIZONS):
        came = np.where(arrival <= days, coming, 0)
        found = demand.exceed(*sums.at(days), (free + came).astype(np.float64))
        if late.any():
            # Before the day of arrival there is only what is here: the worse of both is a bound.
            found[late] = np.maximum(found[late], before(sums, free, arrival, days, late))
        chance[:, column] = np.rint(1_000 * found)
    np.maximum.accumulate(chance, axis=1, out=chance)
    return Risks(chance, find_out(sums, free, coming, arrival))


def before(sums: Sums, free: Ints, arrival: Ints, days: int, which: NDArray[np.bool_]) -> Floats:
    """Give the chance of being short on the eve of arrival, within `days`."""
    rows = np.flatnonzero(which)
    eve = np.clip(arrival[rows] - 1, 0, days)
    last = np.maximum(eve - 1, 0)
    mean = np.where(eve > 0, sums.mean[rows, last], 0.0)
    variance = np.where(eve > 0, sums.variance[rows, last], 0.0)
    return demand.exceed(mean, variance, free[rows].astype(np.float64))


def find_out(sums: Sums, free: Ints, coming: Ints, arrival: Ints) -> Ints:
    """Find the first day by whose end half of all futures asked for more than there is."""
    mean = np.maximum(sums.mean, demand.TINY)
    # The median of a gamma, after Wilson and Hilferty (PNAS 17, 1931).
    middle = mean * np.maximum(1.0 - sums.variance / (9.0 * mean * mean), 0.0) ** 3
    day = np.arange(1, middle.shape[1] + 1)
    stock = free[:, None] + np.where(arrival[:, None] <= day, coming[:, None], 0)
    is_out = middle > stock + 0.5
    is_out |= stock < 0
    return np.where(is_out.any(axis=1), is_out.argmax(axis=1) + 1, 0)
