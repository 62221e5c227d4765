"""Errors of forecasts, scaled so that series of any size can be put beside one another.

MASE: Hyndman and Koehler, "Another look at measures of forecast accuracy" (2006), scaled by the
mean change from a day to the same weekday a week later within what was known; RMSSE its square
counterpart, as in the M5 contest. A series that never changed before has no scale and is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from danshu.capabilities.forecasting.model import QUANTILES, WEEK, Score

if TYPE_CHECKING:
    from danshu.capabilities.forecasting.model import Floats, Panel

_MIDDLE: Final = QUANTILES.index(0.5)


class Scales(NamedTuple):
    """Per series: mean absolute change and root mean square change over a week; 0 = none."""

    absolute: Floats
    square: Floats


def scales(panel: Panel) -> Scales:
    """Read the scales of what a panel knows."""
    days = panel.units.shape[1]
    if days <= WEEK:
        return Scales(np.zeros(len(panel.units)), np.zeros(len(panel.units)))
    change = panel.units[:, WEEK:] - panel.units[:, :-WEEK]
    counts = np.arange(WEEK, days)[None, :] >= (panel.start + WEEK)[:, None]
    known = np.maximum(counts.sum(axis=1), 1)
    absolute = (np.abs(change) * counts).sum(axis=1) / known
    square = np.sqrt((change * change * counts).sum(axis=1) / known)
    return Scales(absolute, square)


def absolute(mean: Floats, real: Floats, scale: Scales) -> Floats:
    """Give the MASE of each series; NaN where it has no scale."""
    error: Floats = np.abs(mean - real).mean(axis=1)
    return _over(error, scale.absolute)


def square(mean: Floats, real: Floats, scale: Scales) -> Floats:
    """Give the RMSSE of each series; NaN where it has no scale."""
    error: Floats = np.sqrt(((mean - real) ** 2).mean(axis=1))
    return _over(error, scale.square)


def pinball(quantiles: Floats, real: Floats, scale: Scales) -> Floats:
    """Give the pinball loss of each series (series x days x QUANTILES), its mean over quantiles,
    twice, as MASE is scaled: with the median alone it would be MASE.
    """
    over = real[:, :, None] - quantiles
    level = np.array(QUANTILES)
    loss = 2.0 * np.maximum(level * over, (level - 1.0) * over)
    return _over(loss.mean(axis=(1, 2)), scale.absolute)


def _over(error: Floats, scale: Floats) -> Floats:
    return np.where(scale > 0, error / np.where(scale > 0, scale, 1.0), np.nan)


def inside(quantiles: Floats, real: Floats, low: int, high: int) -> float:
    """Tell which share of values lay between two quantiles, ends counted in."""
    return float(((real >= quantiles[:, :, low]) & (real <= quantiles[:, :, high])).mean())


def covered(quantiles: Floats, real: Floats, share: float) -> float:
    """Tell which share of values lay in the middle `share` of what was foretold, as whole units.

    A value that several quantiles stand at is a mass, part of which lies within: of a zero that was
    foretold with nine chances in ten, as much as falls between the ends. So goods that sell now and
    then don't count as covered all the time. (Randomised PIT, its mean; Czado, Gneiting and Held,
    "Predictive model assessment for count data", 2009.)
    """
    whole = np.rint(quantiles)
    less = (whole < real[:, :, None]).sum(axis=2)
    most = (whole <= real[:, :, None]).sum(axis=2)
    levels = np.array([0.0, *QUANTILES, 1.0])
    between = (levels[:-1] + levels[1:]) / 2
    is_mass = most > less
    begin = np.where(is_mass, np.where(real <= 0, 0.0, between[less]), levels[less])
    end = np.where(is_mass, between[most], levels[most + 1])
    low, high = (1 - share) / 2, (1 + share) / 2
    within = np.minimum(end, high) - np.maximum(begin, low)
    return float(np.clip(within / np.maximum(end - begin, 1e-9), 0.0, 1.0).mean())


def score(name: str, mean: Floats, quantiles: Floats, real: Floats, scale: Scales) -> Score:
    """Score forecasts of many series against what came."""
    counted = scale.absolute > 0
    if not counted.any():
        return Score(name=name)
    mean, quantiles, real = mean[counted], quantiles[counted], real[counted]
    kept = Scales(scale.absolute[counted], scale.square[counted])

    def mean_of(values: Floats | float) -> float:
        return round(float(np.nanmean(values)), 5)

    return Score(
        name=name,
        series=int(counted.sum()),
        mase=mean_of(absolute(quantiles[:, :, _MIDDLE], real, kept)),
        mase_mean=mean_of(absolute(mean, real, kept)),
        rmsse=mean_of(square(mean, real, kept)),
        pinball=mean_of(pinball(quantiles, real, kept)),
        coverage_80=mean_of(covered(quantiles, real, 0.8)),
        coverage_95=mean_of(covered(quantiles, real, 0.95)),
        inside_80=mean_of(inside(quantiles, real, 1, 5)),
        inside_95=mean_of(inside(quantiles, real, 0, 6)),
    )
