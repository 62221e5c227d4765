"""Treated against held out: how much more the treated buy, and when enough is known to stop.

R. G. Newcombe (1998), method 10, gives the interval that is shown. Stopping looks again and again,
which an ordinary interval doesn't allow: it goes by the mixture sequential test of R. Johari,
P. Koomen, L. Pekelis, D. Walsh (2017), whose interval holds at all times at once (approximately:
counts are taken for normal, so that nothing is judged below ARM_MIN a side).
"""

from __future__ import annotations

import hashlib
import math
from typing import Final

from msgspec import Struct

from danshu.capabilities.associations.model import Arm, Figures

ARM_MIN: Final = 30
_Z: Final = 1.959964
_ALPHA: Final = 0.05
_TAU: Final = 0.1
"""The size of effect, as a difference of shares, that the sequential test looks for."""


class Arms(Struct, frozen=True, kw_only=True):
    """Buyers whose outcome counts, and who of them bought."""

    treated: int
    treated_bought: int
    holdout: int
    holdout_bought: int


def draw_arm(key: bytes, campaign: bytes, buyer: str, holdout: int) -> Arm:
    """Draw a buyer's arm: `holdout` of a thousand are held out; the same buyer always alike."""
    drawn = hashlib.blake2b(campaign + buyer.encode(), digest_size=8, key=key[:64]).digest()
    return "holdout" if int.from_bytes(drawn) % 1_000 < holdout else "treated"


def newcombe(arms: Arms) -> tuple[float, float]:
    """Give the 95 % interval of the difference of shares; (-1, 1) without both arms."""
    if not arms.treated or not arms.holdout:
        return -1.0, 1.0
    one, one_low, one_high = _wilson(arms.treated_bought, arms.treated)
    two, two_low, two_high = _wilson(arms.holdout_bought, arms.holdout)
    low = one - two - math.hypot(one - one_low, two_high - two)
    high = one - two + math.hypot(one_high - one, two - two_low)
    return low, high


def _wilson(count: int, total: int) -> tuple[float, float, float]:
    share = count / total
    middle = (share + _Z * _Z / (2 * total)) / (1 + _Z * _Z / total)
    half = _Z * math.sqrt(share * (1 - share) / total + _Z * _Z / (4 * total * total))
    half /= 1 + _Z * _Z / total
    return share, middle - half, middle + half


def always_valid(arms: Arms) -> tuple[float, float]:
    """Give the interval that holds however often one looks; (-1, 1) below ARM_MIN a side."""
    if min(arms.treated, arms.holdout) < ARM_MIN:
        return -1.0, 1.0
    difference = arms.treated_bought / arms.treated - arms.holdout_bought / arms.holdout
    spread = _spread(arms.treated_bought, arms.treated) + _spread(arms.holdout_bought, arms.holdout)
    wide = spread + _TAU**2
    half = math.sqrt(spread * wide / _TAU**2 * (2 * math.log(1 / _ALPHA) + math.log(wide / spread)))
    return max(-1.0, difference - half), min(1.0, difference + half)


def _spread(count: int, total: int) -> float:
    share = (count + 1) / (total + 2)  # never 0, after Agresti and Coull
    return share * (1 - share) / total


def measure(figures: Figures, arms: Arms, spent: int) -> Figures:
    """Give the figures with what these arms say; `spent` minor units so far."""
    low, high = newcombe(arms)
    always_low, always_high = always_valid(arms)
    effect = 0.0
    if arms.treated and arms.holdout:
        effect = arms.treated_bought / arms.treated - arms.holdout_bought / arms.holdout
    return Figures(
        treated=figures.treated,
        holdout=figures.holdout,
        told=figures.told,
        unreached=figures.unreached,
        counted_treated=arms.treated,
        counted_holdout=arms.holdout,
        bought_treated=arms.treated_bought,
        bought_holdout=arms.holdout_bought,
        effect=round(1000 * effect),
        low=round(1000 * low),
        high=round(1000 * high),
        always_low=round(1000 * always_low),
        always_high=round(1000 * always_high),
        spent=spent,
    )
