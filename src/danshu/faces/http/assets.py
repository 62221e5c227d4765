"""Assets 数据资产 over HTTP: what there is, its cells, the facts behind a cell, its runs, builds.

Whoever may read the catalogue sees what an asset is; cells and rows are asked of the gate of data.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream
from msgspec import Struct

from danshu.capabilities.assets.quality import Quality
from danshu.faces.http import problems
from danshu.faces.http.framework import PROBLEMS, READ_PROBLEMS, held_of, hub_of, may, respond
from danshu.faces.http.jobs import JobView, mine, runner_of, show_job
from danshu.faces.http.questions import Cursor, Limit, read_before, write_place
from danshu.faces.http.workbench import who_of
from danshu.hub import asset_builds, asset_runs, assets, data_gates
from danshu.hub.asset_cells import Cells
from danshu.hub.asset_trace import Traced
from danshu.hub.asset_views import AssetLine, AssetPage
from danshu.hub.compose import Hub
from danshu.hub.data_gates import Passage
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import ASSET_PAGE, ASSET_QUESTION_CHARS

_EVENTS_AT_ONCE: Final = 100
Name = FromPath[str]
Conditions = Annotated[
    str,
    QueryParameter(
        max_length=ASSET_QUESTION_CHARS,
        description='conditions as JSON: {"hour": 3, "day>=": "2026-11-01"}',
    ),
]
Order = Annotated[
    str, QueryParameter(max_length=65, description="a column, -column for the largest first")
]
Place = Annotated[
    str, QueryParameter(max_length=ASSET_QUESTION_CHARS, description="`next` of the page before")
]
PageSize = Annotated[int, QueryParameter(ge=1, le=ASSET_PAGE)]
_decode_conditions: Final = msgspec.json.Decoder(dict[str, str | int]).decode


class AssetList(Struct, frozen=True, kw_only=True):
    """All assets by name."""

    items: tuple[AssetLine, ...]


class AssetRun(Struct, frozen=True, kw_only=True):
    """A run. `formulas` is the digest of the query, `positions` how far each book was read,
    `digest` that of the file; 0 and "" where it failed (`trouble`).
    """

    run: uuid.UUID
    version: int
    formulas: str
    began: str
    seconds: float
    outcome: str
    trouble: str
    positions: dict[str, int]
    rows: int
    size: int
    digest: str
    score: int
    quality: Quality


class AssetRuns(Struct, frozen=True, kw_only=True):
    """Runs, the newest first; `next` is "" at the end."""

    items: tuple[AssetRun, ...]
    next: str


@get(
    "/v1/assets",
    operation_id="listAssets",
    tags=["assets"],
    responses=READ_PROBLEMS,
    guards=[may("asset.read")],
)
async def list_assets(request: Request[Any, Any, Any]) -> AssetList:
    """List the assets: version, owner, level, state, quality, size."""
    found = await assets.list_assets(hub_of(request), held_of(request).tenant)
    return AssetList(items=found)


@get(
    "/v1/assets/{name:str}",
    operation_id="getAsset",
    tags=["assets"],
    responses=READ_PROBLEMS,
    guards=[may("asset.read")],
)
async def get_asset(name: Name, request: Request[Any, Any, Any]) -> AssetPage:
    """Read an asset: columns, checks, chart, sources, and its query in each dialect."""
    return await assets.read_page(hub_of(request), held_of(request).tenant, name)


@get(
    "/v1/assets/{name:str}/cells",
    operation_id="listAssetCells",
    tags=["assets"],
    responses=PROBLEMS,
    guards=[may("asset.read")],
)
async def list_cells(
    name: Name,
    request: Request[Any, Any, Any],
    where: Conditions = "",
    order: Order = "",
    after: Place = "",
    limit: PageSize = 100,
) -> Response[Cells]:
    """List cells, by the gate of data. Cells of few people are hidden from who may not see rows."""
    hub, held = hub_of(request), held_of(request)
    asked = read_conditions(where)
    passed = await data_gates.ask(hub, held.tenant, held.seated, asset=name, act="aggregate")
    if isinstance(passed, Refusal):
        return respond(problems.of(passed))
    sees = await data_gates.ask(hub, held.tenant, held.seated, asset=name, act="view")
    found = await assets.read_cells(
        hub, held.tenant, name, asked, order, after, limit, hides_few=isinstance(sees, Refusal)
    )
    return Response(found)


@get(
    "/v1/assets/{name:str}/trace",
    operation_id="traceAssetCell",
    tags=["assets"],
    responses=PROBLEMS,
    guards=[may("asset.read")],
)
async def trace_cell(
    name: Name,
    request: Request[Any, Any, Any],
    cell: Conditions = "",
    after: Place = "",
    limit: Limit = 50,
) -> Response[Traced]:
    """Name the facts behind a cell: who said what when, on which raw message. Asks the gate."""
    hub, held = hub_of(request), held_of(request)
    asked = read_conditions(cell)
    passed: Passage | Refusal = await data_gates.ask(
        hub, held.tenant, held.seated, asset=name, act="view"
    )
    if isinstance(passed, Refusal):
        return respond(problems.of(passed))
    found = await assets.trace(hub, held.tenant, name, asked, after, limit, passed.masked)
    return Response(found)


@get(
    "/v1/assets/{name:str}/runs",
    operation_id="listAssetRuns",
    tags=["assets"],
    responses=READ_PROBLEMS,
    guards=[may("asset.read")],
)
async def list_runs(
    name: Name, request: Request[Any, Any, Any], cursor: Cursor = "", limit: Limit = 20
) -> AssetRuns:
    """List the builds of an asset, the newest first."""
    asset = assets.find(name)
    before = read_before(cursor)
    async with hub_of(request).connection() as connection:
        found = await asset_runs.list_runs(
            connection, held_of(request).tenant, asset.name, before, limit + 1
        )
    more = len(found) > limit
    return AssetRuns(
        items=tuple(_show(run) for run in found[:limit]),
        next=write_place(str(found[limit - 1].run)) if more else "",
    )


@post(
    "/v1/assets/{name:str}/build",
    operation_id="buildAsset",
    tags=["assets"],
    responses=PROBLEMS,
    guards=[may("asset.write")],
    status_code=202,
)
async def build_asset(name: Name, request: Request[Any, Any, Any]) -> JobView:
    """Build an asset now where the log has grown, as a job that can be cancelled."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        id_ = await asset_builds.ask(connection, held.tenant, (name,), who_of(held), held.actor)
    runner_of(request).wake()
    return show_job(await mine(request, id_), held)


