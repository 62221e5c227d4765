"""How many errors of a sample must be covered so that the next one is: split conformal prediction.

Vovk, Gammerman & Shafer, Algorithmic Learning in a Random World (2005): of errors that are
exchangeable, the rank-th smallest of `count` covers the next with probability 1 - alpha at least.
"""

from __future__ import annotations

import math


def cover(count: int, alpha: float) -> int:
    """Give the rank, from 1; more than `count` where so few errors can't cover so much."""
    # 1 - 0.1 is no binary number: 9.000000000000002 of 10 is nine
    return math.ceil(round((count + 1) * (1.0 - alpha), 9))
