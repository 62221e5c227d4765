"""Acts on an order: what happened to it, told by people and systems."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.orders.decide import Command
from danshu.faces.http import placing, problems
from danshu.faces.http.auth import Held, must, require
from danshu.faces.http.framework import PROBLEMS, held_of, hub_of, may, only_json
from danshu.faces.http.orders import IdempotencyKey
from danshu.faces.http.placing import Instant
from danshu.hub import acts, order_rights, replies, views
from danshu.hub.compose import Hub, now_ms
from danshu.hub.fields import PLAIN, Minor, Word
from danshu.hub.requests import Answer
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import EARLIEST_MS, ORDER_BODY_BYTES, WAREHOUSES

FUTURE_MS: Final = 300_000  # clocks of others may be ahead by so much
Event = Literal[
    "confirm",
    "pay",
    "hold",
    "unhold",
    "align",
    "allocate",
    "reroute",
    "release",
    "pick",
    "pack",
    "recall",
    "waybill",
    "ship",
    "deliver",
    "complete",
    "cancel",
    "intercept",
    "lose",
    "refuse",
    "send_back",
    "report_damage",
    "compensate",
]
_encode: Final = msgspec.json.Encoder().encode


class Transition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happened. `fulfilment` 0 means every fulfilment order that allows it; `exclude` are
    warehouses that a re-route leaves out.
    """

    event: Event
    fulfilment: Annotated[int, Meta(ge=0, le=10_000)] = 0
    reason: Annotated[str, Meta(max_length=500, pattern=PLAIN)] = ""
    amount_fen: Minor = 0
    carrier: Word = ""
    waybill: Word = ""
    equipment: Word = ""
    region: Word = ""
    exclude: Annotated[tuple[Word, ...], Meta(max_length=WAREHOUSES)] = ()
    occurred_at: Instant | None = None


class Cancellation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why an order is cancelled."""

    reason: Annotated[str, Meta(max_length=500, pattern=PLAIN)] = ""


@post(
    "/v1/orders/{order_id:uuid}/transitions",
    operation_id="actOnOrder",
    tags=["orders"],
    responses=PROBLEMS,
    guards=[may("order.act"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def act_on_order(
    order_id: FromPath[uuid.UUID],
    data: JSONBody[Transition],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[Answer]:
    """Tell what happened to an order; a machine that does not allow it answers 409 with its reason
    and clause.
    """
    held = require(held_of(request), f"order.{data.event}")
    command = Command(
        event=data.event,
        fulfilment=data.fulfilment,
        reason=data.reason,
        amount=data.amount_fen,
        carrier=data.carrier,
        waybill=data.waybill,
        equipment=data.equipment,
        region=data.region,
        exclude=data.exclude,
        occurred_ms=_occurred_ms(data),
        by=held.caller.name,
    )
    return await _act(request, held, order_id, command, idempotency_key)


@post(
    "/v1/orders/{order_id:uuid}/cancel",
    operation_id="cancelOrder",
    tags=["orders"],
    responses=PROBLEMS,
    guards=[may("order.cancel"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def cancel_order(
    order_id: FromPath[uuid.UUID],
    data: JSONBody[Cancellation],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[Answer]:
    """Cancel what has not left; reserved units are free again in the same commit."""
    held = held_of(request)
    command = Command(event="cancel", reason=data.reason, by=held.caller.name)
    return await _act(request, held, order_id, command, idempotency_key)


def _occurred_ms(data: Transition) -> int:
    if data.occurred_at is None:
        return 0
    ms = int(data.occurred_at.timestamp() * 1000)
    if not EARLIEST_MS <= ms <= now_ms() + FUTURE_MS:
        raise InputError("time", "what happened lies in the past, after 2000", "/occurred_at")
    return ms


async def _act(
    request: Request[Any, Any, Any],
    held: Held,
    order_id: uuid.UUID,
    command: Command,
    idempotency_key: str | None,
) -> Response[Any]:
    key = ""
    if idempotency_key is not None:
        key = "act/" + placing.read_key(idempotency_key.encode("latin-1", "replace"))
    body = await request.body()
    digest = hashlib.sha256(request.scope["path"].encode() + b"\0" + body).digest()
    hub = hub_of(request)
    done = await replies.once(hub, held.tenant, key, digest, _deed(hub, held, order_id, command))
    status, content = done if not isinstance(done, Refusal) else _refuse(done)
    kind = "application/json" if status < 300 else problems.PROBLEM_JSON
    return Response(content, status_code=status, media_type=kind)


def _deed(
    hub: Hub, held: Held, order_id: uuid.UUID, command: Command
) -> Callable[[replies.Connection], Awaitable[replies.Reply]]:
    async def do(connection: replies.Connection) -> replies.Reply:
        await views.has_order(connection, held.tenant, order_id)
        world = await hub.worlds.ensure(held.tenant)
        decide = order_rights.command(command, lambda action, known: must(held, action, known))
        told = await acts.change(connection, world, order_id, held.actor, now_ms(), decide)
        return _refuse(told) if isinstance(told, Refusal) else (200, _encode(told))

    return do


def _refuse(refusal: Refusal) -> replies.Reply:
    problem = problems.of(refusal)
    return problem.status, _encode(problem)


ROUTES: Final = [act_on_order, cancel_order]
