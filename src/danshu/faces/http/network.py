"""网络: who will be short, what is kept back, what should move, scenarios, settings."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.network.model import NetworkScenario, NetworkSettings
from danshu.faces.http import problems
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of, respond
from danshu.faces.http.jobs import runner_of
from danshu.faces.http.questions import Cursor, Limit, read_before, read_place, write_place
from danshu.faces.http.workbench import who_of
from danshu.hub import jobs, network_lists, network_runs, network_settings
from danshu.hub.fields import PLAIN
from danshu.hub.network_lists import NetworkDetail, NetworkMove, NetworkPlacement, NetworkRow
from danshu.hub.network_runs import NetworkRun
from danshu.kernel.errors import InputError, Refusal

Ask = Request[Any, Any, Any]
_RUN: Final = "/v1/network/runs/{run_id:uuid}"
_Code = Annotated[str, QueryParameter(max_length=64, pattern=PLAIN)]
_View = Annotated[Literal["short", "safety", "slow"], QueryParameter(name="view")]
_Kind = Annotated[Literal["", "plan", "scenario"], QueryParameter(name="kind")]


class Network(Struct, frozen=True, kw_only=True):
    """The newest plan and the newest run of a plan, whatever became of it; None before the first.
    `has_forecast` is false while there is nothing to plan by.
    """

    plan: NetworkRun | None
    last: NetworkRun | None
    warehouses: tuple[str, ...]
    has_forecast: bool


class NetworkRowPage(Struct, frozen=True, kw_only=True):
    """Rows of the newest plan; `next` is "" at the end."""

    items: tuple[NetworkRow, ...]
    next: str


class NetworkMovePage(Struct, frozen=True, kw_only=True):
    """Moves of the newest plan, those that bring most first; `next` is "" at the end."""

    items: tuple[NetworkMove, ...]
    next: str


class NetworkRunPage(Struct, frozen=True, kw_only=True):
    """Runs, the newest first; `next` is "" at the end."""

    items: tuple[NetworkRun, ...]
    next: str


class NetworkKept(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings and their version: what is sent follows `version`; 0 is what holds without any."""

    version: Annotated[int, Meta(ge=0, le=1_000_000)]
    settings: NetworkSettings


class NewNetworkRun(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan asked for by a person."""


class NetworkLaunch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New goods that are placed for the first time: `quantity` units, selling like `like`."""

    like: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    quantity: Annotated[int, Meta(ge=1, le=10_000_000)]


class NetworkPlacements(Struct, frozen=True, kw_only=True):
    """Where a launch's units should go, most first."""

    items: tuple[NetworkPlacement, ...]


@get("/v1/network", **declare_read("getNetwork", "network", "forecast.read"))
async def get_network(request: Ask) -> Network:
    """Read the newest plan, and how the newest run of one fares."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        run, _ = await network_lists.read_head(connection, tenant)
        plan = await network_runs.read(connection, tenant, uuid.UUID(run)) if run else None
        newest = await network_runs.list_runs(connection, tenant, "plan", read_before(""), 1)
        warehouses, has_forecast = await network_lists.read_ground(connection, tenant)
    return Network(
        plan=plan,
        last=newest[0] if newest else None,
        warehouses=warehouses,
        has_forecast=has_forecast,
    )


@get("/v1/network/rows", **declare_read("listNetworkRows", "network", "forecast.read"))
async def list_rows(
    request: Ask,
    view: _View = "short",
    warehouse: _Code = "",
    sku: _Code = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> NetworkRowPage:
    """List who will be short, whose safety stock should change, or what sells too slowly."""
    after = [int(n) for n in read_place(cursor, str, str, str)] if cursor else None
    async with hub_of(request).connection() as connection:
        found, more = await network_lists.list_rows(
            connection, held_of(request).tenant, view, after, limit, warehouse, sku
        )
    return NetworkRowPage(
        items=tuple(found), next=write_place(*[str(n) for n in more]) if more else ""
    )


@get("/v1/network/row", **declare_read("getNetworkRow", "network", "forecast.read"))
async def get_row(request: Ask, warehouse: _Code, sku: _Code) -> NetworkDetail:
    """Read a SKU in a warehouse in full: its stock by day, and where more could come from."""
    return await network_lists.read_detail(hub_of(request), held_of(request).tenant, warehouse, sku)


@get("/v1/network/moves", **declare_read("listNetworkMoves", "network", "forecast.read"))
async def list_moves(
    request: Ask, warehouse: _Code = "", sku: _Code = "", cursor: Cursor = "", limit: Limit = 50
) -> NetworkMovePage:
    """List the moves that the newest plan asks for; `warehouse` is where to."""
    after = [int(n) for n in read_place(cursor, int, int)] if cursor else None
    async with hub_of(request).connection() as connection:
        found, more = await network_lists.list_moves(
            connection, held_of(request).tenant, after, limit, warehouse, sku
        )
    return NetworkMovePage(items=tuple(found), next=write_place(*more) if more else "")


@get("/v1/network/runs", **declare_read("listNetworkRuns", "network", "forecast.read"))
async def list_runs(
    request: Ask, kind: _Kind = "", cursor: Cursor = "", limit: Limit = 20
) -> NetworkRunPage:
    """List plans and scenarios, the newest first."""
    async with hub_of(request).connection() as connection:
        found = await network_runs.list_runs(
            connection, held_of(request).tenant, kind, read_before(cursor), limit + 1
        )
    more = write_place(str(found[limit - 1].id)) if len(found) > limit else ""
    return NetworkRunPage(items=tuple(found[:limit]), next=more)


@post(
    "/v1/network/runs",
    status_code=202,
    **declare_write("beginNetworkPlan", "network", "network.write"),
)
async def begin_plan(data: JSONBody[NewNetworkRun], request: Ask) -> NetworkRun:
    """Plan the network anew now; joins a plan that still waits."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        id_ = await network_runs.ask_plan(
            connection, held.tenant, "person", who_of(held), held.actor
        )
        run = await network_runs.read(connection, held.tenant, id_)
    runner_of(request).wake()
    return run


