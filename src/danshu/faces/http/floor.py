"""The floor over HTTP: what waits, and who claims it."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.floor.model import Work
from danshu.faces.http import problems
from danshu.faces.http.acting import by_of
from danshu.faces.http.auth import Held, require
from danshu.faces.http.floor_views import (
    Claimed,
    FloorGroup,
    FloorTask,
    FloorTasks,
    show_item,
    show_site,
    show_task,
)
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    respond,
)
from danshu.faces.http.placing import PLAIN, Word
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import floor, floor_tasks
from danshu.hub.compose import Hub
from danshu.hub.world import World
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import FLOOR_CODE_CHARS, FLOOR_COUNT, ORDER_BODY_BYTES

WorkWord = Literal["pick", "pack", "review", "handover"]
TASK: Final = "/v1/floor/tasks/{order_id:uuid}/{fulfilment:int}/{work:str}"


class ClaimTask(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to claim: nothing more = the next that is due; else by place, or by the paper's code."""

    kind: WorkWord
    warehouse: Word = ""
    order: uuid.UUID | None = None
    fulfilment: Annotated[int, Meta(ge=1, le=10_000)] = 1
    code: Annotated[str, Meta(max_length=FLOOR_CODE_CHARS, pattern=PLAIN)] = ""


@get(
    "/v1/floor/tasks",
    operation_id="listFloorTasks",
    tags=["floor"],
    responses=READ_PROBLEMS,
    guards=[may("floor.read")],
)
async def list_tasks(
    request: Request[Any, Any, Any],
    warehouse: Annotated[str, QueryParameter(max_length=64, pattern=PLAIN)] = "",
    kind: Annotated[Literal["", "pick", "pack", "review", "handover"], QueryParameter()] = "",
    cursor: Cursor = "",
    limit: Limit = 20,
) -> FloorTasks:
    """List what this person may do, the first to be late first, and what they have claimed."""
    held, hub = held_of(request), hub_of(request)
    now_ms = hub.clock()
    try:
        world = await hub.worlds.ensure(held.tenant)
    except InputError:  # a merchant without a network has no floor
        return FloorTasks(warehouses=(), mine=(), groups=(), now=rfc3339(now_ms))
    worker = worker_of(held, world, warehouse)
    works = [w for w in Work if kind in ("", w.value) and f"floor.{w.value}" in held.possible]
    after = _read_after(cursor) if cursor and kind else None
    groups = []
    async with hub.connection() as connection:
        mine = await floor.list_mine(connection, held.tenant, worker, now_ms)
        for work in works:
            rows, following = await floor.list_waiting(
                connection, held.tenant, worker, work, now_ms, limit, after
            )
            count = await floor.count_waiting(connection, held.tenant, worker, work, now_ms)
            groups.append(
                FloorGroup(
                    kind=work.value,
                    count=min(count, FLOOR_COUNT),
                    more=count > FLOOR_COUNT,
                    items=tuple([show_item(r, work, world, worker, now_ms) for r in rows]),
                    next=write_place(following[0], following[1].hex, following[2])
                    if following
                    else "",
                )
            )
    own = [(r, floor.work_of(r)) for r in mine]
    return FloorTasks(
        warehouses=tuple([show_site(world, no) for no in worker_of(held, world).warehouses]),
        mine=tuple([show_item(r, w, world, worker, now_ms) for r, w in own if w]),
        groups=tuple(groups),
        now=rfc3339(now_ms),
    )


def _read_after(cursor: str) -> floor.Place:
    due_us, id_, no = read_place(cursor, int, str, int)
    try:
        return int(due_us), uuid.UUID(str(id_)), int(no)
    except ValueError as error:
        raise InputError("bad_cursor", "the cursor is not one of ours") from error


def worker_of(held: Held, world: World, warehouse: str = "", action: str = "") -> floor.Worker:
    """Give who works, in the one warehouse asked for or in all that are theirs; with an action, in
    those where they may do it.

    Raises InputError `bad_filter` for a warehouse that is not there or not theirs.
    """
    own = held.warehouses or tuple([w.code for w in world.warehouses])
    numbers = tuple(
        [
            world.warehouse_no[code]
            for code in own
            if code in world.warehouse_no and (not action or held.may(action, warehouse=code))
        ]
    )
    if warehouse:
        no = world.warehouse_no.get(warehouse, -1)
        if no not in numbers:
            raise InputError("bad_filter", f"no warehouse {warehouse!r}", "/warehouse")
        numbers = (no,)
    return floor.Worker(id=floor.worker_id(held.actor), who=held.caller.name, warehouses=numbers)


@post(
    "/v1/floor/tasks:claim",
    operation_id="claimFloorTask",
    tags=["floor"],
    responses=PROBLEMS,
    guards=[may("floor.read"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def claim_task(data: JSONBody[ClaimTask], request: Request[Any, Any, Any]) -> Response[Any]:
    """Claim the next task of a kind, or one that is named. While the claim lasts nobody else works
    on that fulfilment order; a scan renews it.
    """
    held, hub = offered(held_of(request), f"floor.{data.kind}"), hub_of(request)
    work, now_ms = Work(data.kind), hub.clock()
    world = await hub.worlds.ensure(held.tenant)
    worker = worker_of(held, world, data.warehouse, f"floor.{data.kind}")
    async with hub.connection() as connection:
        if data.order is None and not data.code:
            found = await floor.claim_next(connection, held.tenant, worker, work, now_ms)
        else:
            place = (data.order, data.fulfilment) if data.order else None
            found = await floor.claim_this(
                connection, held.tenant, worker, work, now_ms, place=place, label=data.code
            )
        if found is None:
            return Response(Claimed(task=None, now=rfc3339(now_ms)))
        if isinstance(found, Refusal):
            return respond(problems.of(found))
        task = await floor_tasks.open_task(connection, world, worker, work, *found)
        shown = await show_task(connection, task, world, worker, now_ms, by_of(held))
        return Response(Claimed(task=shown, now=shown.now))


@get(
    TASK,
    operation_id="getFloorTask",
    tags=["floor"],
    responses=READ_PROBLEMS,
    guards=[may("floor.read")],
)
async def get_task(
    order_id: FromPath[uuid.UUID],
    fulfilment: FromPath[int],
    work: FromPath[WorkWord],
    request: Request[Any, Any, Any],
) -> FloorTask:
    """Read a task: what to scan, what was scanned, who holds it."""
    held, hub = offered(held_of(request), f"floor.{work}"), hub_of(request)
    world = await world_of(hub, held)
    worker = worker_of(held, world, "", f"floor.{work}")
    async with hub.connection() as connection:
        task = await floor_tasks.open_task(
            connection, world, worker, Work(work), order_id, fulfilment
        )
        return await show_task(connection, task, world, worker, hub.clock(), by_of(held))


def offered(held: Held, action: str) -> Held:
    """Let pass who may do this in some warehouse. Raises InputError `forbidden`."""
    return held if action in held.possible else require(held, action)


async def world_of(hub: Hub, held: Held) -> World:
    try:
        return await hub.worlds.ensure(held.tenant)
    except InputError as error:  # a merchant without a network has no floor
        raise floor.NO_TASK from error


ROUTES: Final = [list_tasks, claim_task, get_task]
