"""Digital twin 数字孪生 over HTTP: warehouses, their floors, a past hour of one, what moves."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.routing.score import CLASSES
from danshu.capabilities.routing.twin.floor import Floor
from danshu.capabilities.routing.twin.state import Frame
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.questions import From, To, epoch
from danshu.hub import pictures, twin, twin_room, twin_views
from danshu.hub.twin_views import TwinFloorView, TwinMoment, TwinWarehouse
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import REASON_CHARS, TWIN_BYTES, TWIN_REPLAY_MIN

_MIN_MS: Final = 60_000


class Twins(Struct, frozen=True, kw_only=True):
    """All warehouses at one moment, the worst first."""

    at: str
    items: tuple[TwinWarehouse, ...]


class TwinReplay(Struct, frozen=True, kw_only=True):
    """A floor's states, a minute each; both ends are in it."""

    code: str
    floor: Floor
    items: tuple[TwinMoment, ...]


class TakeAgain(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a stopped class is taken again: what somebody found on the spot."""

    storage: str
    reason: Annotated[str, Meta(min_length=1, max_length=REASON_CHARS)]


@get(
    "/v1/twin",
    operation_id="listTwins",
    tags=["twin"],
    responses=READ_PROBLEMS,
    guards=[may("signal.read")],
)
async def list_twins(request: Request[Any, Any, Any]) -> Twins:
    """List all warehouses with their worst zone and how old what is known of them is."""
    hub = hub_of(request)
    world = await hub.worlds.ensure(held_of(request).tenant)
    at_ms = hub.clock()
    async with hub.connection() as connection:
        items = await twin_views.list_warehouses(connection, world, at_ms)
    return Twins(at=rfc3339(at_ms), items=tuple(items))


@get(
    "/v1/twin/{warehouse:str}",
    operation_id="getTwin",
    tags=["twin"],
    responses=READ_PROBLEMS,
    guards=[may("signal.read")],
)
async def get_twin(warehouse: FromPath[str], request: Request[Any, Any, Any]) -> TwinFloorView:
    """Read a warehouse's floor now: zones with probes and forecast, what moves, its signals."""
    hub = hub_of(request)
    world = await hub.worlds.ensure(held_of(request).tenant)
    async with hub.connection() as connection:
        return await twin_views.read_floor(connection, world, warehouse, hub.clock())


@get(
    "/v1/twin/{warehouse:str}/replay",
    operation_id="replayTwin",
    tags=["twin"],
    responses=READ_PROBLEMS,
    guards=[may("signal.read")],
)
async def replay_twin(
    warehouse: FromPath[str], request: Request[Any, Any, Any], from_: From = None, to: To = None
) -> TwinReplay:
    """Read a floor as it was in each minute of a past span, at most an hour; without a span, of
    the last hour.
    """
    hub = hub_of(request)
    tenant = held_of(request).tenant
    world = await hub.worlds.ensure(tenant)
    high = min(epoch(to, "/to") or hub.clock(), hub.clock())
    low = epoch(from_, "/from") or high - TWIN_REPLAY_MIN * _MIN_MS
    if not 0 < low <= high or high - low > TWIN_REPLAY_MIN * _MIN_MS:
        raise InputError("bad_filter", f"a span of at most {TWIN_REPLAY_MIN} min", "/from")
    async with hub.connection() as connection:
        items = await twin_views.replay(connection, world, warehouse, (low, high))
        network = world.snapshot.network
        floors = await twin.read_floors(connection, tenant, network, warehouse)
    return TwinReplay(code=warehouse, floor=floors[warehouse], items=tuple(items))


@put(
    "/v1/twin/{warehouse:str}/floor",
    operation_id="putTwinFloor",
    tags=["twin"],
    responses=PROBLEMS,
    guards=[may("master.write"), only_json],
    request_max_body_size=TWIN_BYTES,
)
async def put_floor(
    warehouse: FromPath[str], data: JSONBody[Floor], request: Request[Any, Any, Any]
) -> Floor:
    """Declare a warehouse's floor: zones in metres, probes, cold units, docks, tracks."""
    hub, tenant = hub_of(request), held_of(request).tenant
    _check(warehouse, await hub.worlds.ensure(tenant))
    async with hub.connection() as connection:
        return await twin.put_floor(connection, tenant, warehouse, data)


@post(
    "/v1/twin/{warehouse:str}/frames",
    operation_id="tellTwinFrame",
    tags=["twin"],
    responses=PROBLEMS,
    guards=[may("signal.write"), only_json],
    status_code=202,
    request_max_body_size=TWIN_BYTES,
)
async def tell_frame(
    warehouse: FromPath[str], data: JSONBody[Frame], request: Request[Any, Any, Any]
) -> Frame:
    """Tell what moves on a floor at one moment: AGVs, forklifts, docks, cold units, people."""
    hub, tenant = hub_of(request), held_of(request).tenant
    _check(warehouse, await hub.worlds.ensure(tenant))
    async with hub.connection() as connection:
        return await twin.put_frame(connection, tenant, warehouse, data, hub.clock())


@post(
    "/v1/twin/{warehouse:str}/clear",
    operation_id="clearTwinStop",
    tags=["twin"],
    responses=PROBLEMS,
    guards=[may("signal.retire"), only_json],
    status_code=204,
)
async def clear_stop(
    warehouse: FromPath[str], data: JSONBody[TakeAgain], request: Request[Any, Any, Any]
) -> None:
    """Take a stopped class again: somebody has measured on the spot. A forecast that still stands
    stops it again within seconds.
    """
    held = held_of(request)
    if data.storage not in CLASSES:
        raise InputError("bad_filter", "no storage class is called so", "/storage")
    place = (warehouse, data.storage)
    async with hub_of(request).connection() as connection, connection.transaction():
        done = await twin_room.clear(
            connection, held.tenant, place, "person", data.reason, held.actor
        )
        if not done:
            raise InputError("not_now", "this class is not stopped there")
        await pictures.touch(connection, held.tenant)


def _check(warehouse: str, world: Any) -> None:
    if warehouse not in world.warehouse_no:
        raise twin.NO_WAREHOUSE


ROUTES: Final = [
    list_twins,
    get_twin,
    replay_twin,
    put_floor,
    tell_frame,
    clear_stop,
]
