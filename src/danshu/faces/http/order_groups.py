"""Groups 团: watch those of all types; of one type list them, open one, close one before its
cut-off, see its orders.
"""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Struct

from danshu.faces.http import problems
from danshu.faces.http.framework import held_of, hub_of, may, respond
from danshu.faces.http.order_type_shapes import Groups
from danshu.faces.http.order_types import READ, WRITE
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import group_buys, group_views, order_types
from danshu.hub.fields import PLAIN
from danshu.hub.group_buys import NewGroup
from danshu.hub.group_views import GroupOrder, GroupWatched
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339

_State = Annotated[Literal["", "open", "formed", "failed"], QueryParameter(name="state")]
_Type = Annotated[str, QueryParameter(name="type", max_length=64, pattern=PLAIN)]


_Group = Annotated[str, QueryParameter(name="group", max_length=64, pattern=PLAIN)]


class GroupBuyType(Struct, frozen=True, kw_only=True):
    """A type in use that a group can be opened of: its name, how many orders form a group, when it
    closes by itself (a duration or an instant), and where it has pickup points, () = anywhere.
    """

    type: str
    zh: str
    en: str
    minimum: int
    closes: str
    regions: tuple[str, ...]


class GroupBuys(Struct, frozen=True, kw_only=True):
    """A page of groups. `next` is the cursor of the following one, "" at the end; `counts` are all
    groups by state; `now` is the hub's clock, RFC 3339.
    """

    items: tuple[GroupWatched, ...]
    next: str
    counts: dict[str, int]
    types: tuple[GroupBuyType, ...]
    now: str


class GroupOrders(Struct, frozen=True, kw_only=True):
    """A page of a group's orders; `next` is the cursor of the following one, "" at the end."""

    items: tuple[GroupOrder, ...]
    next: str


def _before(cursor: str) -> uuid.UUID:
    if not cursor:
        return group_views.LAST
    try:
        return uuid.UUID(str(read_place(cursor, str)[0]))
    except ValueError as error:
        raise InputError("bad_cursor", "the cursor is not one of ours") from error


@get("/v1/group-buys", operation_id="watchGroups", **READ)
async def watch_groups(
    request: Request[Any, Any, Any], of_state: _State = "", type_: _Type = "", cursor: Cursor = "",
    limit: Limit = 50,
) -> GroupBuys:  # fmt: skip
    """List groups of all types, newest first: who joined, what is needed, what came of it."""
    hub, tenant = hub_of(request), held_of(request).tenant
    try:
        world = await hub.worlds.ensure(tenant)
    except InputError as error:
        if error.code != "no_network":  # without a network there are no orders
            raise
        return GroupBuys(items=(), next="", counts={}, types=(), now=rfc3339(hub.clock()))
    async with hub.connection() as connection:
        found = await group_views.list_watched(
            connection, world, state=of_state, code=type_, before=_before(cursor), limit=limit
        )
        counts = await group_views.count_states(connection, tenant)
        versions = await order_types.list_versions(connection, tenant)
    return GroupBuys(
        items=tuple(found),
        next=write_place(found[-1].id.hex) if len(found) == limit else "",
        counts=counts,
        types=tuple(
            [
                GroupBuyType(
                    type=k.type, zh=k.name.zh, en=k.name.en, minimum=k.group.minimum,
                    closes=k.group.closes, regions=k.group.regions,
                )
                for k in [v.type for v in versions if v.active]
                if k.group is not None
            ]
        ),
        now=rfc3339(hub.clock()),
    )  # fmt: skip


@get("/v1/order-types/{code:str}/orders", operation_id="listGroupOrders", **READ)
async def list_group_orders(
    code: FromPath[str], request: Request[Any, Any, Any], group: _Group = "",
    cursor: Cursor = "", limit: Limit = 50,
) -> GroupOrders:  # fmt: skip
    """List the orders of a type that are in a group, or in this one; the newest first."""
    async with hub_of(request).connection() as connection:
        found = await group_views.list_orders(
            connection, held_of(request).tenant, code, group, _before(cursor), limit
        )
    return GroupOrders(
        items=tuple(found), next=write_place(found[-1].order.hex) if len(found) == limit else ""
    )


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


ROUTES: Final = [watch_groups, list_group_orders, list_groups, open_group, close_group]
