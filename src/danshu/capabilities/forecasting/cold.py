"""New goods: they borrow level and shape of goods like them, by name and price, at their age."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from rapidfuzz import fuzz, process

from danshu.capabilities.forecasting.model import HORIZON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.forecasting.model import Floats, Panel

YOUNG_D: Final = 28
"""Days since its first sale under which a series is new."""
WIDER: Final = 1.6
"""How much wider the intervals of new goods are."""
_LIKE: Final = 45.0  # of 100: less alike than this says nothing
_BEST: Final = 3


class Goods(NamedTuple):
    """What goods are called, and their price in 分 (0 = unknown)."""

    sku: str
    name: str
    price_fen: int


class Borrowed(NamedTuple):
    """Means of new series in the place of what they gave themselves, how much wider than others
    each series' intervals are, and whom each new one borrowed from, by row.
    """

    means: Floats
    wider: Floats
    similar: dict[int, tuple[str, ...]]


def borrow(panel: Panel, goods: Sequence[Goods], means: Floats) -> Borrowed:
    """Let series younger than YOUNG_D borrow from old ones of the same place; their own sales count
    the more, the longer they were sold.
    """
    days = panel.units.shape[1]
    age = days - panel.start
    wider = np.where(age < YOUNG_D, WIDER, 1.0)
    found, similar = means.copy(), {}
    old_of: dict[int, list[int]] = {}
    for row in np.flatnonzero(age >= 2 * YOUNG_D).tolist():
        old_of.setdefault(int(panel.group[row]), []).append(row)
    for row in np.flatnonzero(age < YOUNG_D).tolist():
        old = old_of.get(int(panel.group[row]), [])
        alike = _alike(goods[row], [goods[n] for n in old])
        if not alike:
            continue
        weights = np.array([weight for _, weight in alike])
        shapes = np.stack([_at_age(panel, old[n], int(age[row]), means[old[n]]) for n, _ in alike])
        lent = (weights[:, None] * shapes).sum(axis=0) / weights.sum()
        own = max(0, int(age[row])) / (max(0, int(age[row])) + YOUNG_D / 2)
        found[row] = own * means[row] + (1 - own) * lent
        similar[row] = tuple(goods[old[n]].sku for n, _ in alike)
    return Borrowed(found, wider, similar)


def _alike(one: Goods, others: Sequence[Goods]) -> list[tuple[int, float]]:
    """Give up to _BEST goods like one, with how much each weighs."""
    names = [other.name or other.sku for other in others]
    hits = process.extract(
        one.name or one.sku, names, scorer=fuzz.token_set_ratio, score_cutoff=_LIKE, limit=12
    )
    weighed = []
    for _, likeness, n in hits:
        near = 1.0
        if one.price_fen and others[n].price_fen:
            low, high = sorted((one.price_fen, others[n].price_fen))
            near = low / high
        weighed.append((n, (likeness / 100) ** 2 * (0.25 + 0.75 * near)))
    return sorted(weighed, key=lambda each: -each[1])[:_BEST]


def _at_age(panel: Panel, row: int, age: int, mean: Floats) -> Floats:
    """Give what a series sold when it was as old, drawn out to its own mean's week; where its
    beginning was not seen, what it is to sell now.
    """
    start = int(panel.start[row])
    then = panel.units[row, start + max(age, 0) : start + max(age, 0) + HORIZON]
    if start == 0 or len(then) < HORIZON or mean.sum() <= 0:
        return mean
    found: Floats = mean * (then.mean() / mean.mean())
    return found
