"""Split conformal prediction: how far an estimate may be from the truth before it says anything.

Vovk, Gammerman & Shafer, Algorithmic Learning in a Random World (2005); Lei et al., JASA 113
(2018): with errors that are exchangeable the radius covers the next one with probability at least
1 - alpha, whatever the model is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from danshu.capabilities.routing.panel import UNKNOWN
from danshu.kernel.coverage import cover
from danshu.kernel.limits import SCORER_CALIBRATION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

ALPHA: Final = 0.1


def radius(errors: Ints, alpha: float = ALPHA) -> int:
    """Give the ceil((n+1)(1-alpha))-th smallest |error|, in its unit; UNKNOWN where n is too small
    for any finite radius to cover so much.
    """
    count = len(errors)
    rank = cover(count, alpha)
    if rank > count:
        return UNKNOWN
    return int(np.partition(np.abs(errors), rank - 1)[rank - 1])


def radii(errors: Ints, groups: Ints, count: int, alpha: float = ALPHA) -> Ints:
    """Give the radius of each group 0 to count-1; one with fewer than SCORER_CALIBRATION errors
    takes that of all.
    """
    everywhere = radius(errors, alpha)
    found = np.full(count, everywhere, np.int64)
    for group in range(count):
        mine = errors[groups == group]
        if len(mine) >= SCORER_CALIBRATION:
            found[group] = radius(mine, alpha)
    return found
