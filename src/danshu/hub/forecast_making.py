"""A forecast of many series at once: every method tried at past origins, the best combined,
intervals calibrated, and all of it scored at an origin that calibrated nothing.

Synchronous and without a database: the child of a run and the benchmark do it alike. Theta and ETS
go series by series through a pool of processes; everything else is on whole arrays.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from danshu.capabilities.forecasting import calibrate, choose, effects, heavy, scores, simple
from danshu.capabilities.forecasting.choose import Choice, Origin
from danshu.capabilities.forecasting.model import HORIZON
from danshu.capabilities.forecasting.simple import PLAIN
from danshu.kernel.limits import FORECAST_PORTION, FORECAST_PROCESSES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from danshu.capabilities.forecasting.calibrate import Pools, Spread
    from danshu.capabilities.forecasting.effects import Promotion
    from danshu.capabilities.forecasting.model import Floats, Ints, Panel, Score

    Tell = Callable[[str, int, int], None]

OURS: Final = "ours"
_LOOK_S: Final = 1.0


class Known(NamedTuple):
    """What is known of days: a name for each special one (past and HORIZON to come), promotions."""

    named: Sequence[str]
    promotions: Sequence[Promotion]


class Foretold(NamedTuple):
    """Means, quantiles, totals and the plain method's means, by series; what was chosen of whom."""

    mean: Floats
    quantiles: Floats
    sums: Floats
    plain: Floats
    choice: Choice | None
    spread: Spread
    by_kind: dict[str, int]
    uplifts: dict[str, int]


class Workers:
    """The pool of processes for methods that go series by series; None where the extra is not
    there, and each such method is left out.
    """

    def __init__(self, pool: Any, *, has_extra: bool) -> None:
        self._pool: Final = pool
        self.has_extra: Final = has_extra

    def each(self, method: str, panel: Panel, chosen: Ints, tell: Tell) -> Floats:
        """Run a method on some series; NaN for all others."""
        found = np.full((len(panel.units), HORIZON), np.nan)
        days = panel.units.shape[1]
        factor = np.maximum(panel.factor[:, :days], 1e-3)
        portions = [
            (
                method,
                [
                    panel.units[row, min(int(panel.start[row]), days - 1) :]
                    / factor[row, min(int(panel.start[row]), days - 1) :]
                    for row in chosen[n : n + FORECAST_PORTION]
                ],
            )
            for n in range(0, len(chosen), FORECAST_PORTION)
        ]
        run = map if self._pool is None else self._pool.imap
        done = 0
        for means in run(run_portion, portions):
            found[chosen[done : done + len(means)]] = means
            done += len(means)
            tell(method, done, len(chosen))
        return found * panel.factor[:, days : days + HORIZON]


def run_portion(asked: tuple[str, list[Floats]]) -> list[Floats]:
    """Forecast some series by a method of the extra; in a process of the pool."""
    method, series = asked
    forecast = {"theta": heavy.theta, "ets": heavy.ets, "auto_ets": heavy.auto_ets}[method]
    with np.errstate(all="ignore"):
        return [forecast(units) for units in series]


def _be_nice() -> None:
    os.nice(5)
    for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    threading.Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()


def _leave_with(parent: int) -> None:
    """End this process once its parent is gone: a killed one can't say so."""
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os._exit(1)


@contextmanager
def workers(count: int = FORECAST_PROCESSES, *, with_extra: bool = True) -> Iterator[Workers]:
    """Lend the pool. Its processes end with this one."""
    if not (with_extra and heavy.is_there()):
        yield Workers(None, has_extra=False)
        return
    if count < 2:
        yield Workers(None, has_extra=True)
        return
    # Not by fork: a tree model's threads do not live on in a copy.
    with multiprocessing.get_context("spawn").Pool(count, initializer=_be_nice) as pool:
        yield Workers(pool, has_extra=True)


def look(panel: Panel, known: Known, day: int, hands: Workers, tell: Tell) -> Origin:
    """Try every method as of a column: nothing of that day or later is seen."""
    then, plain = as_of(panel, known, day)[:2]
    real = panel.units[:, day : day + HORIZON]
    means = _try_all(then, plain, hands, tell)
    return Origin(day, means, real, scores.scales(then), calibrate.measure(plain))


