"""Treated against held out: how much more the treated buy, and when enough is known to stop.

Newcombe's interval is shown. Stopping looks again and again, which an ordinary interval doesn't
allow: it goes by the always valid one (kernel/shares.py).
"""

from __future__ import annotations

import hashlib

from msgspec import Struct

from danshu.capabilities.associations.model import Arm, Figures
from danshu.kernel import shares


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
    return shares.newcombe(arms.treated_bought, arms.treated, arms.holdout_bought, arms.holdout)


def always_valid(arms: Arms) -> tuple[float, float]:
    """Give the interval that holds however often one looks; (-1, 1) below SIDE_MIN a side."""
    return shares.always_valid(arms.treated_bought, arms.treated, arms.holdout_bought, arms.holdout)


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
