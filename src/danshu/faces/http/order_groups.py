"""Groups of an order type 团: list them, open one, close one before its cut-off."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody

from danshu.faces.http import problems
from danshu.faces.http.framework import held_of, hub_of, may, respond
from danshu.faces.http.order_type_shapes import Groups
from danshu.faces.http.order_types import READ, WRITE
from danshu.hub import group_buys
from danshu.hub.group_buys import NewGroup


@get("/v1/order-types/{code:str}/groups", operation_id="listGroups", **READ)
async def list_groups(code: FromPath[str], request: Request[Any, Any, Any]) -> Groups:
    """List the groups of a type, with how many orders have joined."""
    async with hub_of(request).connection() as connection:
        items = await group_buys.list_groups(connection, held_of(request).tenant, code)
    return Groups(items=tuple(items))


@post("/v1/order-types/{code:str}/groups", operation_id="openGroup", status_code=201, **WRITE)
async def open_group(
    code: FromPath[str], data: JSONBody[NewGroup], request: Request[Any, Any, Any]
) -> Response[None]:
    """Open a group of a type in use: its leader, pickup point and cut-off."""
    hub, held = hub_of(request), held_of(request)
    world = await hub.worlds.ensure(held.tenant)
    async with hub.connection() as connection:
        refusal = await group_buys.open_group(
            connection, world, code, data, held.actor, hub.clock()
        )
    hub.worlds.forget(held.tenant)
    return respond(problems.of(refusal)) if refusal else Response(None, status_code=201)


@post(
    "/v1/order-types/{code:str}/groups/{group:str}/close",
    operation_id="closeGroup",
    status_code=200,
    **{**WRITE, "guards": [may("order_type.write")]},
)
async def close_group(
    code: FromPath[str], group: FromPath[str], request: Request[Any, Any, Any]
) -> Response[None]:
    """Close a group before its cut-off: it takes no more orders, and is decided right after."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        refusal = await group_buys.close_group(
            connection, held.tenant, code, group, held.actor, hub.clock()
        )
    hub.worlds.forget(held.tenant)
    return respond(problems.of(refusal)) if refusal else Response(None)


ROUTES: Final = [list_groups, open_group, close_group]
