"""Kept reports 存报表: what metrics came to, proven by asking again."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec.structs import replace

from danshu.faces.http import problems
from danshu.faces.http.formulas_shapes import MetricReports, ReportNew
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of, respond
from danshu.hub import metric_book, metric_gates, metric_reports
from danshu.hub.actors import name_actors
from danshu.hub.metric_book import NO_METRIC
from danshu.hub.metric_reports import ReportAsked, ReportKept, ReportProven
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import PAGE_ROWS

_TAG: Final = "metrics"


async def _ask(request: Request[Any, Any, Any], asked: ReportAsked) -> Refusal | None:
    """Ask whether the caller may see every metric of a report."""
    hub, caller = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        held = await metric_book.read_at(connection, caller.tenant, asked.as_of_ms or hub.clock())
    for code in asked.metrics:
        if code not in held:
            raise NO_METRIC
        no = await metric_gates.ask(hub, caller.tenant, caller.seated, held[code].metric, held)
        if no is not None:
            return no
    return None


@get("/v1/metrics/reports", **declare_read("listMetricReports", _TAG, "asset.read"))
async def list_reports(
    request: Request[Any, Any, Any], after: FromQuery[str] = "", limit: FromQuery[int] = 50
) -> MetricReports:
    """List kept reports, the newest first; the figures of each only to who may see them."""
    hub, caller = hub_of(request), held_of(request)
    size = max(1, min(limit, PAGE_ROWS))
    async with hub.connection() as connection:
        rows = await metric_reports.list_reports(connection, caller.tenant, after, size)
        names = await name_actors(connection, caller.tenant, [r.by for r in rows])
    # Figures are behind the gate of each metric: the list names reports, one gives its figures.
    shown = [replace(r, by=names[r.by], figures=()) for r in rows]
    return MetricReports(rows=tuple(shown), next=rows[-1].id if len(rows) == size else "")


@get("/v1/metrics/reports/{report_id:str}", **declare_read("proveMetricReport", _TAG, "asset.read"))
async def prove_report(
    report_id: FromPath[str], request: Request[Any, Any, Any]
) -> Response[ReportProven]:
    """Give a kept report beside what the same question gives when it is asked again."""
    hub, caller = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        kept = await metric_reports.read(connection, caller.tenant, report_id)
        names = await name_actors(connection, caller.tenant, [kept.by])
    no = await _ask(request, kept.asked)
    if no is not None:
        return respond(problems.of(no))
    proven = await metric_reports.prove(hub, caller.tenant, kept)
    return Response(replace(proven, kept=replace(kept, by=names[kept.by])))


@post(
    "/v1/metrics/reports",
    **declare_write("keepMetricReport", _TAG, "metric.write"),
    status_code=201,
)
async def keep_report(
    data: JSONBody[ReportNew], request: Request[Any, Any, Any]
) -> Response[ReportKept]:
    """Ask metrics and keep what they came to, with a fact that holds the digest."""
    hub, caller = hub_of(request), held_of(request)
    no = await _ask(request, data.asked)
    if no is not None:
        return respond(problems.of(no))
    kept = await metric_reports.keep(hub, caller.tenant, data.name, data.asked, caller.actor)
    async with hub.connection() as connection:
        names = await name_actors(connection, caller.tenant, [kept.by])
    return Response(replace(kept, by=names[kept.by]), status_code=201)


ROUTES: Final = [list_reports, prove_report, keep_report]
