"""Parcels 包裹 over HTTP: split, pick short, send again, answer an intercept."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.orders.model import Order
from danshu.capabilities.people.policies import Context
from danshu.faces.http import placing, problems
from danshu.faces.http.auth import Held, must
from danshu.faces.http.framework import PROBLEMS, held_of, hub_of, may, only_json
from danshu.faces.http.orders import IdempotencyKey
from danshu.hub import acts, changes, parcel_acts, parcels, replies, views
from danshu.hub.fields import PLAIN, Word
from danshu.hub.requests import Answer
from danshu.hub.world import World
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import LINE_QUANTITY, ORDER_BODY_BYTES, ORDER_LINES, SPLIT_PARTS

PARCEL: Final = "/v1/orders/{order_id:uuid}/parcels/{fulfilment:int}"
Reason = Annotated[str, Meta(max_length=200, pattern=PLAIN)]
Units = Annotated[int, Meta(ge=1, le=LINE_QUANTITY)]
_encode: Final = msgspec.json.Encoder().encode


class LineUnits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of one line of the order, by its number."""

    line: Annotated[int, Meta(ge=1, le=ORDER_LINES * 100)]
    quantity: Units


class SplitPart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes into one new fulfilment order."""

    lines: Annotated[tuple[LineUnits, ...], Meta(min_length=1, max_length=ORDER_LINES)]


class SplitParcel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a fulfilment order is split. `to` is a warehouse for the parts, "*" any other by the
    router, "" the same one.
    """

    parts: Annotated[tuple[SplitPart, ...], Meta(min_length=1, max_length=SPLIT_PARTS)]
    to: Word = ""
    reason: Reason = ""


class FoundUnits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of a SKU that were found when it was picked."""

    sku: Word
    found: Annotated[int, Meta(ge=0, le=LINE_QUANTITY)]


class PickShort(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was found where less was there than asked for; SKUs not named were found whole."""

    found: Annotated[tuple[FoundUnits, ...], Meta(min_length=1, max_length=ORDER_LINES)]


