"""Resilience 业务韧性 over HTTP: marks, what losing warehouses would cost, the gate's settings."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.jobs import runner_of
from danshu.faces.http.questions import Word
from danshu.faces.http.workbench import who_of
from danshu.hub import jobs, resilience, resilience_views
from danshu.hub.resilience_views import DayMark, LossRun, ResilienceView
from danshu.kernel.errors import InputError
from danshu.kernel.limits import LANE_FEN, REPLAN_CAUSE_CHARS

_RUNS: Final = 5
Days = Annotated[int, QueryParameter(ge=1, le=366, description="days back, today included")]


class Simulate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why losses are simulated now, in one's own words."""

    cause: Annotated[str, Meta(max_length=REPLAN_CAUSE_CHARS)] = ""


class ResilienceSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Under which index (0 = never) a warehouse gets no new volume, as long as an alternative costs
    at most `surcharge_fen` 分 more.
    """

    threshold: Annotated[int, Meta(ge=0, le=100)]
    surcharge_fen: Annotated[int, Meta(ge=0, le=LANE_FEN)]


class ResilienceDays(Struct, frozen=True, kw_only=True):
    """Marks by day, the oldest first."""

    items: tuple[DayMark, ...]


@get(
    "/v1/resilience",
    operation_id="getResilience",
    tags=["resilience"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def get_resilience(request: Request[Any, Any, Any]) -> ResilienceView:
    """Read the marks of network and warehouses, and what losing each would cost."""
    hub = hub_of(request)
    world = await hub.worlds.ensure(held_of(request).tenant)
    async with hub.connection() as connection:
        return await resilience_views.read(connection, world, _RUNS)


@get(
    "/v1/resilience/days",
    operation_id="listResilienceDays",
    tags=["resilience"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_days(
    request: Request[Any, Any, Any], warehouse: Word = "", days: Days = 30
) -> ResilienceDays:
    """List the marks of the last days: of a warehouse, or of the network."""
    async with hub_of(request).connection() as connection:
        found = await resilience_views.list_days(
            connection, held_of(request).tenant, warehouse, days
        )
    return ResilienceDays(items=tuple(found))


@post(
    "/v1/resilience/marks",
    operation_id="markResilience",
    tags=["resilience"],
    responses=PROBLEMS,
    guards=[may("replan.run")],
    status_code=200,
)
async def mark_now(request: Request[Any, Any, Any]) -> ResilienceView:
    """Mark all warehouses now; the marks are today's."""
    hub, tenant = hub_of(request), held_of(request).tenant
    world = await hub.worlds.ensure(tenant)
    async with hub.connection() as connection:
        await resilience.mark(connection, tenant)
        return await resilience_views.read(connection, world, _RUNS)


@post(
    "/v1/resilience/runs",
    operation_id="simulateLosses",
    tags=["resilience"],
    responses=PROBLEMS,
    guards=[may("replan.run"), only_json],
    status_code=202,
)
async def simulate(data: JSONBody[Simulate], request: Request[Any, Any, Any]) -> LossRun:
    """Simulate the loss of each warehouse, and of pairs, now; joins a run that has not ended."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        id_ = await resilience.ask(connection, held.tenant, data.cause, who_of(held), held.actor)
        run = await resilience_views.read_run(connection, held.tenant, id_)
    runner_of(request).wake()
    return run


@get(
    "/v1/resilience/runs/{run_id:uuid}",
    operation_id="getLossRun",
    tags=["resilience"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def get_run(run_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> LossRun:
    """Read a simulation: how far it is, what it found."""
    async with hub_of(request).connection() as connection:
        return await resilience_views.read_run(connection, held_of(request).tenant, run_id)


@post(
    "/v1/resilience/runs/{run_id:uuid}/cancel",
    operation_id="cancelLossRun",
    tags=["resilience"],
    responses=PROBLEMS,
    guards=[may("replan.run")],
    status_code=200,
)
async def cancel_run(run_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> LossRun:
    """Stop a simulation; what it has found so far is kept."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        run = await resilience_views.read_run(connection, tenant, run_id)
        if not await jobs.stop(connection, tenant, run.id):
            raise InputError("not_now", "this simulation has ended")
        return await resilience_views.read_run(connection, tenant, run_id)


@put(
    "/v1/resilience/settings",
    operation_id="putResilienceSettings",
    tags=["resilience"],
    responses=PROBLEMS,
    guards=[may("replan.run"), only_json],
)
async def put_settings(
    data: JSONBody[ResilienceSettings], request: Request[Any, Any, Any]
) -> ResilienceSettings:
    """Set under which index a warehouse gets no new volume, and how dear an alternative may be."""
    wanted = resilience.Settings(threshold=data.threshold, surcharge_fen=data.surcharge_fen)
    async with hub_of(request).connection() as connection:
        await resilience.set_settings(connection, held_of(request).tenant, wanted)
    return data


ROUTES: Final = [
    get_resilience,
    list_days,
    mark_now,
    simulate,
    get_run,
    cancel_run,
    put_settings,
]
