"""口径 metrics: the list, one with its versions, what it comes to, what it is made of."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery
from msgspec.structs import replace

from danshu.capabilities.assets.sources import SOURCES
from danshu.capabilities.metrics import shipped
from danshu.faces.http import problems
from danshu.faces.http.formulas_shapes import (
    MetricBook,
    MetricDraftItem,
    MetricItem,
    MetricShown,
    MetricTables,
)
from danshu.faces.http.framework import (
    declare_read,
    held_of,
    hub_of,
    respond,
)
from danshu.hub import assets, metric_book, metric_checks, metric_gates, metric_lineage, metrics
from danshu.hub.actors import name_actors
from danshu.hub.metric_asking import instant_ms, read_question
from danshu.hub.metric_book import NO_METRIC, Held
from danshu.hub.metric_drafts import METRICS
from danshu.hub.metric_lineage import MetricLineage
from danshu.hub.metrics import MetricAnswer

_TAG: Final = "metrics"
_ONE: Final = "/v1/metrics/{code:str}"


@get("/v1/metrics", **declare_read("listMetrics", _TAG, "asset.read"))
async def list_metrics(request: Request[Any, Any, Any]) -> MetricBook:
    """List the metrics that hold now, and the open drafts."""
    hub, tenant = hub_of(request), held_of(request).tenant
    async with hub.connection() as connection:
        held = await metric_book.read_at(connection, tenant, hub.clock())
        drafts = await METRICS.list_open(connection, tenant)
        subjects = [h.approved_by for h in held.values()]
        names = await name_actors(connection, tenant, [*subjects, *[d.edited_by for d in drafts]])
    return MetricBook(
        metrics=tuple([_item(one, names) for _, one in sorted(held.items())]),
        drafts=tuple(
            [
                MetricDraftItem(
                    id=d.id,
                    code=d.name,
                    title=d.body.metric.title,
                    state=d.state,
                    edited_by=names[d.edited_by],
                    edited=d.edited,
                )
                for d in drafts
            ]
        ),
    )


def _item(held: Held, names: dict[str, str]) -> MetricItem:
    m = held.metric
    return MetricItem(
        code=m.code,
        title=m.title,
        about={language: text for language, text in m.about.items()},
        words=m.words,
        unit=m.unit,
        better=m.better,
        version=held.version,
        effective=held.effective,
        approved_by=names[held.approved_by],
        owner=m.owner,
        purpose=m.purpose,
        asset=m.asset,
        on=m.on,
        dimensions=tuple([d.name for d in m.dimensions]),
        rule=m.rule.source,
        clause=m.rule.clause,
        verified_by=m.rule.verified_by,
        is_shipped=held.version == 0,
    )


@get("/v1/metrics/tables", **declare_read("listMetricTables", _TAG, "asset.read"))
async def list_tables() -> MetricTables:
    """Give what formulas may count, and by what they may look things up."""
    library = shipped.library()
    return MetricTables(
        tables=tuple(library.tables.values()),
        sources={name: dict(source.columns) for name, source in SOURCES.items()},
        assets=tuple(assets.known()),
        lookups=library.lookups,
    )


@get(_ONE, **declare_read("readMetric", _TAG, "asset.read"))
async def read_metric(code: FromPath[str], request: Request[Any, Any, Any]) -> MetricShown:
    """Give a metric with its versions and its formula read aloud."""
    hub, caller = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        held = await metric_book.read_at(connection, caller.tenant, hub.clock())
        versions = await metric_book.list_versions(connection, caller.tenant, code)
        drafts = await METRICS.list_open(connection, caller.tenant)
        subjects = [s for v in versions for s in (v.drafted_by, v.approved_by)]
        names = await name_actors(connection, caller.tenant, subjects)
    if not versions:
        raise NO_METRIC
    one = held.get(code)
    metric = one.metric if one else versions[0].metric
    no = await metric_gates.ask(hub, caller.tenant, caller.seated, metric, held)
    said, said_filter = metric_checks.read(metric, held)
    dimensions = {d.name for d in metric.dimensions}
    return MetricShown(
        version=one.version if one else -1,
        metric=metric,
        versions=tuple(
            [
                replace(v, drafted_by=names[v.drafted_by], approved_by=names[v.approved_by])
                for v in versions
            ]
        ),
        said=said,
        said_filter=said_filter,
        columns=metric_checks.column_titles(metric.on),
        names={k: v for k, v in shipped.library().values.items() if k in dimensions},
        draft=next((d.id for d in drafts if d.name == code), ""),
        may_see=no is None,
        clause=no.clause if no else "",
    )


@get(f"{_ONE}/values", **declare_read("evaluateMetric", _TAG, "asset.read"))
async def evaluate_metric(
    code: FromPath[str],
    request: Request[Any, Any, Any],
    by: FromQuery[str] = "",
    where: FromQuery[str] = "",
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    as_of: FromQuery[str] = "",
    limit: FromQuery[int] = 100,
    order: FromQuery[str] = "value",
    compare: FromQuery[bool] = False,
) -> Response[MetricAnswer]:
    """Work a metric out. `by` are dimensions with commas, `where` is `name:value,value;name:…`;
    `since` and `until` are days (YYYY-MM-DD, Asia/Shanghai), both in the window; `as_of` asks
    what was known at the end of a day or at an instant (RFC 3339), by the formula of then; `order`
    is `value` or `key`.
    """
    hub, caller = hub_of(request), held_of(request)
    asked = read_question(by, where, since, until, limit, order)
    as_of_ms = instant_ms(as_of, hub.clock())
    async with hub.connection() as connection:
        held = await metric_book.read_at(connection, caller.tenant, as_of_ms or hub.clock())
    if code not in held:
        raise NO_METRIC
    no = await metric_gates.ask(hub, caller.tenant, caller.seated, held[code].metric, held)
    if no is not None:
        return respond(problems.of(no))
    answer = await metrics.evaluate(
        hub,
        caller.tenant,
        code,
        by=asked.by,
        where=asked.where,
        since_ms=asked.since_ms,
        until_ms=asked.until_ms,
        as_of_ms=as_of_ms,
        limit=asked.limit,
        by_key=asked.by_key,
        is_compared=compare,
    )
    metric = held[code].metric
    answer = await metric_gates.hide_few(hub, caller.tenant, caller.seated, answer, metric)
    async with hub.connection() as connection:
        names = await name_actors(connection, caller.tenant, [answer.approved_by])
    return Response(replace(answer, approved_by=names[answer.approved_by]))


@get(f"{_ONE}/lineage", **declare_read("traceMetric", _TAG, "asset.read"))
async def trace_metric(code: FromPath[str], request: Request[Any, Any, Any]) -> MetricLineage:
    """Give the columns that a metric is made of, down to the sources and the facts in them."""
    return await metric_lineage.trace_columns(hub_of(request), held_of(request).tenant, code)


ROUTES: Final = [list_metrics, list_tables, read_metric, evaluate_metric, trace_metric]
