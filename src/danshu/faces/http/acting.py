"""Contract actions over HTTP: what may be done with an order, and doing it."""

from __future__ import annotations

import datetime
import hashlib
import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.faces.http import placing, problems
from danshu.faces.http.auth import Held, must
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.orders import IdempotencyKey
from danshu.faces.http.placing import PLAIN, Word
from danshu.hub import acting_views, acts, performing, replies, stating, views
from danshu.hub import performing_rows as rows
from danshu.hub.acting_views import ActShown, Doables
from danshu.hub.doers import By, Outsider
from danshu.hub.world import World
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import (
    EARLIEST_MS,
    FLOOR_CODE_CHARS,
    ORDER_BODY_BYTES,
)

ACTS: Final = "/v1/orders/{order_id:uuid}/acts"
ACT: Final = ACTS + "/{act_id:uuid}"
FUTURE_MS: Final = 300_000
_encode: Final = msgspec.json.Encoder().encode
_Code = Annotated[str, Meta(max_length=FLOOR_CODE_CHARS)]  # GS1 codes hold FNC1 (ASCII 29)
_Day = Annotated[str, Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="YYYY-MM-DD, or empty")]
Number = Annotated[int, Meta(ge=0, le=10_000)]


class BeginAct(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to do: an action type by its code, for one fulfilment order, or 0 for the whole order.

    `outsider` is for whom an API key speaks, `source` names them: a carrier, a buyer.
    """

    action: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    fulfilment: Number = 0
    outsider: Literal["", "system", "carrier", "buyer"] = ""
    source: Word = ""


class CancelledAct(Struct, frozen=True, kw_only=True):
    """The act was given up; nothing of it became a fact."""

    act: uuid.UUID
    state: str


def by_of(held: Held, outsider: Outsider = "", source: str = "") -> By:
    """Give who asks. Raises InputError `outsider` when a person would speak for somebody else, or
    a third party has no name.
    """
    if held.session is not None:
        if outsider:
            raise InputError("outsider", "a person speaks for nobody else here", "/outsider")
        row = held.session.row
        return By(actor=held.actor, person=row.id, roles=row.person.roles, number=row.person.number)
    if outsider in ("carrier", "buyer") and not source:
        raise InputError("outsider", "name whose word it is", "/source")
    return By(actor=held.actor, outsider=outsider or "system", source=source)


def claimed_ms(moment: datetime.datetime | None, now_ms: int) -> int:
    """Read a device's clock: 0 for none. Raises InputError `time`."""
    if moment is None:
        return 0
    ms = int(moment.timestamp() * 1000)
    if not EARLIEST_MS <= ms <= now_ms + FUTURE_MS:
        raise InputError("time", "what happened lies in the past, after 2000", "/device_at")
    return ms


class At(Struct, frozen=True, eq=False):
    """Where a deed works: the transaction, the merchant's world, who asks, when."""

    connection: replies.Connection
    world: World
    by: By
    now_ms: int


Deed = Callable[[At], Awaitable[Struct | Refusal]]


async def once(
    request: Request[Any, Any, Any], order: uuid.UUID, key: str | None, by: By, deed: Deed
) -> Response[Any]:
    """Do it once under its key in one commit, and answer; what comes again hears the same."""
    hub, held = hub_of(request), held_of(request)
    name = "action/" + placing.read_key(key.encode("latin-1", "replace")) if key else ""
    scope = request.scope
    body = await request.body()
    asked = b"\0".join([scope["path"].encode(), scope["query_string"], body])
    digest = hashlib.sha256(asked).digest()

    async def do(connection: replies.Connection) -> replies.Reply:
        await views.has_order(connection, held.tenant, order)
        world = await hub.worlds.ensure(held.tenant)
        told = await deed(At(connection, world, by, hub.clock()))
        if isinstance(told, Refusal):
            problem = problems.of(told)
            return problem.status, _encode(problem)
        return 200, _encode(told)

    done = await replies.once(hub, held.tenant, name, digest, do)
    if isinstance(done, Refusal):
        problem = problems.of(done)
        done = problem.status, _encode(problem)
    kind = "application/json" if done[0] < 300 else problems.PROBLEM_JSON
    return Response(done[1], status_code=done[0], media_type=kind)


async def _check_place(at: At, held: Held, order: uuid.UUID, fulfilment: int) -> None:
    """Raise InputError `forbidden` when the act lies in a warehouse that is not the caller's."""
    found = await acts.hold(at.connection, at.world, order)
    if found is None:
        return
    touched = {
        f.warehouse
        for f in found.order.fulfilments
        if f.state != "cancelled" and fulfilment in (0, f.no)
    }
    for warehouse in sorted(touched):
        must(held, "action.perform", {"warehouse": warehouse, "channel": found.order.channel})


@get(
    ACTS,
    operation_id="listActs",
    tags=["actions"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_acts(
    order_id: FromPath[uuid.UUID],
    request: Request[Any, Any, Any],
    fulfilment: Annotated[int, QueryParameter(ge=0, le=10_000)] = 0,
) -> Doables:
    """List what may be done with an order by contract, by the caller and why not, and the acts that
    are under way.
    """
    held, hub = held_of(request), hub_of(request)
    async with hub.connection() as connection:
        await views.has_order(connection, held.tenant, order_id)
        world = await hub.worlds.ensure(held.tenant)
        return await acting_views.list_doable(
            connection, world, order_id, by_of(held), fulfilment, hub.clock()
        )


def writing(path: str, operation_id: str) -> dict[str, Any]:
    return {
        "path": path,
        "operation_id": operation_id,
        "tags": ["actions"],
        "responses": PROBLEMS,
        "guards": [may("action.perform"), only_json],
        "status_code": 200,
        "request_max_body_size": ORDER_BODY_BYTES,
    }


@post(**writing(ACTS, "beginAct"))
async def begin_act(
    order_id: FromPath[uuid.UUID],
    data: JSONBody[BeginAct],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[ActShown]:
    """Begin an act; the server's clock starts. Who began the same already gets that one."""
    held = held_of(request)
    by = by_of(held, data.outsider, data.source)

    async def deed(at: At) -> ActShown | Refusal:
        await _check_place(at, held, order_id, data.fulfilment)
        told = await performing.begin(
            at.connection, at.world, order_id, by, data.action, data.fulfilment, at.now_ms
        )
        return told if isinstance(told, Refusal) else await _show(at, told)

    return await once(request, order_id, idempotency_key, by, deed)


async def _show(at: At, act: rows.Act) -> ActShown:
    action = await stating.version_of(at.connection, at.world.tenant, act)
    held = await acts.hold(at.connection, at.world, act.order)
    goods = performing.goods_of(at.world, held.order, act.fulfilment) if held else ()
    return await acting_views.show_act(
        at.connection, at.world.tenant, act, action, goods, at.by, at.now_ms
    )


async def open_act(at: At, order: uuid.UUID, id_: uuid.UUID) -> rows.Act | Refusal:
    """Read an act that the caller may go on with, locked; the order's row first, as everywhere."""
    await acts.hold(at.connection, at.world, order)
    act = await rows.read(at.connection, at.world.tenant, order, id_, locked=True)
    return performing.why_closed(act, at.by, at.now_ms) or act


@get(
    ACT,
    operation_id="readAct",
    tags=["actions"],
    responses=READ_PROBLEMS,
    guards=[may("action.perform")],
)
async def read_act(
    order_id: FromPath[uuid.UUID], act_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> ActShown:
    """Read an act: its evidence, and what it lacks."""
    held, hub = held_of(request), hub_of(request)
    async with hub.connection() as connection, connection.transaction():
        act = await rows.read(connection, held.tenant, order_id, act_id)
        world = await hub.worlds.ensure(held.tenant)
        return await _show(At(connection, world, by_of(held), hub.clock()), act)


@post(**writing(ACT + "/cancel", "cancelAct"))
async def cancel_act(
    order_id: FromPath[uuid.UUID], act_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> Response[CancelledAct]:
    """Give an act up: nothing of it became a fact. Its bytes stay until the order is erased."""
    by = by_of(held_of(request))

    async def deed(at: At) -> CancelledAct | Refusal:
        act = await open_act(at, order_id, act_id)
        if isinstance(act, Refusal):
            return act
        await performing.cancel(at.connection, at.world.tenant, act)
        return CancelledAct(act=act_id, state="cancelled")

    return await once(request, order_id, None, by, deed)


ROUTES: Final = [list_acts, begin_act, read_act, cancel_act]
