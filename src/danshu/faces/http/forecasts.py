"""Forecasts 预测 of demand over HTTP: how the newest run went, its series, one of them; run now."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from msgspec import Struct

from danshu.capabilities.forecasting.model import Score
from danshu.faces.http.framework import (
    declare_read,
    declare_write,
    held_of,
    hub_of,
    raw_body,
)
from danshu.faces.http.jobs import JobView, mine, runner_of, show_job
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.faces.http.sheets import CSV, XLSX
from danshu.faces.http.workbench import who_of
from danshu.hub import forecast_history, forecast_jobs, forecast_views
from danshu.hub.fields import PLAIN
from danshu.hub.forecast_history import HistoryFile
from danshu.hub.forecast_reading import DemandDay
from danshu.hub.forecast_views import After, Made, Series
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import FORECAST_FILES, SHEET_BYTES

_TAG: Final = "forecasts"
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


def _score(one: Score) -> ForecastScore:
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


def _show_run(made: Made) -> ForecastRun:
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
        scores=tuple(map(_score, run.scores)),
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


def _line(one: Series) -> ForecastLine:
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


@get("/v1/forecasts/state", **declare_read("getForecastState", _TAG, "forecast.read"))
async def get_state(request: Request[Any, Any, Any]) -> ForecastState:
    """Read the newest run, how it scored, what drifts, and whether one is under way."""
    async with hub_of(request).connection() as connection:
        state = await forecast_views.read_state(connection, held_of(request).tenant)
    return ForecastState(
        run=None if state.made is None else _show_run(state.made),
        places=tuple([ForecastPlace(code=p.code, name=p.name) for p in state.places]),
        drifted=state.drifted,
        drifts=tuple(map(_drift, state.drifts)),
        job=state.job,
        extra=state.extra,
    )


Asked = Annotated[
    str, QueryParameter(max_length=128, pattern=PLAIN, description="part of a SKU or its name")
]
AtPlace = Annotated[str, QueryParameter(max_length=64, pattern=PLAIN, name="place")]
Drifting = Annotated[bool, QueryParameter(name="drifted", description="those that drift alone")]


@get("/v1/forecasts", **declare_read("listForecasts", _TAG, "forecast.read"))
async def list_forecasts(
    request: Request[Any, Any, Any],
    q: Asked = "",
    at: AtPlace = "",
    drifted: Drifting = False,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> ForecastPage:
    """List the series of the newest run, what sells most first."""
    after = forecast_views.FIRST
    if cursor:
        daily, place, sku = read_place(cursor, int, str, str)
        after = After(int(daily), str(place), str(sku))
    async with hub_of(request).connection() as connection:
        found = await forecast_views.list_series(
            connection,
            held_of(request).tenant,
            q=q,
            place=at,
            drifted=drifted,
            after=after,
            limit=limit + 1,
        )
    last = found[limit - 1] if len(found) > limit else None
    return ForecastPage(
        items=tuple([_line(one) for one in found[:limit]]),
        next="" if last is None else write_place(last.daily_milli, last.place, last.sku),
    )


@get("/v1/forecasts/series", **declare_read("getForecastSeries", _TAG, "forecast.read"))
async def get_series(
    request: Request[Any, Any, Any],
    at: AtPlace,
    sku: Annotated[str, QueryParameter(max_length=64, pattern=PLAIN)],
) -> ForecastDetail:
    """Read a series: its last 56 days, 28 days to come, and how every method did."""
    async with hub_of(request).connection() as connection:
        found = await forecast_views.read_detail(connection, held_of(request).tenant, at, sku)
    series = found.series
    behind, ahead = forecast_views.dates(found.day, len(series.recent), len(series.days))
    return ForecastDetail(
        line=_line(series),
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


@post("/v1/forecasts/run", status_code=202, **declare_write("runForecast", _TAG, "forecast.write"))
async def run_forecast(request: Request[Any, Any, Any]) -> JobView:
    """Forecast now, as a job that can be cancelled; joins one that has not ended."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        id_ = await forecast_jobs.ask(connection, held.tenant, who_of(held), held.actor)
    runner_of(request).wake()
    return show_job(await mine(request, id_), held)


def _file(one: HistoryFile) -> ForecastFile:
    return ForecastFile(
        id=one.id,
        name=one.name,
        digest=one.digest,
        rows=one.rows,
        series=one.series,
        first_day=one.first_day,
        last_day=one.last_day,
    )


_UPLOAD: Final = declare_write("bringForecastHistory", _TAG, "forecast.write", SHEET_BYTES)
_UPLOAD["guards"] = _UPLOAD["guards"][:1]


@post(
    "/v1/forecasts/history",
    status_code=201,
    operation_class=raw_body(
        "A CSV or XLSX file of day, place, sku, units", CSV, XLSX, "application/octet-stream"
    ),
    **_UPLOAD,
)
async def bring_history(
    request: Request[Any, Any, Any],
    name: Annotated[str, QueryParameter(max_length=120, pattern=PLAIN)] = "",
) -> Response[ForecastFile]:
    """Bring past sales of before this hub; refused whole with the row and the reason."""
    held = held_of(request)
    body = await request.body()
    kept = await forecast_history.bring(hub_of(request), held.tenant, name, body, held.actor)
    return Response(_file(kept), status_code=201)


@get("/v1/forecasts/history", **declare_read("listForecastHistory", _TAG, "forecast.read"))
async def list_history(request: Request[Any, Any, Any]) -> ForecastFiles:
    """List the files of past sales, the newest first."""
    async with hub_of(request).connection() as connection:
        found = await forecast_history.list_files(
            connection, held_of(request).tenant, FORECAST_FILES
        )
    return ForecastFiles(items=tuple(map(_file, found)))


ROUTES: Final = [get_state, list_forecasts, get_series, run_forecast, bring_history, list_history]
