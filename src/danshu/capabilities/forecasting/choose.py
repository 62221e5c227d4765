"""Which methods a series is forecast by: the median of all that did well at past origins.

A method that did clearly worse than the best is left out. A series with few sales says little of
which is best for it, so what its pool says counts the more, the fewer its days with sales. Where
Theta and ETS are not tried, the weekly average has their voice. The bound is wide: 28 days tell
good methods apart by little more than chance, and the median of many had a lower RMSSE than that of
the best few, than a mean of them (weighted or not), and than each of them alone, on all windows
that were tried; see Petropoulos and Svetunkov, "A simple combination of univariate models" (2020).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from danshu.capabilities.forecasting import scores
from danshu.capabilities.forecasting.model import HORIZON, KINDS, ORIGINS, WEEK, Chosen, Tried
from danshu.capabilities.forecasting.simple import PLAIN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.capabilities.forecasting.calibrate import Spread
    from danshu.capabilities.forecasting.model import Flags, Floats, Ints, Panel

_TRUST_DAYS: Final = 100.0  # with sales, at which a series' own errors weigh as much as its pool's
_WORSE: Final = 1.5  # times the squared error of the best: such a method has no voice
_WILD: Final = 25.0  # a scaled squared error above which one series would speak for its pool
_MOST: Final = 3.0  # times the mean of all methods: one wild day decides nothing by itself


class Origin(NamedTuple):
    """A past moment: what every method said then (None while it was not tried), what came, and how
    errors are scaled and spread as they were known then. NaN = not tried on that series.
    """

    day: int
    means: Mapping[str, Floats]
    real: Floats
    scale: scores.Scales
    spread: Spread


class Choice(NamedTuple):
    """By series and method, in the order of `names`: whether it is `kept`, its `merit` (its
    squared error beside that of all, the least is best), RMSSE and MASE over the origins, NaN = not
    tried there.
    """

    names: tuple[str, ...]
    kept: Flags
    merit: Floats
    rmsse: Floats
    mase: Floats


def origins(days: int, count: int = ORIGINS) -> tuple[int, ...]:
    """Give the columns at which methods are tried, the first first; () where too little is known.

    They lie HORIZON apart, closer where the past is short.
    """
    step = HORIZON
    while step >= WEEK and days - HORIZON - (count - 1) * step < 4 * WEEK:
        step -= WEEK
    if step < WEEK:
        return ()
    return tuple(days - HORIZON - n * step for n in range(count - 1, -1, -1))


def choose(past: Sequence[Origin], sold: Ints, pool: Ints) -> Choice:
    """Choose by past origins; `sold` are days with sales, `pool` as calibrate parts series."""
    names = tuple(past[0].means)
    rmsse = _mean([[scores.square(o.means[m], o.real, o.scale) for m in names] for o in past])
    mase = _mean([[scores.absolute(o.means[m], o.real, o.scale) for m in names] for o in past])
    full = [_table(o.means, names) for o in past]
    square = _mean(
        [
            [scores.square(table[:, n], o.real, o.scale) ** 2 for n in range(len(names))]
            for table, o in zip(full, past, strict=True)
        ]
    )
    known = np.isfinite(square)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    usual = np.where(known, square, 0.0).sum(axis=1, keepdims=True) / count
    known &= usual > 0
    beside = np.minimum(square / np.where(usual > 0, usual, 1.0), _MOST)
    alike = _by_pool(np.minimum(square, _WILD), pool)
    trust = (sold / (sold + _TRUST_DAYS))[:, None]
    merit = np.where(known, trust * np.where(known, beside, 0.0) + (1 - trust) * alike, alike)
    kept = merit <= merit.min(axis=1, keepdims=True) * _WORSE
    return Choice(names, kept, merit, rmsse, mase)


def _table(means: Mapping[str, Floats], names: Sequence[str]) -> Floats:
    """Lay methods side by side (series x methods x days), the plain one where one gave nothing."""
    plain = means[PLAIN]
    return np.stack([np.where(np.isfinite(means[m]), means[m], plain) for m in names], axis=1)


def _mean(errors: Sequence[Sequence[Floats]]) -> Floats:
    """Give series x methods: the mean over origins of what is known."""
    table = np.stack([np.stack(each, axis=1) for each in errors])
    known = np.isfinite(table)
    count = known.sum(axis=0)
    total = np.where(known, table, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _by_pool(square: Floats, pool: Ints) -> Floats:
    """Give for each series what its pool says of the methods: the sum of their squared errors
    beside the mean of all methods. Sums, not means of ratios: where most series sell nothing in a
    month, a mean of ratios would call it best to foretell nothing at all.
    """
    wide = int(pool.max(initial=0)) + 1
    known = np.isfinite(square)
    usual = np.where(known, square, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    came, meant = np.zeros((wide, square.shape[1])), np.zeros((wide, square.shape[1]))
    np.add.at(came, pool, np.where(known, square, 0.0))
    np.add.at(meant, pool, np.where(known, usual[:, None], 0.0))
    everywhere = (came.sum(axis=0) + 5.0) / (meant.sum(axis=0) + 5.0)
    found: Floats = ((came + 5.0 * everywhere) / (meant + 5.0))[pool]
    return found


def combine(means: Mapping[str, Floats], choice: Choice) -> Floats:
    """Give the median of the methods that were kept."""
    table = _table(means, choice.names)
    table[~choice.kept] = np.nan
    found: Floats = np.nanmedian(table, axis=1)
    return found


def tell(choice: Choice, kind: Ints, row: int) -> Chosen:
    """Say of one series what was chosen, and how everybody did."""

    def thousandths(value: float) -> int:
        return round(1000 * value) if np.isfinite(value) else -1

    tried = [
        Tried(
            method=name,
            rmsse=thousandths(float(choice.rmsse[row, n])),
            mase=thousandths(float(choice.mase[row, n])),
        )
        for n, name in enumerate(choice.names)
        if not np.isnan(choice.rmsse[row, n])
    ]
    order = np.argsort(choice.merit[row], kind="stable")
    known = {one.method for one in tried} or set(choice.names)
    return Chosen(
        kind=KINDS[int(kind[row])],
        methods=tuple(
            choice.names[n] for n in order if choice.kept[row, n] and choice.names[n] in known
        ),
        tried=tuple(sorted(tried, key=lambda one: (one.rmsse, one.method))),
    )


def panel_sold(panel: Panel) -> Ints:
    """Count the days with sales of each series."""
    found: Ints = (panel.units > 0).sum(axis=1)
    return found
