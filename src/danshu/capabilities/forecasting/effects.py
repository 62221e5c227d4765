"""What multiplies demand on known days: holidays, sales festivals 大促, planned promotions.

Each effect is what was sold on its days in the past over what four ordinary weeks around it would
have given, drawn towards what is said of it where little is known.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from danshu.capabilities.forecasting.model import HORIZON, WEEK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from danshu.capabilities.forecasting.model import Floats, Ints

FESTIVALS: Final = ((6, 18), (11, 11), (12, 12))
"""Days of the year on which the platforms sell: 618, 双十一, 双十二."""
UPLIFT: Final = 1500
"""Thousandths that a promotion multiplies demand by while none was seen before."""
_SAID: Final = {"holiday": 1.0, "makeup": 1.0, "festival": 1.0}
_SEEN: Final = 3.0  # days at which what was seen weighs as much as what is said
_LOW, _HIGH = 0.2, 20.0
_AROUND: Final = 4 * WEEK


class Promotion(NamedTuple):
    """Days (columns, both in) on which series are promoted. `uplift` thousandths, 0 = learn."""

    id: str
    rows: Ints
    first: int
    last: int
    uplift: int


def kinds(first_day: int, days: int, kind_of: Callable[[int], str]) -> list[str]:
    """Name each day from the ordinal `first_day` on: `festival`, else what `kind_of` says of it
    (`holiday`, `makeup`), else "".
    """
    found = []
    for day in range(first_day, first_day + days):
        when = date.fromordinal(day)
        found.append("festival" if (when.month, when.day) in FESTIVALS else kind_of(day))
    return found


def learn(
    units: Floats, start: Ints, named: Sequence[str], promotions: Sequence[Promotion]
) -> tuple[Floats, dict[str, int], dict[str, int]]:
    """Give the factors (series x days + HORIZON), what each kind of day and each promotion
    multiplies demand by, in thousandths. `named` names every day, those to come too.
    """
    days = units.shape[1]
    factor = np.ones((len(units), days + HORIZON))
    is_special = np.array([bool(name) for name in named[:days]], dtype=bool)
    promoted = np.zeros(units.shape, dtype=bool)
    for one in promotions:
        promoted[one.rows, max(one.first, 0) : max(min(one.last + 1, days), 0)] = True
    by_kind = {}
    for name in dict.fromkeys(filter(None, named)):
        seen = [n for n in range(days) if named[n] == name]
        ratio, weight = _ratio(np.where(promoted, np.nan, units).astype(float), seen, is_special)
        effect = (weight * ratio + _SEEN * _SAID.get(name, 1.0)) / (weight + _SEEN)
        by_kind[name] = round(1000 * effect)
        factor[:, [n for n, each in enumerate(named) if each == name]] *= effect
    uplifts = _uplifts(units, start, promotions, is_special)
    for one in promotions:
        first, last = max(one.first, 0), min(one.last + 1, days + HORIZON)
        if first < last:
            factor[np.ix_(one.rows, np.arange(first, last))] *= uplifts[one.id] / 1000
    return factor, by_kind, uplifts


def _ratio(units: Floats, seen: Sequence[int], is_special: Floats) -> tuple[float, float]:
    """Give what all series together sold on some days over what was usual, and on how many days
    that rests.
    """
    came = usual = 0.0
    counted = 0
    for day in seen:
        around = [
            n
            for n in range(day - _AROUND, day + _AROUND + 1, WEEK)
            if 0 <= n < units.shape[1] and not is_special[n]
        ]
        if len(around) < 2:
            continue
        came += float(np.nansum(units[:, day]))
        usual += float(np.nansum(units[:, around])) / len(around)
        counted += 1
    if usual < 20:
        return 1.0, 0.0
    return min(max(came / usual, _LOW), _HIGH), float(counted)


def _uplifts(
    units: Floats, start: Ints, promotions: Sequence[Promotion], is_special: Floats
) -> dict[str, int]:
    """Give the uplift of each promotion: what is over by its own days, what is to come as said, or
    as earlier ones of the same goods went, or all earlier ones.
    """
    days = units.shape[1]
    went: dict[str, tuple[float, float, set[int]]] = {}
    for one in promotions:
        if one.first >= 0 and one.last < days:
            ratio, weight = _went(units[one.rows], start[one.rows], one)
            if weight:
                went[one.id] = (ratio, weight, set(one.rows.tolist()))
    found = {}
    for one in promotions:
        said = (one.uplift or UPLIFT) / 1000
        if one.id in went:
            ratio, weight, _ = went[one.id]
            said = (weight * ratio + _SEEN * said) / (weight + _SEEN)
        elif not one.uplift and went:
            own = set(one.rows.tolist())
            alike = [w for w in went.values() if w[2] & own] or list(went.values())
            weight = sum(w for _, w, _ in alike)
            ratio = float(np.exp(sum(w * np.log(r) for r, w, _ in alike) / weight))
            said = (weight * ratio + _SEEN * said) / (weight + _SEEN)
        found[one.id] = round(1000 * min(max(said, _LOW), _HIGH))
    return found


def _went(units: Floats, start: Ints, one: Promotion) -> tuple[float, float]:
    """Give what promoted series sold over their four weeks before; and on how many days."""
    before = units[:, max(one.first - _AROUND, 0) : one.first]
    old = start < one.first - WEEK
    if before.shape[1] < WEEK or not old.any():
        return 1.0, 0.0
    usual = float(before[old].mean(axis=1).sum()) * (one.last - one.first + 1)
    came = float(units[old, one.first : one.last + 1].sum())
    if usual < 5:
        return 1.0, 0.0
    return min(max(came / usual, _LOW), _HIGH), float(one.last - one.first + 1)
