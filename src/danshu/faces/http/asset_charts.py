"""What charts of assets draw, and what the codes in their cells are called."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, Response, get
from litestar.params import QueryParameter

from danshu.faces.http import problems
from danshu.faces.http.assets import Conditions, Name, Order, read_conditions
from danshu.faces.http.framework import PROBLEMS, READ_PROBLEMS, held_of, hub_of, may, respond
from danshu.hub import asset_charts, data_gates
from danshu.hub.asset_charts import AssetNames, ChartCells
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import ASSET_QUESTION_CHARS

By = Annotated[
    str,
    QueryParameter(
        max_length=ASSET_QUESTION_CHARS,
        description="columns of the grain, separated by commas; left out, as its maker drew it",
    ),
]


@get(
    "/v1/assets/{name:str}/chart",
    operation_id="readAssetChart",
    tags=["assets"],
    responses=PROBLEMS,
    guards=[may("asset.read")],
)
async def read_chart(
    name: Name,
    request: Request[Any, Any, Any],
    by: By = "",
    where: Conditions = "",
    order: Order = "",
) -> Response[ChartCells]:
    """Measure an asset by some of its grains, by the gate of data. Conditions name values of
    grains. Cells of few people are hidden from who may not see rows.
    """
    hub, held = hub_of(request), held_of(request)
    asked = read_conditions(where)
    passed = await data_gates.ask(hub, held.tenant, held.seated, asset=name, act="aggregate")
    if isinstance(passed, Refusal):
        return respond(problems.of(passed))
    sees = await data_gates.ask(hub, held.tenant, held.seated, asset=name, act="view")
    found = await asset_charts.read_chart(
        hub,
        held.tenant,
        name,
        [one.strip() for one in by.split(",") if one.strip()],
        asked,
        order,
        hides_few=isinstance(sees, Refusal),
    )
    return Response(found)


@get(
    "/v1/assets/names",
    operation_id="listAssetNames",
    tags=["assets"],
    responses=READ_PROBLEMS,
    guards=[may("asset.read")],
)
async def list_names(request: Request[Any, Any, Any]) -> AssetNames:
    """List what regions, warehouses and return reasons are called, for cells that name codes."""
    return await asset_charts.read_names(hub_of(request), held_of(request).tenant)


ROUTES: Final = [read_chart, list_names]
