"""Methods of the extra `forecast`: optimised Theta and ETS per series, one tree model for all.

Theta: Fiorucci et al., "Models for optimising the theta method" (2016). ETS: Hyndman et al.,
"Forecasting with exponential smoothing" (2008). The tree model sees what was known HORIZON days
before each day alone, so that one model serves every day ahead.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from danshu.capabilities.forecasting.model import HORIZON, WEEK

if TYPE_CHECKING:
    from danshu.capabilities.forecasting.model import Floats, Panel
    from danshu.capabilities.forecasting.simple import Plain

PER_SERIES: Final = ("theta", "ets")
TREES: Final = "trees"
LEAST_DAYS: Final = 42
"""Days of history under which no method of the extra is tried."""
LEAST_SOLD: Final = 10
"""Days with sales under which Theta and ETS are not tried: they only draw a line near zero."""
_ROWS: Final = 240_000  # of which the trees learn; more change the third digit alone
_LEAST_ROWS: Final = 500  # under which trees learn nothing
_ROUNDS: Final = 120
_DEEP: Final = 84


def is_there() -> bool:
    """Tell whether the extra `forecast` is installed."""
    return all(importlib.util.find_spec(name) for name in ("statsforecast", "lightgbm"))


def theta(units: Floats) -> Floats:
    """Forecast one series by the dynamic optimised Theta method."""
    from statsforecast.models import DynamicOptimizedTheta

    return _fit(DynamicOptimizedTheta(season_length=WEEK), units)


def ets(units: Floats) -> Floats:
    """Forecast one series by additive ETS without a trend, with and without weekdays, the better by
    its information criterion.
    """
    from statsforecast.models import AutoETS

    return _fit(AutoETS(season_length=WEEK, model="ANZ"), units)


def auto_ets(units: Floats) -> Floats:
    """Forecast one series by the best of all ETS models: dear, for comparison."""
    from statsforecast.models import AutoETS

    return _fit(AutoETS(season_length=WEEK), units)


def _fit(model: Any, units: Floats) -> Floats:
    """Run a model; where it can't be fitted, the mean of the last four weeks stands."""
    try:
        mean = model.forecast(y=np.ascontiguousarray(units), h=HORIZON)["mean"]
    except (ValueError, ZeroDivisionError, ArithmeticError, IndexError, RuntimeError):
        mean = np.full(HORIZON, np.nan)
    top = 3.0 * float(units.max(initial=0.0))
    found = np.clip(np.asarray(mean, np.float64), 0.0, top)
    return np.where(np.isfinite(found), found, float(units[-28:].mean()) if len(units) else 0.0)


def trees(panel: Panel, plain: Plain) -> Floats:
    """Forecast all series by one gradient-boosted model of Tweedie deviance.

    What it learns is units beside the series' usual day, so that large and small teach each other.
    """
    import lightgbm

    days = panel.units.shape[1]
    usual, level = _usual(plain.level)
    x_rows: list[Floats] = []
    y_rows: list[Floats] = []
    w_rows: list[Floats] = []
    series = len(panel.units)
    each = max(1, _ROWS // max(series, 1))
    targets = _targets(days, each)
    keep = _thin(series, len(targets))
    for target in targets:
        known = np.isfinite(level[:, target]) & (panel.start < target - HORIZON) & keep
        x = _features(panel, level, target)
        y = level[:, target] / usual
        x_rows.append(x[known])
        y_rows.append(np.minimum(y[known], 50.0))
        w_rows.append(np.minimum(usual[known], 100.0) ** 0.25)
    if sum(map(len, y_rows)) < _LEAST_ROWS:
        return np.full((series, HORIZON), np.nan)
    model = lightgbm.train(
        {
            "objective": "tweedie", "tweedie_variance_power": 1.2, "learning_rate": 0.06,
            "num_leaves": 31, "min_data_in_leaf": 100, "feature_fraction": 0.8, "verbosity": -1,
            "num_threads": 2, "seed": 7, "deterministic": True, "force_row_wise": True,
        },
        lightgbm.Dataset(
            np.concatenate(x_rows), np.concatenate(y_rows), weight=np.concatenate(w_rows)
        ),
        num_boost_round=_ROUNDS,
    )  # fmt: skip
    wide = np.concatenate([level, np.full((series, HORIZON), np.nan)], axis=1)
    ahead = [model.predict(_features(panel, wide, days + h)) for h in range(HORIZON)]
    found = np.stack([np.asarray(one) for one in ahead], axis=1) * usual[:, None]
    return np.maximum(found, 0.0) * plain.ahead


def _usual(level: Floats) -> tuple[Floats, Floats]:
    known = np.isfinite(level)
    filled = np.where(known, level, 0.0)
    mean = filled.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.maximum(mean, 1e-3), level


def _targets(days: int, each: int) -> list[int]:
    span = list(range(2 * HORIZON, days))
    step = max(1, len(span) // max(each, 12))
    return span[::-1][::step]


def _thin(series: int, targets: int) -> Any:
    """Choose every n-th series where all of them would be too many rows."""
    step = max(1, (series * targets) // _ROWS)
    return np.arange(series) % step == 0


def _features(panel: Panel, level: Floats, target: int) -> Floats:
    """Give what was known HORIZON days before a day, beside the series' own usual day then."""
    end = target - HORIZON + 1
    past = level[:, max(0, end - _DEEP) : end]
    known = np.isfinite(past)
    filled = np.where(known, past, 0.0)
    usual = filled.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    scale = np.maximum(usual, 1e-3)[:, None]
    columns = [filled[:, -back] for back in (1, 2, 8, 14) if filled.shape[1] >= back]
    columns += [filled[:, -span:].mean(axis=1) for span in (7, 14, 28, 56)]
    columns += [(filled[:, -span:] > 0).mean(axis=1) for span in (28, 84)]
    shape = np.stack(columns, axis=1)
    shape[:, : len(columns) - 2] /= scale
    weekday = np.full(len(level), (target + panel.first_day) % WEEK, np.float64)
    sold = filled > 0
    quiet = np.where(sold.any(axis=1), sold[:, ::-1].argmax(axis=1), past.shape[1])
    age = np.maximum(target - panel.start, 0)
    rest = np.stack(
        [weekday, np.log1p(usual), quiet.astype(np.float64), np.minimum(age, 365).astype(float)],
        axis=1,
    )
    return np.concatenate([shape, rest], axis=1)
