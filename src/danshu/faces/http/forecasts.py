"""Forecasts 预测 of demand over HTTP: how the newest run went, its series, one of them; run now."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import QueryParameter

from danshu.faces.http.forecast_shapes import (
    ForecastDetail,
    ForecastFile,
    ForecastFiles,
    ForecastPage,
    ForecastState,
    show_detail,
    show_file,
    show_line,
    show_state,
)
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
from danshu.hub.forecast_views import After
from danshu.kernel.limits import FORECAST_FILES, SHEET_BYTES

_TAG: Final = "forecasts"


@get("/v1/forecasts/state", **declare_read("getForecastState", _TAG, "forecast.read"))
async def get_state(request: Request[Any, Any, Any]) -> ForecastState:
    """Read the newest run, how it scored, what drifts, and whether one is under way."""
    async with hub_of(request).connection() as connection:
        state = await forecast_views.read_state(connection, held_of(request).tenant)
    return show_state(state)


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
        items=tuple([show_line(one) for one in found[:limit]]),
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
    return show_detail(found)


@post("/v1/forecasts/run", status_code=202, **declare_write("runForecast", _TAG, "forecast.write"))
async def run_forecast(request: Request[Any, Any, Any]) -> JobView:
    """Forecast now, as a job that can be cancelled; joins one that has not ended."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        id_ = await forecast_jobs.ask(connection, held.tenant, who_of(held), held.actor)
    runner_of(request).wake()
    return show_job(await mine(request, id_), held)


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
    return Response(show_file(kept), status_code=201)


@get("/v1/forecasts/history", **declare_read("listForecastHistory", _TAG, "forecast.read"))
async def list_history(request: Request[Any, Any, Any]) -> ForecastFiles:
    """List the files of past sales, the newest first."""
    async with hub_of(request).connection() as connection:
        found = await forecast_history.list_files(
            connection, held_of(request).tenant, FORECAST_FILES
        )
    return ForecastFiles(items=tuple(map(show_file, found)))


ROUTES: Final = [get_state, list_forecasts, get_series, run_forecast, bring_history, list_history]
