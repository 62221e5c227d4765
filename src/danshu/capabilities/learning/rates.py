"""The simple model: what anybody could read off a table, and what is used when the other fails.

A cell of few rows is drawn towards the next coarser one (Efron & Morris, JASA 70, 1975): of a
promise with so much of its time used, then at a stage, in a warehouse, to a province; of chances
the hour is added as log-odds.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct

from danshu.capabilities.learning.calibrate import log_odds, logistic
from danshu.capabilities.learning.features import CHANCES
from danshu.capabilities.learning.marks import QUANTILES

if TYPE_CHECKING:
    from danshu.capabilities.learning.frames import Floats, Frame

CHAINS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "late": (
        ("promise", "used"),
        ("promise", "used", "stage"),
        ("promise", "used", "stage", "warehouse"),
        ("promise", "used", "stage", "warehouse", "province"),
    ),
    "hand": (("warehouse",), ("warehouse", "province")),
    "way": (("province",), ("province", "warehouse"), ("province", "warehouse", "carrier")),
    "return": (("channel",), ("channel", "sku")),
}
"""From coarse to fine, by target."""
ASIDE: Final = {"late": "hour", "return": "hour"}
_PRIOR: Final = 20.0  # rows that a cell of its own must outweigh
_SEPARATOR: Final = "\x1f"


class Rates(Struct, frozen=True, kw_only=True):
    """Rates, or quantiles of minutes, by cell: `levels` as CHAINS has them, `aside` by hour."""

    target: str
    whole: tuple[float, ...]
    levels: tuple[dict[str, tuple[float, ...]], ...]
    aside: dict[str, float] = {}


def fit(frame: Frame) -> Rates:
    """Fit cells to rows; without any row chances are a half, times a day."""
    is_chance = frame.target in CHANCES
    whole = _sum_up(frame.y, is_chance) if frame.rows else (0.5,) if is_chance else (1_440.0,) * 3
    levels: list[dict[str, tuple[float, ...]]] = []
    for chain in CHAINS[frame.target]:
        keys, group = np.unique(_keys(frame, chain), return_inverse=True)
        order = np.argsort(group, kind="stable")
        ends = np.cumsum(np.bincount(group, minlength=len(keys)))
        cells = {}
        for key, rows in zip(keys.tolist(), np.split(order, ends)[:-1], strict=True):
            before = _look_up(levels, len(levels), key, whole)
            share = len(rows) / (len(rows) + _PRIOR)
            mine = _sum_up(frame.y[rows], is_chance)
            cells[key] = tuple(
                share * a + (1 - share) * b for a, b in zip(mine, before, strict=True)
            )
        levels.append(cells)
    aside = {}
    if is_chance and frame.rows:
        base = float(log_odds(np.array([whole[0]]))[0])
        hours = frame.columns[ASIDE[frame.target]]
        for hour in np.unique(hours):
            mine = frame.y[hours == hour]
            rate = (float(mine.sum()) + 5 * _PRIOR * whole[0]) / (len(mine) + 5 * _PRIOR)
            aside[str(int(hour))] = float(log_odds(np.array([rate]))[0]) - base
    return Rates(target=frame.target, whole=whole, levels=tuple(levels), aside=aside)


def tell(rates: Rates, frame: Frame) -> Floats:
    """Give log-odds [n] of chances, minutes [n, 3] of times."""
    steps = walk(rates, frame)
    last = steps[-1]
    if rates.target not in CHANCES:
        return np.sort(last, axis=1)
    return log_odds(last[:, 0]) + _aside(rates, frame)


def walk(rates: Rates, frame: Frame) -> list[Floats]:
    """Give what is said of each row at the whole, and at each level after it."""
    wide = len(rates.whole)
    steps = [np.broadcast_to(np.array(rates.whole), (frame.rows, wide)).astype(np.float64)]
    for no, chain in enumerate(CHAINS[rates.target]):
        keys, group = np.unique(_keys(frame, chain), return_inverse=True)
        cells = [_look_up(rates.levels, no + 1, key, rates.whole) for key in keys.tolist()]
        steps.append(np.array(cells, np.float64).reshape(len(keys), wide)[group])
    return steps


def pushes(rates: Rates, frame: Frame) -> tuple[tuple[str, ...], Floats]:
    """Which features move a chance by how much: names, and [n, names]."""
    steps = walk(rates, frame)
    names = tuple(chain[-1] for chain in CHAINS[rates.target])
    moved = [b[:, 0] - a[:, 0] for a, b in itertools.pairwise(steps)]
    last = steps[-1][:, 0]
    moved.append(logistic(log_odds(last) + _aside(rates, frame)) - last)
    return (*names, ASIDE[rates.target]), np.column_stack(moved)


def _aside(rates: Rates, frame: Frame) -> Floats:
    hours = frame.columns[ASIDE[rates.target]]
    return np.array([rates.aside.get(str(int(hour)), 0.0) for hour in hours], np.float64)


def _keys(frame: Frame, chain: tuple[str, ...]) -> Any:
    """Give the key of each row in a level."""
    parts = [_spell(frame.columns[name]) for name in chain]
    found = parts[0]
    for part in parts[1:]:
        found = np.char.add(np.char.add(found, _SEPARATOR), part)
    return found


def _spell(column: Any) -> Any:
    return column.astype(str) if column.dtype == object else column.astype(np.int64).astype(str)


def _look_up(levels: Any, depth: int, key: str, whole: tuple[float, ...]) -> tuple[float, ...]:
    """Find the finest cell that is known, from a depth on upwards."""
    parts = key.split(_SEPARATOR)
    for no in range(depth - 1, -1, -1):
        cell = levels[no].get(key) or levels[no].get(_SEPARATOR.join(parts[: _width(levels[no])]))
        if cell is not None:
            found: tuple[float, ...] = cell
            return found
    return whole


def _width(level: dict[str, Any]) -> int:
    return next(iter(level), "").count(_SEPARATOR) + 1


def _sum_up(y: Floats, is_chance: bool) -> tuple[float, ...]:
    if is_chance:
        return (float(y.mean()),)
    return tuple(float(q) for q in np.quantile(y, QUANTILES))
