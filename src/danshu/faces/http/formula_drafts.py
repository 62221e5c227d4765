"""Formulas in the making: tried, laid beside one another, drafted, approved, taken back."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from danshu.capabilities.metrics.compiling import Question
from danshu.capabilities.metrics.model import Metric
from danshu.faces.http import problems
from danshu.faces.http.drafts import Asked, Desk, Rejecting, approval, conflict, road
from danshu.faces.http.formulas_shapes import (
    MetricAsked,
    MetricDraftNew,
    MetricDraftSaved,
    MetricDraftShown,
    MetricProblem,
    MetricTried,
)
from danshu.faces.http.framework import (
    PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    respond,
)
from danshu.hub import metric_book, metric_checks, metric_gates
from danshu.hub.drafts import Connection, Draft, Unsound
from danshu.hub.metric_asking import DAY_MS, read_question
from danshu.hub.metric_book import NO_METRIC
from danshu.hub.metric_checks import Differing
from danshu.hub.metric_drafts import METRICS, MetricPlan

_TAG: Final = "metrics"
_WRITE: Final[dict[str, Any]] = declare_write("", _TAG, "metric.write") | {
    "responses": {**PROBLEMS, 409: conflict(MetricProblem)}
}
_DRAFTS: Final = "/v1/metrics/drafts"
_ROWS: Final = 50
_DAYS: Final = 30


def _over(hub_now_ms: int, by: tuple[str, ...], days: int) -> Question:
    """Give the question of the last so many days; all time for none."""
    since_ms = hub_now_ms - days * DAY_MS if days else 0
    return Question(by=by, since_ms=since_ms, until_ms=hub_now_ms if days else 0, limit=_ROWS)


@post("/v1/metrics/check", **declare_write("checkMetric", _TAG, "metric.write"), status_code=200)
async def check_metric(
    data: JSONBody[MetricAsked], request: Request[Any, Any, Any]
) -> Response[MetricTried]:
    """Try a formula on what is known now, beside the one in force; nothing is written."""
    return await _try(request, data.metric, data.by, data.days)


@get(f"{_DRAFTS}/{{draft_id:str}}/trial", **declare_read("tryMetricDraft", _TAG, "asset.read"))
async def try_draft(
    draft_id: FromPath[str], request: Request[Any, Any, Any]
) -> Response[MetricTried]:
    """Try what a draft says, as whoever approves it wants to see it: over the last 30 days, by its
    first dimension.
    """
    async with hub_of(request).connection() as connection:
        draft = await METRICS.read(connection, held_of(request).tenant, draft_id)
    metric = draft.body.metric
    return await _try(request, metric, tuple([d.name for d in metric.dimensions[:1]]), _DAYS)


async def _try(
    request: Request[Any, Any, Any], metric: Metric, by: tuple[str, ...], days: int
) -> Response[MetricTried]:
    hub, caller = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        held = await metric_book.read_at(connection, caller.tenant, hub.clock())
    no = await metric_gates.ask(hub, caller.tenant, caller.seated, metric, held)
    if no is not None:
        return respond(problems.of(no))
    asked = _over(hub.clock(), by, days)
    done = await metric_checks.check(hub, caller.tenant, metric, asked)
    return Response(
        MetricTried(
            findings=done.findings,
            total=done.total,
            rows=done.rows,
            sql=done.sql,
            difference=done.difference,
            said=done.said,
            said_filter=done.said_filter,
        )
    )


@get("/v1/metrics/{code:str}/diff", **declare_read("compareMetric", _TAG, "asset.read"))
async def compare_metric(
    code: FromPath[str],
    request: Request[Any, Any, Any],
    was: FromQuery[int] = 0,
    now: FromQuery[int] = 0,
    by: FromQuery[str] = "",
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
) -> Response[Differing]:
    """Lay two versions of a metric side by side: how they are written, where the figures differ.
    0 is the shipped one; `by`, `since` and `until` as of `values`.
    """
    hub, caller = hub_of(request), held_of(request)
    asked = read_question(by, "", since, until, _ROWS, "value")
    async with hub.connection() as connection:
        held = await metric_book.read_at(connection, caller.tenant, hub.clock())
        versions = await metric_book.list_versions(connection, caller.tenant, code)
    if not versions:
        raise NO_METRIC
    for version in [v for v in versions if v.version in (was, now)]:
        no = await metric_gates.ask(hub, caller.tenant, caller.seated, version.metric, held)
        if no is not None:
            return respond(problems.of(no))
    done = await metric_checks.compare_versions(hub, caller.tenant, code, (was, now), asked)
    return Response(done)


async def _show(
    request: Asked, connection: Connection, draft: Draft[MetricPlan]
) -> MetricDraftShown:
    around = await _DESK.look(request, connection, draft)
    return MetricDraftShown(plan=draft.body, **around.road(draft))


class MetricDesk(Desk[MetricPlan, Any], frozen=True, kw_only=True):
    """A desk that tries a formula before its transaction begins."""

    async def submit(self, request: Asked, id_: str, revision: int) -> Response[Any]:
        """Submit a draft for approval."""
        found = await self._try(request, id_)
        if found is not None:
            return found
        return await Desk.submit(self, request, id_, revision)

    async def approve(
        self, request: Asked, id_: str, digest: str, note: str = "", show: Any = None
    ) -> Response[Any]:
        """Publish what was submitted."""
        found = await self._try(request, id_)
        if found is not None:
            return found
        return await Desk.approve(self, request, id_, digest, note, show)

    async def _try(self, request: Asked, id_: str) -> Response[Any] | None:
        """Try what a draft says; gives the answer that tells what stands in the way."""
        hub, tenant = hub_of(request), held_of(request).tenant
        async with hub.connection() as connection:
            draft = await self.drafts.read(connection, tenant, id_)
        if draft.state not in ("draft", "submitted"):
            return None
        asked = _over(hub.clock(), (), 0)
        done = await metric_checks.check(hub, tenant, draft.body.metric, asked)
        if not done.findings:
            return None
        async with hub.connection() as connection:
            return await self.answer(request, connection, Unsound(done.findings))


_DESK: Final = MetricDesk(
    drafts=METRICS,
    right="metric",
    reads="asset.read",
    show=_show,
    problem=MetricProblem,
    clause="metric.grammar",
    stale=("metric_changed", "这一稿刚被别人改过", "somebody else saved the draft meanwhile"),
    unsound=("metric_unsound", "公式还有问题", "something stands in the way of this formula"),
)


@post(_DRAFTS, **{**_WRITE, "operation_id": "beginMetric", "status_code": 201})
async def begin_metric(
    data: JSONBody[MetricDraftNew], request: Request[Any, Any, Any]
) -> Response[MetricDraftShown]:
    """Begin a draft: a metric of the merchant's own, or the next version of one."""
    return await _DESK.begin(request, data.plan.metric.code, data.plan)


