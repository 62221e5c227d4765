"""Quantiles around means, from what came at past origins: split-conformal, pooled by likeness.

Everything is measured by a series' own swing. Where a mean is small beside it (goods that sell now
and then), pooled is what came, among days with a mean alike: a mass at zero stays one. Where it is
large, pooled is the error, among series of one kind and a week of the horizon. No shape is assumed
of either, and nothing goes below zero.

Kinds and their borders: Syntetos, Boylan and Croston, "On the categorization of demand patterns"
(2005). Split-conformal prediction: Lei et al., "Distribution-free predictive inference" (2018).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from danshu.capabilities.forecasting.model import HORIZON, KINDS, QUANTILES, SUMS, WEEK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.forecasting.model import Floats, Ints
    from danshu.capabilities.forecasting.simple import Plain

_SPREAD_DAYS: Final = 84
_LEAST: Final = 150  # values under which a pool is too small, and that of its neighbours is taken
_FEW: Final = 30  # values under which nothing is learned, and intervals are as of old: wide
_SHARES: Final = (0.02, 0.05, 0.1, 0.2, 0.35, 0.6)  # of days with sales: where pools are parted
_ADI, _CV2 = 1.32, 0.49
_SMALL: Final = (
    0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0, 1.25,
)  # fmt: skip
"""Means beside swings at which pools of small ones are parted; from the last on they are large."""
_NOBODY: Final = (-2.0, -1.3, -0.7, 0.0, 0.7, 1.3, 2.0)
"""Errors over swings while there is no past to learn from."""


class Spread(NamedTuple):
    """What is measured by: the usual swing of a series on a day (series x HORIZON), its kind
    (index into KINDS), and the pool in which methods are compared.
    """

    swing: Floats
    kind: Ints
    pool: Ints


class Pools(NamedTuple):
    """Quantiles by pool: of what came over the swing where means are small (pools x QUANTILES), of
    errors over the swing by kind and week (kinds x weeks x QUANTILES); and both for totals of SUMS.
    """

    small: Floats
    large: Floats
    small_sums: Floats
    large_sums: Floats


Past = tuple["Floats", "Floats", Spread]
"""Means, what came, and the spread as it was known."""


def measure(plain: Plain) -> Spread:
    """Measure the spread of every series, and tell its kind."""
    recent = plain.level[:, -_SPREAD_DAYS:]
    known = np.isfinite(recent)
    filled = np.where(known, recent, 0.0)
    days = np.maximum(known.sum(axis=1), 1)
    sold = filled > 0
    count = sold.sum(axis=1)
    # a few imagined days keep series that sold once from being sure of anything
    second = ((filled**2).sum(axis=1) + 1.0) / (days + 4)
    mean = filled.sum(axis=1) / days
    swing = np.sqrt(np.maximum(second - mean * mean, 0.1 * second))
    size = filled.sum(axis=1) / np.maximum(count, 1)
    spread = np.where(sold, filled - size[:, None], 0.0)
    cv2 = (spread**2).sum(axis=1) / np.maximum(count - 1, 1) / np.maximum(size * size, 1e-9)
    rare = days / np.maximum(count, 1) >= _ADI
    kind = np.where(days < WEEK, len(KINDS) - 1, 2 * rare + (cv2 >= _CV2))
    pool = kind * (len(_SHARES) + 1) + np.searchsorted(_SHARES, count / days)
    return Spread(swing[:, None] * np.sqrt(plain.ahead), kind.astype(np.int64), pool)


def learn(past: Sequence[Past]) -> Pools:
    """Learn pools from past origins; without any, intervals are wide and of no measured share."""
    wide, weeks = len(_SMALL), HORIZON // WEEK
    small, large = np.zeros((wide, len(QUANTILES))), np.zeros((len(KINDS), weeks, len(QUANTILES)))
    small_sums = np.zeros((len(SUMS), wide, len(QUANTILES)))
    large_sums = np.zeros((len(SUMS), len(KINDS), len(QUANTILES)))
    week = np.broadcast_to(np.arange(HORIZON) // WEEK, (1, HORIZON))
    days = [(mean, real, s.swing, s.kind[:, None] * weeks + week) for mean, real, s in past]
    _learn(days, small, large.reshape(-1, len(QUANTILES)))
    for n, span in enumerate(SUMS):
        totals = [(*_total(mean, real, s.swing, span), s.kind[:, None]) for mean, real, s in past]
        _learn(totals, small_sums[n], large_sums[n])
    return Pools(small, large, small_sums, large_sums)


def _total(mean: Floats, real: Floats, swing: Floats, span: int) -> tuple[Floats, Floats, Floats]:
    """Give means, what came and swings of the first `span` days together."""
    over = np.sqrt((swing[:, :span] ** 2).sum(axis=1, keepdims=True))
    return (
        mean[:, :span].sum(axis=1, keepdims=True), real[:, :span].sum(axis=1, keepdims=True), over
    )  # fmt: skip


def _learn(
    past: Sequence[tuple[Floats, Floats, Floats, Ints]], small: Floats, large: Floats
) -> None:
    """Fill both tables from means, what came, swings, and the row of `large` that each is of."""
    came, error, beside, row = [np.empty(0)], [np.empty(0)], [np.empty(0)], [np.empty(0)]
    for mean, real, swing, where in past:
        is_open = swing > 0
        came.append(real[is_open] / swing[is_open])
        beside.append(mean[is_open] / swing[is_open])
        error.append(came[-1] - beside[-1])
        row.append(np.broadcast_to(where, is_open.shape)[is_open].astype(np.float64))
    all_came, all_error = np.concatenate(came), np.concatenate(error)
    all_beside, all_rows = np.concatenate(beside), np.concatenate(row)
    bins = np.searchsorted(_SMALL, all_beside)
    for n in range(len(small)):
        small[n] = _quantiles(_near(all_came, bins, n))
    is_large = bins >= len(_SMALL)
    everything = _quantiles(all_error[is_large])
    for n in range(len(large)):
        mine = all_error[is_large & (all_rows == n)]
        large[n] = _quantiles(mine) if len(mine) >= _LEAST else everything


def _near(came: Floats, bins: Ints, n: int) -> Floats:
    """Give what came in a pool; with its neighbours' as far as it takes to have enough."""
    for reach in range(len(_SMALL)):
        mine: Floats = came[np.abs(bins - n) <= reach]
        if len(mine) >= _LEAST:
            return mine
    return came


