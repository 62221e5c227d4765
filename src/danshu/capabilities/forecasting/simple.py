"""Methods that need numpy alone, on all series at once: naive, averages, smoothing, Croston's.

Each takes a panel and gives means of the HORIZON days after it (series x HORIZON), never below
zero. Weekdays and known effects are taken out before and put back after.

Croston, SBA: Syntetos and Boylan, "The accuracy of intermittent demand estimates" (2005). TSB:
Teunter, Syntetos and Babai, "Intermittent demand: linking forecasting to inventory obsolescence"
(2011).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from danshu.capabilities.forecasting.model import HORIZON, WEEK

if TYPE_CHECKING:
    from collections.abc import Callable

    from danshu.capabilities.forecasting.model import Floats, Ints, Panel

_PROFILE_DAYS: Final = 84
_CLOSED: Final = 0.04  # of a usual day: a weekday on which the place sells nothing
_OWN_DAYS: Final = 25.0  # days with sales at which a series' own week weighs as much as its place's
_ALPHAS: Final = (0.02, 0.05, 0.1, 0.2, 0.35)
_INTERMITTENT_ALPHA: Final = 0.1
_TSB_BETA: Final = 0.05


class Plain(NamedTuple):
    """A panel without its weekdays and effects: `level` (series x days) with NaN where the series
    had not begun (see `begins`) or the place was closed, and what to multiply a mean by (series x
    HORIZON).
    """

    level: Floats
    ahead: Floats


def flatten(panel: Panel) -> Plain:
    """Take weekdays, holidays and promotions out."""
    days = panel.units.shape[1]
    factor = np.maximum(panel.factor, 1e-3)
    clean = panel.units / factor[:, :days]
    clean[np.arange(days)[None, :] < begins(panel)[:, None]] = np.nan
    profile = weekdays(clean, panel.group, panel.first_day)
    weekday = (np.arange(days + HORIZON) + panel.first_day) % WEEK
    shape = profile[:, weekday]
    is_open = shape[:, :days] > _CLOSED
    level = np.where(is_open, clean / np.where(is_open, shape[:, :days], 1.0), np.nan)
    ahead = np.where(shape[:, days:] > _CLOSED, shape[:, days:], 0.0)
    return Plain(level, ahead * factor[:, days : days + HORIZON])


def begins(panel: Panel) -> Ints:
    """Give the column from which each series' days say how often it sells: the one after its first
    sale, once a week came after that.

    A series stands in a panel because it sold: its first day is never a zero, and is no evidence of
    how often it sells. Counted with the others, it calls goods that sold once, ten days ago, goods
    that sell every ten days, and of most such goods not one is sold in the month that follows.
    """
    days = panel.units.shape[1]
    found: Ints = panel.start + (days - panel.start > WEEK)
    return found


def weekdays(clean: Floats, group: object, first_day: int) -> Floats:
    """Give each series' week (series x 7, mean 1, index by ordinal % 7): its own as far as it sold
    often, else that of its place.
    """
    recent = clean[:, -_PROFILE_DAYS:]
    begin = first_day + clean.shape[1] - recent.shape[1]
    no = (np.arange(recent.shape[1]) + begin) % WEEK
    known = np.isfinite(recent)
    filled = np.where(known, recent, 0.0)
    sold = (filled > 0).sum(axis=1)
    usual = filled.sum(axis=1) / np.maximum(sold, 1)
    capped = np.minimum(filled, 4.0 * usual[:, None]) / np.maximum(usual, 1e-9)[:, None]
    own = np.stack([capped[:, no == d].sum(axis=1) for d in range(WEEK)], axis=1)
    seen = np.stack([known[:, no == d].sum(axis=1) for d in range(WEEK)], axis=1)
    groups = np.asarray(group)
    wide = int(groups.max(initial=-1)) + 1
    of_place, seen_there = np.zeros((wide, WEEK)), np.zeros((wide, WEEK))
    np.add.at(of_place, groups, own)
    np.add.at(seen_there, groups, seen)
    everywhere = _week(of_place.sum(axis=0)[None, :], seen_there.sum(axis=0)[None, :])
    weight = of_place.sum(axis=1) / (of_place.sum(axis=1) + 60.0)
    place = weight[:, None] * _week(of_place, seen_there) + (1 - weight[:, None]) * everywhere
    weight = sold / (sold + _OWN_DAYS)
    found: Floats = weight[:, None] * _week(own, seen) + (1 - weight[:, None]) * place[groups]
    return found


def _week(total: Floats, days: Floats) -> Floats:
    mean = total / np.maximum(days, 1)
    usual = mean.mean(axis=1, keepdims=True)
    return np.where(usual > 0, mean / np.where(usual > 0, usual, 1.0), 1.0)


def seasonal_naive(panel: Panel, plain: Plain) -> Floats:
    """Repeat the last week."""
    del plain
    days = panel.units.shape[1]
    week = panel.units[:, max(0, days - WEEK) :]
    return np.tile(week, (1, HORIZON // max(week.shape[1], 1) + 1))[:, :HORIZON].astype(np.float64)


def window(span: int) -> Callable[[Panel, Plain], Floats]:
    """Make the average of the last `span` days."""

    def average(panel: Panel, plain: Plain) -> Floats:
        del panel
        recent = plain.level[:, -span:]
        known = np.isfinite(recent)
        mean = np.where(known, recent, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        found: Floats = mean[:, None] * plain.ahead
        return found

    return average


def plain_window(panel: Panel, plain: Plain) -> Floats:
    """Average the last 28 days as they stand, without weekdays."""
    del plain
    recent = panel.units[:, -28:]
    return np.repeat(recent.mean(axis=1, keepdims=True), HORIZON, axis=1)


def smoothed(panel: Panel, plain: Plain) -> Floats:
    """Smooth exponentially, each series by the weight that foretold its own past best."""
    del panel
    alphas = np.array(_ALPHAS)[:, None]
    levels = np.repeat(_first(plain.level)[None, :], len(_ALPHAS), axis=0)
    errors = np.zeros_like(levels)
    for value in plain.level.T:
        known = np.isfinite(value)
        error = np.where(known, value, 0.0) - levels
        errors += np.where(known, error * error, 0.0)
        levels += np.where(known, alphas * error, 0.0)
    best = errors.argmin(axis=0)
    chosen = levels[best, np.arange(levels.shape[1])]
    found: Floats = np.maximum(chosen, 0.0)[:, None] * plain.ahead
    return found


def _first(level: Floats) -> Floats:
    """Give the mean of the first 28 known days of each series."""
    known = np.isfinite(level)
    early = known & (np.cumsum(known, axis=1) <= 28)
    total = np.where(early, level, 0.0).sum(axis=1)
    found: Floats = total / np.maximum(early.sum(axis=1), 1)
    return found


def sba(panel: Panel, plain: Plain) -> Floats:
    """Croston with the correction of Syntetos and Boylan: size over interval."""
    del panel
    size, gap, since = _begin_croston(plain.level)
    alpha = _INTERMITTENT_ALPHA
    for value in plain.level.T:
        known = np.isfinite(value)
        since += known
        sold = known & (np.where(known, value, 0.0) > 0)
        size = np.where(sold, size + alpha * (np.where(sold, value, 0.0) - size), size)
        gap = np.where(sold, gap + alpha * (since - gap), gap)
        since = np.where(sold, 0.0, since)
    mean = (1 - alpha / 2) * size / np.maximum(gap, 1.0)
    found: Floats = mean[:, None] * plain.ahead
    return found


def _begin_croston(level: Floats) -> tuple[Floats, Floats, Floats]:
    sold = np.where(np.isfinite(level), level, 0.0) > 0
    count = sold.sum(axis=1)
    size = np.where(sold, level, 0.0).sum(axis=1) / np.maximum(count, 1)
    gap = np.isfinite(level).sum(axis=1) / np.maximum(count, 1)
    return size, gap, np.zeros(len(level))


def tsb(panel: Panel, plain: Plain) -> Floats:
    """Smooth the chance of a sale every day: falls where a series dies."""
    del panel
    size, gap, _ = _begin_croston(plain.level)
    chance = 1.0 / np.maximum(gap, 1.0)
    for value in plain.level.T:
        known = np.isfinite(value)
        sold = known & (np.where(known, value, 0.0) > 0)
        chance = np.where(known, chance + _TSB_BETA * (sold - chance), chance)
        found = np.where(sold, value, 0.0)
        size = np.where(sold, size + _INTERMITTENT_ALPHA * (found - size), size)
    found_mean: Floats = (chance * size)[:, None] * plain.ahead
    return found_mean


METHODS: Final[dict[str, Callable[[Panel, Plain], Floats]]] = {
    "seasonal_naive": seasonal_naive,
    "window_28": plain_window,
    "weekly_28": window(28),
    "weekly_84": window(84),
    "smoothed": smoothed,
    "sba": sba,
    "tsb": tsb,
}
"""By name."""
PLAIN: Final = "weekly_28"
"""What stands in for a method that gave nothing, and for a forecast that drifted."""
