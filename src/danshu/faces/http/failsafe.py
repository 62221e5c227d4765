"""Fail-safe over HTTP: classes that the breaker stopped, taken again; cold equipment."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Request, get, post, put
from litestar.params import JSONBody
from msgspec import Meta, Struct

from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import cold_equipment, failsafe
from danshu.hub.cold_equipment import Equipment
from danshu.hub.failsafe import ClassStop
from danshu.hub.fields import PLAIN
from danshu.kernel.limits import REASON_CHARS

_MOST: Final = 2**31 - 1


class ClassStopPage(Struct, frozen=True, kw_only=True):
    """Stops, newest first; `next` is "" at the end."""

    items: tuple[ClassStop, ...]
    next: str


class Resumption(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which class is taken again, and why."""

    storage: Literal["chilled", "frozen"]
    reason: Annotated[str, Meta(min_length=1, max_length=REASON_CHARS, pattern=PLAIN)]


class EquipmentList(Struct, frozen=True, kw_only=True):
    """A merchant's cold equipment by code."""

    items: tuple[Equipment, ...]


class EquipmentTold(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An equipment by its code; without `active` it may be used."""

    code: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    name: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = ""
    active: bool = True


@get(
    "/v1/class-stops",
    operation_id="listClassStops",
    tags=["decisions"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_class_stops(
    request: Request[Any, Any, Any], cursor: Cursor = "", limit: Limit = 20
) -> ClassStopPage:
    """List the classes that the breaker stopped, newest first."""
    before = min(int(read_place(cursor, int)[0]), _MOST) if cursor else _MOST
    async with hub_of(request).connection() as connection:
        found = await failsafe.list_stops(connection, held_of(request).tenant, before, limit + 1)
    more = found[limit - 1] if len(found) > limit else None
    return ClassStopPage(items=tuple(found[:limit]), next=write_place(more.no) if more else "")


@post(
    "/v1/class-stops/resume",
    operation_id="resumeClass",
    tags=["decisions"],
    responses=PROBLEMS,
    guards=[may("replan.run"), only_json],
    status_code=204,
)
async def resume_class(data: JSONBody[Resumption], request: Request[Any, Any, Any]) -> None:
    """Take a stopped class again: somebody has looked, and says why."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await failsafe.resume(connection, held.tenant, data.storage, data.reason, held.actor)


@get(
    "/v1/cold-equipment",
    operation_id="listColdEquipment",
    tags=["decisions"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_equipment(request: Request[Any, Any, Any]) -> EquipmentList:
    """List the equipment that cold goods may leave with."""
    async with hub_of(request).connection() as connection:
        found = await cold_equipment.list_all(connection, held_of(request).tenant)
    return EquipmentList(items=tuple(found))


@put(
    "/v1/cold-equipment",
    operation_id="putColdEquipment",
    tags=["decisions"],
    responses=PROBLEMS,
    guards=[may("master.write"), only_json],
)
async def put_equipment(
    data: JSONBody[EquipmentTold], request: Request[Any, Any, Any]
) -> Equipment:
    """Register an equipment, or take it out of use. With the first one, chilled and frozen goods
    are handed over only with the id of an active one.
    """
    held = held_of(request)
    told = Equipment(code=data.code, name=data.name, active=data.active)
    hub = hub_of(request)
    async with hub.connection() as connection:
        await cold_equipment.put(connection, held.tenant, told, held.actor)
    hub.worlds.forget(held.tenant)
    return told


ROUTES: Final = [list_class_stops, resume_class, list_equipment, put_equipment]
