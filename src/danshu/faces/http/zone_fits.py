"""Learned physics of cold zones 温区热参数 over HTTP: versions of a warehouse, adopted, retired."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from danshu.faces.http import problems
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    respond,
)
from danshu.hub import twin, zone_fits
from danshu.hub.zone_fits import ZoneFit, ZoneFitWork
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import ZONE_FITS_LISTED


class ZoneFits(Struct, frozen=True, kw_only=True):
    """A warehouse's versions, the newest first; `work`: whether the room is asked to look."""

    items: tuple[ZoneFit, ...]
    work: ZoneFitWork


class ZonePhysicsInForce(Struct, frozen=True, kw_only=True):
    """The zone, and the version that it is forecast by from now on; 0 is the declaration."""

    zone: str
    no: int


@get(
    "/v1/twin/{warehouse:str}/fits",
    operation_id="listZoneFits",
    tags=["twin"],
    responses=READ_PROBLEMS,
    guards=[may("routing.read")],
)
async def list_fits(warehouse: FromPath[str], request: Request[Any, Any, Any]) -> ZoneFits:
    """List what was learned of a warehouse's cold zones, each held against what was in force on
    warm-ups and pull-downs that neither had seen.
    """
    hub, tenant = hub_of(request), held_of(request).tenant
    _check(warehouse, await hub.worlds.ensure(tenant))
    async with hub.connection() as connection:
        found = await zone_fits.versions(connection, tenant, warehouse, ZONE_FITS_LISTED)
        work = await zone_fits.read_work(connection, tenant, warehouse)
    return ZoneFits(items=tuple(found), work=work)


@post(
    "/v1/twin/{warehouse:str}/fits",
    operation_id="learnZones",
    tags=["twin"],
    responses=PROBLEMS,
    guards=[may("routing.write")],
    status_code=202,
)
async def learn_zones(warehouse: FromPath[str], request: Request[Any, Any, Any]) -> ZoneFitWork:
    """Ask for a look at the zones' series now; it proposes, and uses nothing."""
    hub, tenant = hub_of(request), held_of(request).tenant
    _check(warehouse, await hub.worlds.ensure(tenant))
    async with hub.connection() as connection:
        await zone_fits.WORK.want(connection, tenant)
        return await zone_fits.read_work(connection, tenant, warehouse)


@post(
    "/v1/twin/{warehouse:str}/fits/{version_no:int}/adopt",
    operation_id="adoptZoneFit",
    tags=["twin"],
    responses=PROBLEMS,
    guards=[may("routing.activate")],
    status_code=200,
)
async def adopt_fit(
    warehouse: FromPath[str], version_no: FromPath[int], request: Request[Any, Any, Any]
) -> Response[ZonePhysicsInForce]:
    """Forecast a zone by a version from now on. Only one that passed, and only while what it was
    compared with is still in force.
    """
    hub, held = hub_of(request), held_of(request)
    world = await hub.worlds.ensure(held.tenant)
    _check(warehouse, world)
    async with hub.connection() as connection:
        floors = await twin.read_floors(connection, held.tenant, world.snapshot.network, warehouse)
        place = (warehouse, version_no)
        done = await zone_fits.adopt(connection, held.tenant, held.actor, place, floors[warehouse])
    return _answer(done, version_no)


@post(
    "/v1/twin/{warehouse:str}/fits/{version_no:int}/retire",
    operation_id="retireZoneFit",
    tags=["twin"],
    responses=PROBLEMS,
    guards=[may("routing.rollback")],
    status_code=200,
)
async def retire_fit(
    warehouse: FromPath[str], version_no: FromPath[int], request: Request[Any, Any, Any]
) -> Response[ZonePhysicsInForce]:
    """Forecast a zone as its floor declares again."""
    hub, held = hub_of(request), held_of(request)
    _check(warehouse, await hub.worlds.ensure(held.tenant))
    async with hub.connection() as connection:
        place = (warehouse, version_no)
        done = await zone_fits.retire(connection, held.tenant, held.actor, place)
    return _answer(done, 0)


def _check(warehouse: str, world: Any) -> None:
    if warehouse not in world.warehouse_no:
        raise twin.NO_WAREHOUSE


def _answer(done: str | Refusal, no: int) -> Response[ZonePhysicsInForce]:
    if isinstance(done, Refusal):
        return respond(problems.of(done))
    return Response(ZonePhysicsInForce(zone=done, no=no))


ROUTES: Final = [list_fits, learn_zones, adopt_fit, retire_fit]
