"""What forecasts look like over HTTP."""

from __future__ import annotations

import uuid
from typing import Any, Final

from msgspec import Struct

from danshu.capabilities.forecasting.model import Score
from danshu.hub import forecast_views
from danshu.hub.forecast_history import HistoryFile
from danshu.hub.forecast_reading import DemandDay
from danshu.hub.forecast_views import Detail, Made, Series, State
from danshu.kernel.fact import rfc3339

_BY_MILLI: Final = 1000


class ForecastScore(Struct, frozen=True, kw_only=True):
    """Scores of a method (`ours` = what is used) over `series`, in thousandths, at the origin that
    was held out: MASE of mean and median, RMSSE, pinball loss, coverage of both intervals.
    """

    method: str
    series: int
    mase: int
    median_mase: int
    rmsse: int
    pinball: int
    coverage_80: int
    coverage_95: int


class ForecastRun(Struct, frozen=True, kw_only=True):
    """A run: it foretells from `day` on. `extra`: Theta, ETS and trees were tried. `data`,
    `program` and `digest` name what it learned from, by what, and all that it foretold. `effects`
    and `uplifts` are thousandths by which kinds of days and promotions multiply demand.
    """

    id: uuid.UUID
    day: str
    made: str
    series: int
    fresh: int
    extra: bool
    first_day: str
    origins: int
    took_s: int
    data: str
    program: str
    digest: str
    watched: str
    effects: dict[str, int]
    uplifts: dict[str, int]
    scores: tuple[ForecastScore, ...]


class ForecastPlace(Struct, frozen=True, kw_only=True):
    """A warehouse, or a province by the first two digits of its code."""

    code: str
    name: str


class ForecastDrift(Struct, frozen=True, kw_only=True):
    """A series outside of its 95 % interval on `outside` of `days` days; `chance` in millionths."""

    place: str
    sku: str
    days: int
    outside: int
    chance: int


class ForecastState(Struct, frozen=True, kw_only=True):
    """What there is. `job` is the run that has not ended, "" = none; `extra`: it is installed."""

    run: ForecastRun | None
    places: tuple[ForecastPlace, ...]
    drifted: int
    drifts: tuple[ForecastDrift, ...]
    job: str
    extra: bool


class ForecastSpan(Struct, frozen=True, kw_only=True):
    """Demand of the next `days`, in thousandths of a unit: mean, 80 % and 95 % interval."""

    days: int
    mean_milli: int
    low_80: int
    high_80: int
    low_95: int
    high_95: int


class ForecastLine(Struct, frozen=True, kw_only=True):
    """A series. `methods` are those whose median it is, `similar` SKUs that a new one borrows
    from; `recent` units of the last 56 days.
    """

    place: str
    sku: str
    name: str
    kind: str
    methods: tuple[str, ...]
    similar: tuple[str, ...]
    daily_milli: int
    spans: tuple[ForecastSpan, ...]
    recent: tuple[int, ...]
    drift: ForecastDrift | None


class ForecastPage(Struct, frozen=True, kw_only=True):
    """Series, what sells most first; `next` is "" at the end."""

    items: tuple[ForecastLine, ...]
    next: str


class ForecastPast(Struct, frozen=True, kw_only=True):
    """Units of a day that is over."""

    day: str
    units: int


class ForecastDay(Struct, frozen=True, kw_only=True):
    """A day to come: mean and quantiles 2.5, 10, 25, 50, 75, 90, 97.5 %, thousandths of a unit."""

    day: str
    mean_milli: int
    quantiles_milli: tuple[int, ...]


class ForecastTried(Struct, frozen=True, kw_only=True):
    """A method at past origins, thousandths; `used`: it has a voice in the median."""

    method: str
    rmsse: int
    mase: int
    used: bool


class ForecastMark(Struct, frozen=True, kw_only=True):
    """A promotion of the SKU, both days in."""

    name: str
    first_day: str
    last_day: str


class ForecastDetail(Struct, frozen=True, kw_only=True):
    """A series with its past, days to come, every method that was tried, promotions."""

    line: ForecastLine
    run: str
    past: tuple[ForecastPast, ...]
    days: tuple[ForecastDay, ...]
    tried: tuple[ForecastTried, ...]
    promotions: tuple[ForecastMark, ...]


