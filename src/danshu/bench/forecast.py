"""`danshu bench forecast [--data FILE]`: daily series backtested by the product's own path.

The last 28 days are held out. Every method is tried at three origins before them; by those alone
ours is chosen, combined and calibrated, then everybody is scored on what was held out. The floor
are the single methods: the seasonal naive, Theta (dynamic, optimised), ETS (the best of all its
models by its own criterion) and the others, each on all series, each with intervals calibrated the
same way. `mase` is of the mean, which is what those methods give; `median_mase` of the median,
which absolute errors ask for (Gneiting, "Making and evaluating point forecasts", 2011; Kolassa,
"Why the best point forecast depends on the error or accuracy measure", 2020): of series that sell
on one day in ten it is zero for everybody. So `zero` stands beside: that nothing sells, ever. It
is no competitor, but where it is better than all means by `mase`, as it is among goods that sell
now and then, `mase` of a mean rewards foretelling little. `foretold_to_came` tells who does that:
units foretold over units that came.
`coverage_80` and `coverage_95` count of a mass at zero that part which lies in the interval;
`inside_80` and `inside_95` count every value between the ends, and so zeros nearly always.
"""

from __future__ import annotations

import resource
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from danshu.bench import forecast_data
from danshu.bench.report import Report, make_report, read_machine
from danshu.capabilities.forecasting import choose, scores
from danshu.capabilities.forecasting.model import HORIZON, KINDS, ORIGINS, QUANTILES
from danshu.hub import forecast_making as making
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from danshu.capabilities.forecasting.choose import Origin
    from danshu.capabilities.forecasting.model import Floats, Panel, Score
    from danshu.hub.forecast_making import Workers

SERIES: Final = 10_000
BUDGET: Final = {"seconds": 600.0, "mase_to_best_single": 1.0}
_SINGLE: Final = ("seasonal_naive", "theta_all", "auto_ets")
_ZERO: Final = "zero"
_PARTLY: Final = ("theta", "ets")  # tried on some series by the product; below they are on all
_RARE: Final = 10
_ALONE: Final = {"theta_all": "theta", "auto_ets": "auto_ets"}
"""What is run on every series for comparison, though the product tries Theta only where it may
help, and a smaller ETS."""


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure on drawn series; `seconds` is not used."""
    del seconds
    return measure(forecast_data.draw(size or SERIES))


def run_data(data: Path, size: int | None) -> Report:
    """Measure on a file of the documented form."""
    return measure(forecast_data.read(data, size or SERIES))


def measure(panel: Panel) -> Report:
    """Backtest a panel."""
    machine, began, cpu = read_machine(), time.perf_counter(), _cpu_s()
    days = panel.units.shape[1]
    origins = choose.origins(days, ORIGINS + 1)
    if not origins:
        raise InputError("bad_file", f"{days} days are too few; {HORIZON * (ORIGINS + 2)} are good")
    known = making.Known(("",) * (days + HORIZON), ())
    with making.workers() as hands:
        past = [making.look(panel, known, day, hands, _tell) for day in origins]
        ours_s = time.perf_counter() - began
        held = past.pop()
        if hands.has_extra:
            held = _alone(panel, held, hands)
    sold = choose.panel_sold(panel.until(held.day))
    others = tuple(name for name in _ALONE if name in held.means)
    found = making.judge(past, held, sold, others)
    figures = _figures(found) | {
        "series": len(panel.units),
        "days": days,
        "origins": len(past),
        "seconds": round(time.perf_counter() - began, 1),
        "product_seconds": round(ours_s, 1),
        "cpu_s": round(_cpu_s() - cpu, 1),
    }
    figures |= {f"by {_ZERO}": _row(nothing(held))} | by_kind(past, held, sold)
    floor = {"mase": figures["best_single_mase"], "pinball": figures["best_single_pinball"]}
    return make_report("forecast", figures=figures, floor=floor, budget=BUDGET, machine=machine)


def _alone(panel: Panel, held: Origin, hands: Workers) -> Origin:
    """Run Theta and the dear ETS on all series at the held-out origin."""
    then = panel.until(held.day)
    everybody = np.arange(len(then.units))
    more = {name: hands.each(method, then, everybody, _tell) for name, method in _ALONE.items()}
    return held._replace(means={**held.means, **more})


def _figures(found: list[Score]) -> dict[str, Any]:
    """Give ours beside the best of seasonal naive, Theta and ETS, and beside the best of all."""
    ours = found[0]
    named = [one for one in found if one.name in _SINGLE] or found[1:]
    single = min(one.mase_mean for one in named)
    every = [one for one in found[1:] if one.name not in _PARTLY]
    return {
        "mase": ours.mase_mean,
        "pinball": ours.pinball,
        "coverage_80": ours.coverage_80,
        "coverage_95": ours.coverage_95,
        "inside_80": ours.inside_80,
        "inside_95": ours.inside_95,
        "best_single_mase": single,
        "mase_to_best_single": round(ours.mase_mean / single, 4),
        "best_of_all_mase": min(one.mase_mean for one in every),
        "rmsse": ours.rmsse,
        "best_single_rmsse": min(one.rmsse for one in named),
        "best_single_pinball": min(one.pinball for one in named),
        "median_mase": ours.mase,
        "best_single_median_mase": min(one.mase for one in named),
        "scored": ours.series,
    } | {f"by {one.name}": _row(one) for one in found if one.name not in _PARTLY}


def nothing(held: Origin) -> Score:
    """Score the forecast that nothing sells: the right median of most goods of a long tail."""
    zero = np.zeros(held.real.shape)
    quantiles = np.zeros((*held.real.shape, len(QUANTILES)))
    return scores.score(_ZERO, zero, quantiles, held.real, held.scale)


def _row(one: Score) -> dict[str, float]:
    return {
        "mase": one.mase_mean,
        "median_mase": one.mase,
        "rmsse": one.rmsse,
        "pinball": one.pinball,
        "coverage_80": one.coverage_80,
        "coverage_95": one.coverage_95,
    }


def by_kind(past: list[Origin], held: Origin, sold: Any) -> dict[str, Any]:
    """Score ours by kind of series; and tell how often more came than the upper ends of intervals
    that end above zero: 10 % and 2.5 % are right. Intervals from zero up cover more than they say.
    Units foretold over units that came: of all, and of goods that sold on less than `_RARE` days.
    """
    settled = making.settle(past, held, sold)
    found: dict[str, Any] = {
        "foretold_to_came": _beside(settled.mean, held.real),
        "foretold_to_came_rare": _beside(settled.mean[sold < _RARE], held.real[sold < _RARE]),
    }
    for name, at in (("above_upper_80", 5), ("above_upper_95", 6)):
        upper = settled.quantiles[:, :, at]
        is_up = upper > 0
        found[name] = float((held.real > upper)[is_up].mean()) if is_up.any() else 0.0
    for number, kind in enumerate(KINDS):
        of = held.spread.kind == number
        if of.sum() < 20:
            continue
        scale = scores.Scales(held.scale.absolute[of], held.scale.square[of])
        one = scores.score(kind, settled.mean[of], settled.quantiles[of], held.real[of], scale)
        if one.series:
            found[f"of {kind} ({one.series})"] = _row(one)
    return found


def _beside(mean: Floats, real: Floats) -> float:
    return round(float(mean.sum() / max(real.sum(), 1.0)), 3)


def _tell(stage: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{stage} {done}/{total or '…'}      ")


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