@get(
    "/v1/assets/runs/{run_id:uuid}/lineage",
    operation_id="getAssetLineage",
    tags=["assets"],
    responses=READ_PROBLEMS,
    guards=[may("asset.read")],
)
async def get_lineage(
    run_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> list[dict[str, Any]]:
    """Read the OpenLineage events of a run, the first first."""
    async with hub_of(request).connection() as connection:
        return await asset_runs.read_events(connection, held_of(request).tenant, run_id)


@get(
    "/v1/assets/lineage",
    operation_id="streamAssetLineage",
    tags=["assets"],
    media_type="application/x-ndjson",
    responses=READ_PROBLEMS,
    guards=[may("asset.read")],
)
async def stream_lineage(request: Request[Any, Any, Any], after: Cursor = "") -> Stream:
    """Give the OpenLineage events of all runs after a run (its id), one a line, oldest first."""
    try:
        begin = uuid.UUID(after) if after else None
    except ValueError as error:
        raise InputError("bad_cursor", "`after` is the id of a run", "/after") from error
    lines = _lines(hub_of(request), held_of(request).tenant, begin)
    return Stream(lines, media_type="application/x-ndjson")


async def _lines(hub: Hub, tenant: int, after: uuid.UUID | None) -> AsyncIterator[bytes]:
    while True:
        async with hub.connection() as connection:
            found = await asset_runs.list_events(connection, tenant, after, _EVENTS_AT_ONCE)
        yield b"".join(msgspec.json.encode(e) + b"\n" for _, events in found for e in events)
        if len(found) < _EVENTS_AT_ONCE:
            return
        after = found[-1][0]


def read_conditions(text: str) -> dict[str, str | int]:
    """Read conditions. Raises InputError `bad_filter`."""
    if not text:
        return {}
    try:
        return _decode_conditions(text)
    except msgspec.DecodeError as error:
        raise InputError("bad_filter", f"the conditions are no JSON: {error}", "/where") from error


def _show(run: asset_runs.Run) -> AssetRun:
    return AssetRun(
        run=run.run,
        version=run.version,
        formulas=run.formulas,
        began=rfc3339(run.began_ms),
        seconds=run.seconds,
        outcome=run.outcome,
        trouble=run.trouble,
        positions=run.inputs,
        rows=run.rows,
        size=run.bytes,
        digest=run.digest,
        score=run.quality.score,
        quality=run.quality,
    )


ROUTES: Final = [
    list_assets,
    get_asset,
    list_cells,
    trace_cell,
    list_runs,
    build_asset,
    get_lineage,
    stream_lineage,
]