class Reship(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent once more, free; no lines = all of the parcel that was not sent again yet."""

    cause: Literal["lost", "damaged", "missing", "refused", "returned"]
    lines: Annotated[tuple[LineUnits, ...], Meta(max_length=ORDER_LINES)] = ()


class AnswerIntercept(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of an intercept: the goods are stopped and put back, or it was too late."""

    answer: Literal["stopped", "too_late"]
    detail: Reason = ""


def _write(path: str, operation_id: str, right: str) -> dict[str, Any]:
    return {
        "path": PARCEL + path,
        "operation_id": operation_id,
        "tags": ["parcels"],
        "responses": PROBLEMS,
        "guards": [may(right), only_json],
        "status_code": 200,
        "request_max_body_size": ORDER_BODY_BYTES,
    }


@post(**_write("/split", "splitParcel", "order.split"))
async def split_parcel(
    order_id: FromPath[uuid.UUID],
    fulfilment: FromPath[int],
    data: JSONBody[SplitParcel],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[Answer]:
    """Split a fulfilment order that is not picked yet: the parts stay in its warehouse, or go to
    another through the router, all of them or none.
    """
    units = [_by_line(part.lines) for part in data.parts]
    decide = parcels.split(fulfilment, units, data.to, data.reason)
    return await decided(request, order_id, fulfilment, "order.split", decide, idempotency_key)


@post(**_write("/short", "pickParcelShort", "order.pick"))
async def pick_parcel_short(
    order_id: FromPath[uuid.UUID],
    fulfilment: FromPath[int],
    data: JSONBody[PickShort],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[Answer]:
    """Pick what was found: the count of stock is corrected and the missing units are decided again
    in other warehouses, all in one commit.
    """
    found = by_sku(data.found)
    held = held_of(request)

    async def deed(connection: replies.Connection, world: World, now_ms: int) -> Answer | Refusal:
        checked = asked(held, "order.pick", fulfilment)
        return await parcel_acts.pick_short(
            connection, world, order_id, fulfilment, found, held.actor, now_ms, check=checked
        )

    return await once(request, order_id, idempotency_key, deed)


@post(**_write("/reship", "reshipParcel", "order.reship"))
async def reship_parcel(
    order_id: FromPath[uuid.UUID],
    fulfilment: FromPath[int],
    data: JSONBody[Reship],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[Answer]:
    """Send lost, damaged, missing, refused or returned units once more, free of charge: a new
    fulfilment order from where there is stock, or units that wait for it.
    """
    decide = parcels.reship(fulfilment, _by_line(data.lines), data.cause)
    return await decided(request, order_id, fulfilment, "order.reship", decide, idempotency_key)


@post(**_write("/intercept", "answerIntercept", "order.recall"))
async def answer_intercept(
    order_id: FromPath[uuid.UUID],
    fulfilment: FromPath[int],
    data: JSONBody[AnswerIntercept],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[Answer]:
    """Answer an intercept: stopped puts the goods back, and with the last answer what was stopped
    is cancelled; too late lets them go on.
    """
    by = held_of(request).caller.name
    decide = parcels.answer(fulfilment, data.answer, by, data.detail)
    return await decided(request, order_id, fulfilment, "order.recall", decide, idempotency_key)


def _by_line(lines: tuple[LineUnits, ...]) -> dict[int, int]:
    units: dict[int, int] = {}
    for n in lines:
        units[n.line] = units.get(n.line, 0) + n.quantity
    return units


def by_sku(found: tuple[FoundUnits, ...]) -> dict[str, int]:
    counted = {n.sku: n.found for n in found}
    if len(counted) < len(found):
        raise InputError("twice", "a SKU is named once", "/found")
    return counted


Deed = Callable[[replies.Connection, World, int], Awaitable[Answer | Refusal]]


def asked(held: Held, action: str, fulfilment: int) -> Callable[[Order], None]:
    """Give what asks the rules about an act on a parcel, by channel and warehouse."""

    def check(order: Order) -> None:
        for f in order.fulfilments:
            if f.no == fulfilment:
                known: Context = {"channel": order.channel, "warehouse": f.warehouse}
                must(held, action, known)

    return check


async def decided(
    request: Request[Any, Any, Any],
    order_id: uuid.UUID,
    fulfilment: int,
    action: str,
    decide: changes.Decide,
    key: str | None,
) -> Response[Any]:
    """Decide on one order under its key, once the rules let it pass."""
    held = held_of(request)
    check = asked(held, action, fulfilment)

    def allowed(world: World, found: changes.Held, now_ms: int) -> changes.Change | Refusal:
        check(found.order)
        return decide(world, found, now_ms)

    async def deed(connection: replies.Connection, world: World, now_ms: int) -> Answer | Refusal:
        return await acts.change(connection, world, order_id, held.actor, now_ms, allowed)

    return await once(request, order_id, key, deed)


async def once(
    request: Request[Any, Any, Any], order_id: uuid.UUID, key: str | None, deed: Deed
) -> Response[Any]:
    """Do it once under its key in one commit, and answer; what comes again hears the same."""
    hub, held = hub_of(request), held_of(request)
    name = "parcel/" + placing.read_key(key.encode("latin-1", "replace")) if key else ""
    body = await request.body()
    digest = hashlib.sha256(request.scope["path"].encode() + b"\0" + body).digest()

    async def do(connection: replies.Connection) -> replies.Reply:
        await views.has_order(connection, held.tenant, order_id)
        world = await hub.worlds.ensure(held.tenant)
        told = await deed(connection, world, hub.clock())
        return refuse(told) if isinstance(told, Refusal) else (200, _encode(told))

    done = await replies.once(hub, held.tenant, name, digest, do)
    status, content = done if not isinstance(done, Refusal) else refuse(done)
    kind = "application/json" if status < 300 else problems.PROBLEM_JSON
    return Response(content, status_code=status, media_type=kind)


def refuse(refusal: Refusal) -> replies.Reply:
    problem = problems.of(refusal)
    return problem.status, _encode(problem)


ROUTES: Final = [split_parcel, pick_parcel_short, reship_parcel, answer_intercept]
