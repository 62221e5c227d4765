"""Replan 重排 over HTTP: runs, what they move, begun and stopped; prices in force; how often."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, get, post, put
from litestar.params import FromPath, JSONBody
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
from danshu.faces.http.jobs import runner_of
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.faces.http.workbench import who_of
from danshu.hub import jobs, lists, replan, replan_views
from danshu.hub.replan_views import PriceSet, Replan, ReplanMove
from danshu.kernel.errors import InputError
from danshu.kernel.limits import LANE_FEN, REPLAN_CAUSE_CHARS


class Begin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a replan is begun, in one's own words."""

    cause: Annotated[str, Meta(max_length=REPLAN_CAUSE_CHARS)] = ""


class ReplanPage(Struct, frozen=True, kw_only=True):
    """Runs, newest first; `next` is "" at the end."""

    items: tuple[Replan, ...]
    next: str


class ReplanMovePage(Struct, frozen=True, kw_only=True):
    """Orders that a run moves, newest first; `next` is "" at the end."""

    items: tuple[ReplanMove, ...]
    next: str


class PriceSets(Struct, frozen=True, kw_only=True):
    """The newest published prices, newest first; at most one is active."""

    items: tuple[PriceSet, ...]


class ReplanSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often open orders are planned anew, 0 = on events only; what moving one costs, 分."""

    every_min: Annotated[int, Meta(ge=0, le=1_440)]
    switching_fen: Annotated[int, Meta(ge=0, le=LANE_FEN)]


def _uuid(text: int | str) -> uuid.UUID:
    try:
        return uuid.UUID(str(text))
    except ValueError as error:
        raise lists.OTHER_QUESTION from error


def _before(cursor: str) -> uuid.UUID:
    return _uuid(read_place(cursor, str)[0]) if cursor else lists.LAST


@get(
    "/v1/replans",
    operation_id="listReplans",
    tags=["decisions"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_replans(
    request: Request[Any, Any, Any], cursor: Cursor = "", limit: Limit = 20
) -> ReplanPage:
    """List the merchant's replans, newest first."""
    async with hub_of(request).connection() as connection:
        found = await replan_views.list_runs(
            connection, held_of(request).tenant, _before(cursor), limit + 1
        )
    more = found[limit - 1] if len(found) > limit else None
    return ReplanPage(items=tuple(found[:limit]), next=write_place(str(more.id)) if more else "")


@post(
    "/v1/replans",
    operation_id="beginReplan",
    tags=["decisions"],
    responses=PROBLEMS,
    guards=[may("replan.run"), only_json],
    status_code=202,
)
async def begin_replan(data: JSONBody[Begin], request: Request[Any, Any, Any]) -> Replan:
    """Plan all open orders anew now; joins a run that still waits."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        id_ = await replan.ask(connection, held.tenant, data.cause, who_of(held), held.actor)
        run = await replan_views.read_run(connection, held.tenant, id_)
    runner_of(request).wake()
    return run


@get(
    "/v1/replans/{run_id:uuid}",
    operation_id="getReplan",
    tags=["decisions"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def get_replan(run_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> Replan:
    """Read a replan: how far it is, what it found, what it moved."""
    async with hub_of(request).connection() as connection:
        return await replan_views.read_run(connection, held_of(request).tenant, run_id)


@get(
    "/v1/replans/{run_id:uuid}/moves",
    operation_id="listReplanMoves",
    tags=["decisions"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_replan_moves(
    run_id: FromPath[uuid.UUID],
    request: Request[Any, Any, Any],
    cursor: Cursor = "",
    limit: Limit = 50,
) -> ReplanMovePage:
    """List the orders that a replan moves, each with what it saves and what became of it."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        await replan_views.read_run(connection, tenant, run_id)
        found = await replan_views.list_moves(
            connection, tenant, run_id, _before(cursor), limit + 1
        )
    more = found[limit - 1] if len(found) > limit else None
    return ReplanMovePage(
        items=tuple(found[:limit]), next=write_place(str(more.order)) if more else ""
    )


@post(
    "/v1/replans/{run_id:uuid}/cancel",
    operation_id="cancelReplan",
    tags=["decisions"],
    responses=PROBLEMS,
    guards=[may("replan.run")],
    status_code=200,
)
async def cancel_replan(run_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> Replan:
    """Stop a replan; what is moved stays moved."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        run = await replan_views.read_run(connection, tenant, run_id)
        if not await jobs.stop(connection, tenant, run.id):
            raise InputError("not_now", "this replan has ended")
        return await replan_views.read_run(connection, tenant, run_id)


@get(
    "/v1/prices",
    operation_id="listPrices",
    tags=["decisions"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_prices(request: Request[Any, Any, Any]) -> PriceSets:
    """List the newest shadow prices, and how they fared in the shadow gate."""
    async with hub_of(request).connection() as connection:
        found = await replan_views.list_prices(connection, held_of(request).tenant)
    return PriceSets(items=tuple(found))


@get("/v1/replan-settings", **declare_read("getReplanSettings", "decisions", "order.read"))
async def get_settings(request: Request[Any, Any, Any]) -> ReplanSettings:
    """Read how often open orders are planned anew."""
    async with hub_of(request).connection() as connection:
        now = await replan.read_settings(connection, held_of(request).tenant)
    return ReplanSettings(every_min=now.every_min, switching_fen=now.switching_fen)


@put("/v1/replan-settings", **declare_write("putReplanSettings", "decisions", "replan.run"))
async def put_settings(
    data: JSONBody[ReplanSettings], request: Request[Any, Any, Any]
) -> ReplanSettings:
    """Set how often open orders are planned anew, and what moving one costs."""
    wanted = replan.Settings(every_min=data.every_min, switching_fen=data.switching_fen)
    async with hub_of(request).connection() as connection:
        await replan.set_settings(connection, held_of(request).tenant, wanted)
    return data


ROUTES: Final = [
    list_replans,
    begin_replan,
    get_replan,
    list_replan_moves,
    cancel_replan,
    list_prices,
    get_settings,
    put_settings,
]