@put(f"{_DRAFTS}/{{draft_id:str}}", **{**_WRITE, "operation_id": "saveMetric"})
async def save_metric(
    draft_id: FromPath[str], data: JSONBody[MetricDraftSaved], request: Request[Any, Any, Any]
) -> Response[MetricDraftShown]:
    """Save a draft over the revision that it was made from."""
    code = data.plan.metric.code
    return await _DESK.save(request, draft_id, data.revision, code, data.plan)


@post(
    "/v1/metrics/{code:str}/retire",
    **declare_write("retireMetric", _TAG, "metric.approve"),
    status_code=200,
)
async def retire_metric(
    code: FromPath[str], data: JSONBody[Rejecting], request: Request[Any, Any, Any]
) -> Response[None]:
    """Take the newest version back: the one before it holds again, or the shipped formula."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        refusal = await metric_book.retire(
            connection, held.tenant, code, data.reason, held.actor, hub.clock()
        )
    return respond(problems.of(refusal)) if refusal else Response(None)


_ROAD: Final = (_DRAFTS, "MetricDraft", _TAG, MetricDraftShown)
ROUTES: Final = [
    *road(_DESK, *_ROAD),
    *approval(_DESK, *_ROAD),
    check_metric,
    try_draft,
    compare_metric,
    begin_metric,
    save_metric,
    retire_metric,
]
