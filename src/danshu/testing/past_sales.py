"""Past sales of an invented merchant: 20 weeks of days by warehouse and province, as its old system
would have exported them.

The first SKU's demand at the first warehouse has grown by the half in three weeks, so that it will
be short there while others keep what they have; every third SKU sells now and then, every fifth
in lumps. The same arguments give the same bytes.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

WEEKS: Final = 20
_WEEK: Final = (0.92, 0.9, 0.94, 1.0, 1.1, 1.2, 0.94)
_GROWTH_D: Final = 21


def history(
    today: datetime.date, places: Sequence[str], skus: Sequence[str], *, weeks: int = WEEKS
) -> bytes:
    """Give a CSV file (day,place,sku,units) of the days before today. `places` are warehouses, or
    provinces by two digits; days without a sale have no row.
    """
    days = 7 * weeks
    lines = ["day,place,sku,units"]
    dates = [today - datetime.timedelta(days=days - n) for n in range(days)]
    week = np.array([_WEEK[date.weekday()] for date in dates])
    for p, place in enumerate(places):
        for s, sku in enumerate(skus):
            units = _units(p, s, week)
            lines += [
                f"{date},{place},{sku},{units[n]}" for n, date in enumerate(dates) if units[n] > 0
            ]
    return ("\n".join(lines) + "\n").encode()


def _units(place: int, sku: int, week: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[int]:
    rng = np.random.default_rng([place, sku, len(week)])
    level = 18.0 / (1 + sku % 7) / (1 + 0.35 * (place % 6))
    rate: np.ndarray[tuple[int, ...], np.dtype[np.floating]] = level * week
    if place == 0 and sku == 0:
        rate = rate * 1.6
        rate[-_GROWTH_D:] *= np.linspace(1.0, 1.5, _GROWTH_D)
    elif sku % 3 == 2:
        rate = 4.0 * (rng.random(len(week)) < 0.12)
    elif sku % 5 == 4:
        rate = rate * rng.gamma(0.6, 1 / 0.6, len(week)).astype(np.float64)
    return [int(n) for n in rng.poisson(rate)]
