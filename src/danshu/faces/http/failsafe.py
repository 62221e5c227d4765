"""Fail-safe over HTTP: classes that the breaker stopped, taken again; cold equipment."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Request, get, post, put
from litestar.params import JSONBody
from msgspec import Meta, Struct

from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.placing import Instant
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import cold_dispatch, cold_equipment, failsafe
from danshu.hub.cold_dispatch import State
from danshu.hub.cold_equipment import Equipment
from danshu.hub.failsafe import ClassStop
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import InputError
from danshu.kernel.limits import BATCH_BODY_BYTES, REASON_CHARS

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
    warehouse: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = ""


class EquipmentReading(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an equipment tells of itself: °C inside where it has a probe; health 0 to 1."""

    code: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    observed: Instant
    health: Annotated[float, Meta(ge=0, le=1)]
    temperature_c: Annotated[float, Meta(ge=-100, le=100)] | None = None


class EquipmentReadings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Readings of many."""

    items: Annotated[tuple[EquipmentReading, ...], Meta(min_length=1, max_length=1_000)]


class EquipmentFaults(Struct, frozen=True, kw_only=True):
    """Codes whose readings were not taken: not registered, or of the future."""

    faults: tuple[str, ...]


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


@get("/v1/cold-equipment", **declare_read("listColdEquipment", "decisions", "order.read"))
async def list_equipment(request: Request[Any, Any, Any]) -> EquipmentList:
    """List the equipment that cold goods may leave with."""
    async with hub_of(request).connection() as connection:
        found = await cold_equipment.list_all(connection, held_of(request).tenant)
    return EquipmentList(items=tuple(found))


@put(
    "/v1/cold-equipment",
    **declare_write("putColdEquipment", "decisions", "master.write", BATCH_BODY_BYTES),
)
async def put_equipment(
    data: JSONBody[EquipmentTold], request: Request[Any, Any, Any]
) -> Equipment:
    """Register an equipment, or take it out of use. With the first one, chilled and frozen goods
    are handed over only with the id of an active one.
    """
    held = held_of(request)
    told = Equipment(code=data.code, name=data.name, active=data.active, warehouse=data.warehouse)
    hub = hub_of(request)
    if told.warehouse and told.warehouse not in (await hub.worlds.ensure(held.tenant)).warehouse_no:
        raise InputError("unknown_warehouse", f"no warehouse {told.warehouse!r}", "/warehouse")
    async with hub.connection() as connection:
        await cold_equipment.put(connection, held.tenant, told, held.actor)
    hub.worlds.forget(held.tenant)
    return told


@post(
    "/v1/cold-equipment/readings",
    operation_id="tellColdEquipment",
    tags=["decisions"],
    responses=PROBLEMS,
    guards=[may("signal.write"), only_json],
    status_code=200,
)
async def tell_equipment(
    data: JSONBody[EquipmentReadings], request: Request[Any, Any, Any]
) -> EquipmentFaults:
    """Take what equipment tells of itself; the newest of each counts when goods leave with it."""
    hub, held = hub_of(request), held_of(request)
    states = [
        State(
            code=item.code,
            observed_ms=round(item.observed.timestamp() * 1000),
            celsius=item.temperature_c,
            health=item.health,
        )
        for item in data.items
    ]
    async with hub.connection() as connection:
        faults = await cold_dispatch.tell(connection, held.tenant, states, hub.clock())
    return EquipmentFaults(faults=tuple(faults))


ROUTES: Final = [list_class_stops, resume_class, list_equipment, put_equipment, tell_equipment]
