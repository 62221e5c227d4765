"""Merging 合单 over HTTP: what could leave together, what does, acts on the whole."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.orders.commands import Command
from danshu.capabilities.orders.model import Order
from danshu.capabilities.people.policies import Context
from danshu.faces.http import problems
from danshu.faces.http.auth import Held, must, require
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    respond,
)
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import merging, merging_views, replies
from danshu.hub.compose import Hub
from danshu.hub.fields import PLAIN, Word
from danshu.hub.merging_views import Bundle
from danshu.hub.world import World
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import MERGE_GROUPS, MERGE_MEMBERS, ORDER_BODY_BYTES

Open = Annotated[bool, QueryParameter(description="only what has not left yet")]
Warehouse = Annotated[str, QueryParameter(max_length=64, pattern=PLAIN)]
READ: Final[dict[str, Any]] = {
    "tags": ["parcels"],
    "responses": READ_PROBLEMS,
    "guards": [may("order.read")],
}
_WRITE: Final[dict[str, Any]] = {
    "tags": ["parcels"],
    "responses": PROBLEMS,
    "status_code": 200,
    "request_max_body_size": ORDER_BODY_BYTES * 4,
}


class ParcelMember(Struct, frozen=True, kw_only=True):
    """A fulfilment order of a parcel. `due` is "" where its order promises nothing any more."""

    order: uuid.UUID
    fulfilment: int
    number: str
    channel: str
    shop: str
    state: str
    units: int
    weight_g: int
    due: str
    since: str
    waybill: str


class ParcelGroup(Struct, frozen=True, kw_only=True):
    """Fulfilment orders of one receiver and warehouse that leave as one parcel, or could; `group`
    is "" where they could. `place` is where they go.
    """

    group: str
    warehouse: str
    warehouse_name: str
    province: str
    place: str
    units: int
    weight_g: int
    members: tuple[ParcelMember, ...]


class ParcelGroups(Struct, frozen=True, kw_only=True):
    """A page of parcels. `next` is the cursor of the following one, "" at the end."""

    items: tuple[ParcelGroup, ...]
    next: str


class ParcelCandidates(Struct, frozen=True, kw_only=True):
    """What could be merged. `receivers` have several orders that wait, `parcels` in all; some of
    these do not go together. `on`: the merchant's rules look for merges; `indexed`: all that was
    open when they began to is known.
    """

    items: tuple[ParcelGroup, ...]
    next: str
    receivers: int
    parcels: int
    on: bool
    indexed: bool


class ParcelPlace(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fulfilment order."""

    order: uuid.UUID
    fulfilment: Annotated[int, Meta(ge=1, le=10_000)]


_Members = Annotated[tuple[ParcelPlace, ...], Meta(min_length=2, max_length=MERGE_MEMBERS)]