def as_of(
    panel: Panel, known: Known, day: int
) -> tuple[Panel, simple.Plain, dict[str, int], dict[str, int]]:
    """Give what was known before a column, with the effects as they were learned then."""
    then = panel.until(day)
    start = np.minimum(then.start, day)
    factor, by_kind, uplifts = effects.learn(
        then.units, start, known.named[: day + HORIZON], known.promotions
    )
    then = then._replace(factor=factor, start=start)
    return then, simple.flatten(then), by_kind, uplifts


def _try_all(then: Panel, plain: simple.Plain, hands: Workers, tell: Tell) -> dict[str, Floats]:
    means = {name: method(then, plain) for name, method in simple.METHODS.items()}
    if not hands.has_extra:
        return means
    days = then.units.shape[1]
    means[heavy.TREES] = heavy.trees(then, plain)
    chosen = np.flatnonzero(
        (days - then.start >= heavy.LEAST_DAYS) & (choose.panel_sold(then) >= heavy.LEAST_SOLD)
    )
    for method in heavy.PER_SERIES:
        means[method] = hands.each(method, then, chosen, tell)
    return means


def foretell(
    panel: Panel, known: Known, past: Sequence[Origin], hands: Workers, tell: Tell
) -> Foretold:
    """Forecast the HORIZON days after a panel by what past origins taught."""
    days = panel.units.shape[1]
    then, plain, by_kind, uplifts = as_of(panel, known, days)
    means = _try_all(then, plain, hands, tell)
    spread = calibrate.measure(plain)
    return _settle(past, means, spread, choose.panel_sold(then), by_kind, uplifts)


def _settle(
    past: Sequence[Origin],
    means: Mapping[str, Floats],
    spread: Spread,
    sold: Ints,
    by_kind: dict[str, int],
    uplifts: dict[str, int],
) -> Foretold:
    """Choose, combine and calibrate by past origins."""
    plain = means[PLAIN]
    even = np.ones(len(plain))
    choice = choose.choose(past, sold, spread.pool) if past else None
    mean = plain if choice is None else choose.combine(means, choice)
    quantiles, sums = calibrate.apply(mean, spread, _pools(past, choice), even)
    return Foretold(mean, quantiles, sums, plain, choice, spread, by_kind, uplifts)


def widen(told: Foretold, past: Sequence[Origin], mean: Floats, wider: Floats) -> Foretold:
    """Put other means in the place of some, as new goods borrow them, with wider intervals."""
    pools = _pools(past, told.choice)
    spread = told.spread
    # Who has no swing of its own yet swings as goods do that sell as much: like its mean.
    own = np.maximum(spread.swing, np.where(wider[:, None] > 1, np.sqrt(mean), 0.0))
    spread = spread._replace(swing=own)
    quantiles, sums = calibrate.apply(mean, spread, pools, wider)
    return told._replace(mean=mean, quantiles=quantiles, sums=sums, spread=spread)


def _pools(past: Sequence[Origin], choice: Choice | None) -> Pools:
    if choice is None:
        return calibrate.learn([])
    return calibrate.learn([(choose.combine(o.means, choice), o.real, o.spread) for o in past])


def settle(past: Sequence[Origin], held: Origin, sold: Ints) -> Foretold:
    """Forecast what came after a held-out origin by past ones."""
    return _settle(past, held.means, held.spread, sold, {}, {})


def judge(
    past: Sequence[Origin], held: Origin, sold: Ints, others: Sequence[str] = ()
) -> list[Score]:
    """Score ours and every method at an origin that taught nothing: chosen, combined and calibrated
    by the others alone. Each method gets intervals of the same make, so that all are measured by
    the same rule. `others`: methods that only the held-out origin has; `past` has their like.
    """
    settled = settle(past, held, sold)
    found = [scores.score(OURS, settled.mean, settled.quantiles, held.real, held.scale)]
    for name in (*past[0].means, *others):
        as_past = name if name in past[0].means else "ets"
        mean = filled(held.means, name)
        pools = calibrate.learn([(filled(o.means, as_past), o.real, o.spread) for o in past])
        quantiles, _ = calibrate.apply(mean, held.spread, pools, np.ones(len(mean)))
        found.append(scores.score(name, mean, quantiles, held.real, held.scale))
    return found


def filled(means: Mapping[str, Floats], name: str) -> Floats:
    """Give a method's means, the plain ones where it gave none."""
    return np.where(np.isfinite(means[name]), means[name], means[PLAIN])
