"""The coefficients of S1, learned from deliveries and compared with those in use on later days.

Two steps. The arrival's figures by least squares with a soft bound on outliers; the spread's by the
likelihood of a logistic distribution, whose tail is the score's own odds to be late. Money is not
learned: what a late order costs is the business's word.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.routing.score import LOGISTIC, Coefficients
from danshu.kernel.errors import InputError
from danshu.kernel.limits import FIT_LEAST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from danshu.capabilities.routing.scorers.history import History

    Floats = NDArray[np.float64]

# What is learned, with its bounds. A figure without support in the history stays as it was.
ARRIVAL: Final = {
    "wave_wait_min": (0.0, 480.0),
    "weather_slow": (0.0, 1.0),
    "road_slow": (0.0, 3.0),
    "agv_base": (0.05, 0.95),
}
SPREAD: Final = {
    "sd_transit": (0.01, 1.0),
    "sd_equipment": (0.0, 5.0),
    "sd_saturation_min": (0.0, 2_000.0),
    "sd_rider_min": (0.0, 600.0),
    "widen_min": (0.0, 600.0),
}
HELD_OUT: Final = 0.2  # of the days, the last ones
_LEAST_GAIN: Final = 0.01
_SUPPORT: Final = 30


class FitMarks(Struct, frozen=True, kw_only=True):
    """How coefficients do on days that they have not seen. Brier score of lateness in millionths
    (of promised parcels), mean |error| of the arrival in minutes, of the cost of lateness in 分.
    """

    parcels: int
    promised: int
    brier_ppm: int
    eta_mae_min: int
    cost_error_fen: int


class Proposal(Struct, frozen=True, kw_only=True):
    """Coefficients beside those in use, both on the held-out days. `passed`: nothing is worse, and
    the arrival is better by a hundredth.
    """

    figures: Coefficients
    before: FitMarks
    after: FitMarks
    passed: bool
    learned: tuple[str, ...]


def estimate(history: History, figures: Coefficients) -> tuple[Floats, Floats]:
    """Arrival and spread in minutes of each parcel, as score.build_tables works them out."""
    h = history
    wait = np.where(
        h.minute >= h.cutoff_min,
        1_440 - h.minute + figures.first_wave_min,
        np.maximum(figures.wave_wait_min, figures.first_wave_min - h.minute),
    )
    robots = figures.agv_base + (1.0 - figures.agv_base) * h.agv
    inside = h.backlog / (np.maximum(h.labour, 0.1) * robots) + h.dock
    slow = 1.0 + figures.weather_slow * (h.weather_from + h.weather_to) + figures.road_slow * h.road
    eta = wait + inside + h.transit_min * slow
    declared = np.where(h.sd_min > 0, h.sd_min, figures.sd_transit * h.transit_min)
    sd = declared * (1.0 + figures.sd_equipment * (1.0 - h.equipment))
    sd = sd + figures.sd_saturation_min * np.maximum(0.0, h.saturation - 0.8)
    sd = sd + figures.sd_rider_min / (h.riders + 0.2) * h.is_ridden
    return eta, np.maximum(sd + figures.widen_min * h.widened, 1.0)


def lateness(history: History, figures: Coefficients) -> Floats:
    """The odds of each parcel to come after its promise."""
    eta, sd = estimate(history, figures)
    z = np.clip((eta - history.promise_min) * LOGISTIC / sd, -16.0, 16.0)
    odds: Floats = 1.0 / (1.0 + np.exp(-z))
    return odds


def weigh(history: History, figures: Coefficients) -> Floats:
    """What being late costs, 分 a parcel."""
    share = history.value_fen * figures.late_value_bp // 10_000
    weights: Floats = np.minimum(figures.late_fen + share, figures.late_cap_fen).astype(np.float64)
    return weights


def cost_errors(history: History, figures: Coefficients) -> NDArray[np.int64]:
    """What lateness cost less what was expected, 分, of each promised parcel."""
    promised = history.pick(np.isfinite(history.promise_min))
    late = (promised.taken_min > promised.promise_min).astype(np.float64)
    missed = (late - lateness(promised, figures)) * weigh(promised, figures)
    return np.rint(missed).astype(np.int64)


def mark(history: History, figures: Coefficients) -> FitMarks:
    """Hold coefficients against deliveries."""
    eta, _ = estimate(history, figures)
    promised = history.pick(np.isfinite(history.promise_min))
    late = (promised.taken_min > promised.promise_min).astype(np.float64)
    brier = float(((late - lateness(promised, figures)) ** 2).mean()) if len(late) else 0.0
    errors = np.abs(cost_errors(history, figures))
    return FitMarks(
        parcels=history.parcels,
        promised=len(late),
        brier_ppm=round(brier * 1e6),
        eta_mae_min=round(float(np.abs(history.taken_min - eta).mean())),
        cost_error_fen=round(float(errors.mean())) if len(errors) else 0,
    )


def learn(history: History, start: Coefficients) -> tuple[Coefficients, tuple[str, ...]]:
    """Fit what the history supports; gives the coefficients and the names of what was learned."""
    # scipy.optimize takes a third of a second to load, and is needed here only
    optimize = import_module("scipy.optimize")

    arrival = _supported(history, ARRIVAL)
    if arrival:
        taken = history.taken_min.astype(np.float64)

        def misses(x: Floats) -> Floats:
            eta, _ = estimate(history, _with(start, arrival, x))
            return taken - eta

        low, high = np.array([ARRIVAL[name] for name in arrival]).T
        begin = np.clip([getattr(start, name) for name in arrival], low + 1e-6, high - 1e-6)
        scale = float(np.median(np.abs(misses(begin)))) + 1.0
        found = optimize.least_squares(
            misses, begin, bounds=(low, high), loss="soft_l1", f_scale=scale, x_scale=high - low,
            diff_step=1e-3,
        )  # fmt: skip
        start = _with(start, arrival, found.x, rounded=True)
    spread = _supported(history, SPREAD)
    if spread:
        eta, _ = estimate(history, start)
        gap = history.taken_min - eta

        def unlikely(x: Floats) -> float:
            _, sd = estimate(history, _with(start, spread, x * reach))
            z = np.abs(gap) * LOGISTIC / sd
            return float((z + 2.0 * np.log1p(np.exp(-z)) + np.log(sd)).mean())

        low, high = np.array([SPREAD[name] for name in spread]).T
        reach = high
        begin = np.clip([getattr(start, name) for name in spread], low, high) / reach
        best = optimize.minimize(
            unlikely,
            begin,
            method="L-BFGS-B",
            bounds=list(zip(low / reach, high / reach, strict=True)),
        )
        start = _with(start, spread, best.x * reach, rounded=True)
    return start, (*arrival, *spread)


def _supported(history: History, names: dict[str, tuple[float, float]]) -> list[str]:
    """Name the figures on which enough of the parcels depend."""
    h = history
    moves = {
        "wave_wait_min": (h.minute < h.cutoff_min) & (h.minute >= 480),
        "weather_slow": h.weather_from + h.weather_to > 0,
        "road_slow": h.road > 0,
        "agv_base": (h.backlog > 0) & (h.agv < 1),
        "sd_transit": h.sd_min <= 0,
        "sd_equipment": h.equipment < 1,
        "sd_saturation_min": h.saturation > 0.8,
        "sd_rider_min": h.is_ridden > 0,
        "widen_min": h.widened > 0,
    }
    columns = {
        "road_slow": h.road,
        "agv_base": h.agv,
        "sd_equipment": h.equipment,
    }
    return [
        name
        for name in names
        if moves[name].sum() >= _SUPPORT
        # a value that never varies is a declared default: nothing can be learned from it
        and (name not in columns or np.ptp(columns[name]) > 0)
    ]


def _with(
    figures: Coefficients, names: list[str], values: Floats, *, rounded: bool = False
) -> Coefficients:
    told: dict[str, float] = {}
    for name, value in zip(names, values.tolist(), strict=True):
        if rounded:
            told[name] = round(value) if name == "wave_wait_min" else round(value, 4)
        else:
            told[name] = value
    return replace(figures, **told)


def propose(history: History, in_use: Coefficients, version: str) -> Proposal:
    """Learn from the earlier days, compare on the last fifth of them.

    Raises InputError `too_few` for fewer than FIT_LEAST parcels or fewer than two days.
    """
    days = np.unique(history.day)
    if history.parcels < FIT_LEAST or len(days) < 2:
        raise InputError(
            "too_few", f"{history.parcels} parcels on {len(days)} days: {FIT_LEAST} on 2"
        )
    from_day = days[min(len(days) - 1, int(len(days) * (1.0 - HELD_OUT)))]
    earlier, later = history.pick(history.day < from_day), history.pick(history.day >= from_day)
    figures, learned = learn(earlier, in_use)
    figures = replace(figures, version=version)
    before, after = mark(later, in_use), mark(later, figures)
    worse = (
        after.brier_ppm > before.brier_ppm
        or after.eta_mae_min > before.eta_mae_min
        or after.cost_error_fen > before.cost_error_fen
    )
    better = after.eta_mae_min <= before.eta_mae_min * (1.0 - _LEAST_GAIN)
    return Proposal(
        figures=figures, before=before, after=after, passed=better and not worse, learned=learned
    )