def _quantiles(values: Floats) -> Floats:
    if len(values) < _FEW:
        return np.full(len(QUANTILES), np.nan)
    count = len(values)
    # the (n+1)-th part of conformal prediction: a hair wider than the sample's own quantiles
    levels = [min(max((q * (count + 1) - (q < 0.5)) / count, 0.0), 1.0) for q in QUANTILES]
    found: Floats = np.quantile(values, levels, method="linear")
    return found


def apply(mean: Floats, spread: Spread, pools: Pools, wider: Floats) -> tuple[Floats, Floats]:
    """Put quantiles around means: a day (series x HORIZON x QUANTILES) and of the totals of the
    first SUMS days (series x SUMS x QUANTILES). `wider` multiplies a series' spread.
    """
    week = np.arange(HORIZON) // WEEK
    daily = _put(mean, spread.swing, wider, pools.small, pools.large[spread.kind][:, week])
    totals = []
    for n, span in enumerate(SUMS):
        middle, _, over = _total(mean, mean, spread.swing, span)
        large = pools.large_sums[n][spread.kind][:, None]
        totals.append(_put(middle, over, wider, pools.small_sums[n], large))
    return daily, np.concatenate(totals, axis=1)


def _put(mean: Floats, swing: Floats, wider: Floats, small: Floats, large: Floats) -> Floats:
    """Put quantiles around means by their swings; where a place is closed there is nothing."""
    is_open = swing > 0
    beside = np.where(is_open, mean / np.where(is_open, swing, 1.0), 0.0)
    bins = np.searchsorted(_SMALL, beside)
    is_small = (bins < len(_SMALL))[:, :, None]
    came = small[np.minimum(bins, len(_SMALL) - 1)]
    scale = (swing * wider[:, None])[:, :, None]
    steps = np.where(np.isnan(large), np.array(_NOBODY), large)
    # not by way of the mean: a zero that came stays a zero, whatever is added and taken away again
    is_direct = is_small & ~np.isnan(came)
    found = np.where(is_direct, came * scale, mean[:, :, None] + steps * scale)
    found = np.where(is_open[:, :, None], np.maximum(found, 0.0), 0.0)
    return np.sort(found, axis=2)