class MergeParcels(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which fulfilment orders leave together, parcel by parcel."""

    parcels: Annotated[tuple[_Members, ...], Meta(min_length=1, max_length=MERGE_GROUPS)]


class MergeResult(Struct, frozen=True, kw_only=True):
    """What became of one wanted parcel: its group, or the problem."""

    group: str
    problem: problems.Problem | None = None


class MergeResults(Struct, frozen=True, kw_only=True):
    """What became of each wanted parcel, in their order."""

    results: tuple[MergeResult, ...]
    merged: int


class UnmergeParcel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What leaves a merged parcel: one order, or (none named) all of them."""

    order: uuid.UUID | None = None
    reason: Annotated[str, Meta(max_length=200, pattern=PLAIN)] = ""


class Unmerged(Struct, frozen=True, kw_only=True):
    """How many orders left the parcel."""

    orders: int


class ParcelTransition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happened to a whole merged parcel."""

    event: Literal["release", "pick", "pack", "recall", "waybill", "ship", "deliver"]
    carrier: Word = ""
    waybill: Word = ""


async def world_of(hub: Hub, held: Held) -> World | None:
    """Give the merchant's world; None for one without a network."""
    try:
        return await hub.worlds.ensure(held.tenant)
    except InputError as error:
        if error.code != "no_network":  # without a network there are no orders
            raise
        return None


def _wh(world: World, code: str) -> int | None:
    if code and code not in world.warehouse_no:
        raise InputError("bad_filter", f"no warehouse {code!r}", "/warehouse")
    return world.warehouse_no[code] if code else None


@get("/v1/parcels/candidates", operation_id="listMergeCandidates", **READ)
async def list_candidates(
    request: Request[Any, Any, Any], warehouse: Warehouse = "", cursor: Cursor = "",
    limit: Limit = 50,
) -> ParcelCandidates:  # fmt: skip
    """List what could be merged: orders of one receiver that wait in one warehouse. `limit` counts
    receivers. It follows the log, so an order of this second may be missing.
    """
    hub, held = hub_of(request), held_of(request)
    world = await world_of(hub, held)
    if world is None:
        return ParcelCandidates(items=(), next="", receivers=0, parcels=0, on=False, indexed=False)
    wh, after = _wh(world, warehouse), merging_views.FIRST
    if cursor:
        no, key = read_place(cursor, int, int)
        after = (int(no), int(key))
    async with hub.connection() as connection:
        found, following = await merging_views.candidates(connection, world, wh, after, limit)
        receivers, parcels = await merging_views.count(connection, held.tenant, wh)
        on, indexed = await merging_views.readiness(connection, held.tenant)
    return ParcelCandidates(
        items=tuple([_show(world, b) for b in found]),
        next=write_place(*following) if following else "",
        receivers=receivers,
        parcels=parcels,
        on=on,
        indexed=indexed,
    )


@get("/v1/parcels", operation_id="listMergedParcels", **READ)
async def list_groups(
    request: Request[Any, Any, Any], warehouse: Warehouse = "", open_: Open = True,
    cursor: Cursor = "", limit: Limit = 50,
) -> ParcelGroups:  # fmt: skip
    """List merged parcels, newest first."""
    hub, held = hub_of(request), held_of(request)
    world = await world_of(hub, held)
    if world is None:
        return ParcelGroups(items=(), next="")
    before = _group_id(str(read_place(cursor, str)[0])) if cursor else merging_views.LAST
    async with hub.connection() as connection:
        found = await merging_views.groups(
            connection, world, _wh(world, warehouse), before, limit, open_=open_
        )
    last = found[-1].group if len(found) == limit else None
    return ParcelGroups(
        items=tuple([_show(world, b) for b in found]), next=write_place(last.hex) if last else ""
    )


def _group_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise InputError("bad_cursor", "the cursor is not one of ours") from error


@get("/v1/parcels/{group:uuid}", operation_id="getMergedParcel", **READ)
async def get_group(group: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> ParcelGroup:
    """Read a merged parcel: its orders, and where each stands."""
    hub, held = hub_of(request), held_of(request)
    world = await world_of(hub, held)
    if world is None:
        raise merging.NO_GROUP
    async with hub.connection() as connection:
        return _show(world, await merging_views.find(connection, world, group))


@post(
    "/v1/parcels:merge",
    operation_id="mergeParcels",
    guards=[may("order.merge"), only_json],
    **_WRITE,
)
async def merge_parcels(
    data: JSONBody[MergeParcels], request: Request[Any, Any, Any]
) -> MergeResults:
    """Merge fulfilment orders of one receiver and warehouse into parcels, each by itself: what
    cannot be is told beside what was. Each order keeps its promises and its evidence.
    """
    hub, held = hub_of(request), held_of(request)
    results = []
    for wanted in data.parcels:
        places = [(p.order, p.fulfilment) for p in wanted]

        async def do(connection: replies.Connection, places: Any = places) -> uuid.UUID | Refusal:
            world = await hub.worlds.ensure(held.tenant)
            return await merging.merge(
                connection, world, places, held.actor, hub.clock(), check=_asking(held)
            )

        try:
            told: uuid.UUID | Refusal = await replies.again(hub, held.tenant, do)
        except InputError as error:  # of one parcel: the others are merged all the same
            if error.code not in ("no_order", "no_fulfilment"):
                raise
            told = Refusal(code=error.code, reason=error.detail, reason_en=error.detail)
        if isinstance(told, Refusal):
            results.append(MergeResult(group="", problem=problems.of(told)))
        else:
            results.append(MergeResult(group=str(told)))
    return MergeResults(results=tuple(results), merged=sum(1 for r in results if r.problem is None))


def _asking(held: Held, action: str = "order.merge") -> merging.Check:
    def check(order: Order, warehouse: str) -> None:
        known: Context = {"channel": order.channel, "warehouse": warehouse}
        must(held, action, known)

    return check


@post(
    "/v1/parcels/{group:uuid}/unmerge",
    operation_id="unmergeParcel",
    guards=[may("order.merge"), only_json],
    **_WRITE,
)
async def unmerge_parcel(
    group: FromPath[uuid.UUID], data: JSONBody[UnmergeParcel], request: Request[Any, Any, Any]
) -> Response[Unmerged]:
    """Take a merged parcel apart until it is packed, or one order out of it; an order that would be
    left alone leaves too.
    """
    hub, held = hub_of(request), held_of(request)

    async def do(connection: replies.Connection) -> int | Refusal:
        world = await hub.worlds.ensure(held.tenant)
        return await merging.unmerge(
            connection, world, group, held.actor, hub.clock(), only=data.order,
            reason=data.reason, check=_asking(held),
        )  # fmt: skip

    told = await replies.again(hub, held.tenant, do)
    return (
        respond(problems.of(told)) if isinstance(told, Refusal) else Response(Unmerged(orders=told))
    )


@post(
    "/v1/parcels/{group:uuid}/transitions",
    operation_id="actOnParcel",
    guards=[may("order.act"), only_json],
    **_WRITE,
)
async def act_on_parcel(
    group: FromPath[uuid.UUID], data: JSONBody[ParcelTransition], request: Request[Any, Any, Any]
) -> Response[ParcelGroup]:
    """Tell what happened to a whole merged parcel: all of its orders move on, or none does. It
    leaves under one waybill; each order says so on its own stream.
    """
    hub = hub_of(request)
    held = require(held_of(request), f"order.{data.event}")
    told = Command(
        event=data.event, carrier=data.carrier, waybill=data.waybill, by=held.caller.name
    )

    async def do(connection: replies.Connection) -> Bundle | Refusal:
        world = await hub.worlds.ensure(held.tenant)
        done = await merging.act_together(
            connection, world, group, told, held.actor, hub.clock(),
            check=_asking(held, f"order.{data.event}"),
        )  # fmt: skip
        if isinstance(done, Refusal):
            return done
        return await merging_views.find(connection, world, group)

    made = await replies.again(hub, held.tenant, do)
    if isinstance(made, Refusal):
        return respond(problems.of(made))
    return Response(_show(await hub.worlds.ensure(held.tenant), made))


def _show(world: World, bundle: Bundle) -> ParcelGroup:
    site = world.warehouses[world.warehouse_no[bundle.warehouse]]
    province, place = world.places.get(bundle.region, ("", bundle.region))
    return ParcelGroup(
        group=str(bundle.group) if bundle.group else "",
        warehouse=bundle.warehouse,
        warehouse_name=site.name,
        province=province,
        place=place,
        units=sum(m.units for m in bundle.members),
        weight_g=sum(m.weight_g for m in bundle.members),
        members=tuple(
            [
                ParcelMember(
                    order=m.order,
                    fulfilment=m.fulfilment,
                    number=m.number,
                    channel=m.channel,
                    shop=m.shop,
                    state=m.state,
                    units=m.units,
                    weight_g=m.weight_g,
                    due=rfc3339(m.due_ms) if m.due_ms else "",
                    since=rfc3339(m.since_ms),
                    waybill=m.waybill,
                )
                for m in bundle.members
            ]
        ),
    )


ROUTES: Final = [
    list_candidates,
    list_groups,
    get_group,
    merge_parcels,
    unmerge_parcel,
    act_on_parcel,
]
