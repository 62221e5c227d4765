"""What a buyer prefers, as far as their own choices say so, under a pseudonym."""

from __future__ import annotations

from typing import Final

from danshu.capabilities.learning.marks import wilson
from danshu.capabilities.learning.model import Habits
from danshu.kernel.limits import LEARNING_BUYER_ORDERS

_MOST: Final = 0.5
_REGRET: Final = 0.5


def prevails(times: int, count: int) -> bool:
    """Tell whether a choice is more than one among others: made most times, and three at least."""
    return times >= LEARNING_BUYER_ORDERS and times > _MOST * count


def describe(
    buyer: str,
    orders: int,
    window: tuple[str, int, int],
    carrier: tuple[str, int, int],
    splits: tuple[int, int],
) -> Habits:
    """Describe a buyer: choice, how often, of how many; split orders, and how many of them they
    regretted. A dislike is said only where chance alone would not do: Wilson's lower end.
    """
    split, regretted = splits
    low, _ = wilson(regretted, split)
    return Habits(
        buyer=buyer,
        orders=orders,
        window=window[0] if prevails(window[1], window[2]) else "",
        window_times=window[1],
        windows=window[2],
        carrier=carrier[0] if prevails(carrier[1], carrier[2]) else "",
        carrier_times=carrier[1],
        parcels=carrier[2],
        splits=split,
        splits_regretted=regretted,
        dislikes_splits=split >= LEARNING_BUYER_ORDERS and low > _REGRET / 2,
    )