class ForecastFile(Struct, frozen=True, kw_only=True):
    """Past sales that were brought: SHA-256 of the file, rows, series, days (both in)."""

    id: str
    name: str
    digest: str
    rows: int
    series: int
    first_day: str
    last_day: str


class ForecastFiles(Struct, frozen=True, kw_only=True):
    """All files that were brought, the newest first."""

    items: tuple[ForecastFile, ...]


def show_score(one: Score) -> ForecastScore:
    """Show a score."""
    return ForecastScore(
        method=one.name,
        series=one.series,
        mase=round(one.mase_mean * _BY_MILLI),
        median_mase=round(one.mase * _BY_MILLI),
        rmsse=round(one.rmsse * _BY_MILLI),
        pinball=round(one.pinball * _BY_MILLI),
        coverage_80=round(one.coverage_80 * _BY_MILLI),
        coverage_95=round(one.coverage_95 * _BY_MILLI),
    )


def show_run(made: Made) -> ForecastRun:
    """Show a run."""
    run = made.run
    return ForecastRun(
        id=made.id,
        day=made.day,
        made=rfc3339(made.at_ms),
        series=made.series,
        fresh=run.fresh,
        extra=run.extra,
        first_day=run.first_day,
        origins=run.origins,
        took_s=run.took_s,
        data=run.data,
        program=run.program,
        digest=made.digest,
        watched=made.watched,
        effects=run.effects,
        uplifts=run.uplifts,
        scores=tuple(map(show_score, run.scores)),
    )


def _span(days: int, total: DemandDay) -> ForecastSpan:
    q = total.quantiles_milli
    return ForecastSpan(
        days=days, mean_milli=total.mean_milli, low_80=q[1], high_80=q[5], low_95=q[0], high_95=q[6]
    )


def _drift(one: Any) -> ForecastDrift:
    return ForecastDrift(
        place=one.place, sku=one.sku, days=one.days, outside=one.outside, chance=one.chance
    )


def show_line(one: Series) -> ForecastLine:
    """Show a series."""
    spans = forecast_views.spans_of(one, "1970-01-01")
    return ForecastLine(
        place=one.place,
        sku=one.sku,
        name=one.name,
        kind=one.chosen.kind,
        methods=one.chosen.methods if one.drift is None else ("plain",),
        similar=one.chosen.similar,
        daily_milli=one.daily_milli,
        spans=tuple([_span(days, total) for days, total in spans]),
        recent=one.recent,
        drift=None if one.drift is None else _drift(one.drift),
    )


def show_state(state: State) -> ForecastState:
    """Show what there is."""
    return ForecastState(
        run=None if state.made is None else show_run(state.made),
        places=tuple([ForecastPlace(code=p.code, name=p.name) for p in state.places]),
        drifted=state.drifted,
        drifts=tuple(map(_drift, state.drifts)),
        job=state.job,
        extra=state.extra,
    )


def show_detail(found: Detail) -> ForecastDetail:
    """Show a series with its past and what is to come."""
    series = found.series
    behind, ahead = forecast_views.dates(found.day, len(series.recent), len(series.days))
    return ForecastDetail(
        line=show_line(series),
        run=found.run,
        past=tuple(
            [ForecastPast(day=d, units=u) for d, u in zip(behind, series.recent, strict=True)]
        ),
        days=tuple(
            [
                ForecastDay(day=d, mean_milli=n.mean_milli, quantiles_milli=n.quantiles_milli)
                for d, n in zip(ahead, series.days, strict=True)
            ]
        ),
        tried=tuple(
            [
                ForecastTried(
                    method=t.method,
                    rmsse=t.rmsse,
                    mase=t.mase,
                    used=t.method in series.chosen.methods,
                )
                for t in series.chosen.tried
            ]
        ),
        promotions=tuple(
            [
                ForecastMark(name=p.name, first_day=p.first_day, last_day=p.last_day)
                for p in found.promotions
            ]
        ),
    )


def show_file(one: HistoryFile) -> ForecastFile:
    """Show a file."""
    return ForecastFile(
        id=one.id,
        name=one.name,
        digest=one.digest,
        rows=one.rows,
        series=one.series,
        first_day=one.first_day,
        last_day=one.last_day,
    )