@post(
    "/v1/network/scenarios",
    status_code=202,
    **declare_write("beginNetworkScenario", "network", "network.write"),
)
async def begin_scenario(data: JSONBody[NetworkScenario], request: Ask) -> NetworkRun:
    """Play a scenario beside now on recorded demand."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        id_ = await network_runs.ask_scenario(
            connection, held.tenant, data, who_of(held), held.actor
        )
        run = await network_runs.read(connection, held.tenant, id_)
    runner_of(request).wake()
    return run


@get(_RUN, **declare_read("getNetworkRun", "network", "forecast.read"))
async def get_run(run_id: FromPath[uuid.UUID], request: Ask) -> NetworkRun:
    """Read a run: how far it is, what it found."""
    async with hub_of(request).connection() as connection:
        return await network_runs.read(connection, held_of(request).tenant, run_id)


@post(
    f"{_RUN}/cancel",
    status_code=200,
    **declare_write("cancelNetworkRun", "network", "network.write"),
)
async def cancel_run(
    run_id: FromPath[uuid.UUID], data: JSONBody[NewNetworkRun], request: Ask
) -> NetworkRun:
    """Stop a run; nothing of it is kept."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        await network_runs.read(connection, tenant, run_id)
        if not await jobs.stop(connection, tenant, run_id):
            raise InputError("not_now", "this run has ended")
        return await network_runs.read(connection, tenant, run_id)


@get("/v1/network/settings", **declare_read("getNetworkSettings", "network", "forecast.read"))
async def get_settings(request: Ask) -> NetworkKept:
    """Read service levels, lead times, trucks and costs."""
    async with hub_of(request).connection() as connection:
        kept = await network_settings.read(connection, held_of(request).tenant)
    return NetworkKept(version=kept.version, settings=kept.settings)


@put("/v1/network/settings", **declare_write("putNetworkSettings", "network", "network.write"))
async def put_settings(data: JSONBody[NetworkKept], request: Ask) -> Response[NetworkKept]:
    """Set them; the next plan goes by them."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        kept = await network_settings.put(
            connection, held.tenant, data.version, data.settings, held.actor
        )
    if isinstance(kept, Refusal):
        return respond(problems.of(kept))
    return Response(NetworkKept(version=kept.version, settings=kept.settings))


@post(
    "/v1/network/launches",
    status_code=200,
    **declare_write("placeNetworkLaunch", "network", "network.write"),
)
async def place_launch(data: JSONBody[NetworkLaunch], request: Ask) -> NetworkPlacements:
    """Tell where the first units of new goods should go. Nothing is moved by it."""
    hub = hub_of(request)
    async with hub.connection() as connection:
        found = await network_lists.place_launch(
            connection, held_of(request).tenant, data.like, data.quantity, hub.clock()
        )
    return NetworkPlacements(items=tuple(found))


ROUTES: Final = [
    get_network,
    list_rows,
    get_row,
    list_moves,
    list_runs,
    begin_plan,
    begin_scenario,
    get_run,
    cancel_run,
    get_settings,
    put_settings,
    place_launch,
]
