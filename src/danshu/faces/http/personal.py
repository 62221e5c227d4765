"""Personal data of an order: the masked message, plain values for a reason, erasure."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.faces.http import problems
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.placing import PLAIN
from danshu.hub import personal, raw_views, replies, views
from danshu.hub.personal import Erased, Field, Revealed
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import ORDER_BODY_BYTES, REASON_CHARS
from danshu.ledger import vault

Reason = Annotated[str, Meta(min_length=1, max_length=REASON_CHARS, pattern=PLAIN)]
_encode: Final = msgspec.json.Encoder().encode


class RawShown(Struct, frozen=True, kw_only=True):
    """The platform's message, masked. `form` other has no masked text: reveal it to see it.

    `digest` is the commitment that the first fact names, `erased` when the message was erased.
    """

    order: uuid.UUID
    form: str
    text: str
    size: int
    erased: str


class Revealing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be seen unmasked, and why; it becomes a fact."""

    fields: Annotated[tuple[Field, ...], Meta(min_length=1, max_length=4)]
    reason: Reason


class Erasing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """On which basis, and by whose request (its reference)."""

    reason: Reason
    reference: Annotated[str, Meta(min_length=1, max_length=100, pattern=PLAIN)]


@get(
    "/v1/orders/{order_id:uuid}/raw",
    operation_id="getRawMessage",
    tags=["personal data"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def get_raw(order_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> RawShown:
    """Read the platform's message with everything masked that may be personal."""
    hub, tenant = hub_of(request), held_of(request).tenant
    seen = await views.read_order(hub, tenant, order_id)
    async with hub.connection() as connection:
        row = await vault.read(connection, tenant, order_id)
    if row is None or row.raw is None:
        at_ms = row.erased_ms if row else None
        erased = rfc3339(at_ms) if at_ms else ""
        return RawShown(order=order_id, form="", text="", size=0, erased=erased)
    form, text = raw_views.mask(row.raw, raw_views.known_texts(seen.order))
    return RawShown(order=order_id, form=form, text=text, size=len(row.raw), erased="")


@post(
    "/v1/orders/{order_id:uuid}/reveal",
    operation_id="revealPersonalData",
    tags=["personal data"],
    responses=PROBLEMS,
    guards=[may("order.reveal"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def reveal(
    order_id: FromPath[uuid.UUID], data: JSONBody[Revealing], request: Request[Any, Any, Any]
) -> Response[Revealed]:
    """See personal data in plain words, for a reason; who saw what and why is a fact of the order.
    Mask it again at `until`.
    """
    hub, held = hub_of(request), held_of(request)

    async def do(connection: replies.Connection) -> replies.Reply:
        await views.has_order(connection, held.tenant, order_id)
        world = await hub.worlds.ensure(held.tenant)
        told = await personal.reveal(
            connection, world, order_id, held.actor, hub.clock(), data.fields, data.reason
        )
        return _reply(told)

    # Without a key: what is shown is never kept among the replies.
    return _respond(await replies.once(hub, held.tenant, "", b"", do))


@post(
    "/v1/orders/{order_id:uuid}/erase",
    operation_id="erasePersonalData",
    tags=["personal data"],
    responses=PROBLEMS,
    guards=[may("order.erase"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def erase(
    order_id: FromPath[uuid.UUID], data: JSONBody[Erasing], request: Request[Any, Any, Any]
) -> Response[Erased]:
    """Erase the personal data of an order for good; its facts, its leaves and its proofs stay."""
    hub, held = hub_of(request), held_of(request)

    async def do(connection: replies.Connection) -> replies.Reply:
        await views.has_order(connection, held.tenant, order_id)
        world = await hub.worlds.ensure(held.tenant)
        told = await personal.erase(
            connection,
            world,
            order_id,
            held.actor,
            hub.clock(),
            reason=data.reason,
            reference=data.reference,
        )
        return _reply(told)

    return _respond(await replies.once(hub, held.tenant, "", b"", do))


def _reply(told: Struct | Refusal) -> replies.Reply:
    if isinstance(told, Refusal):
        problem = problems.of(told)
        return problem.status, _encode(problem)
    return 200, _encode(told)


def _respond(done: replies.Reply | Refusal) -> Response[Any]:
    status, content = done if not isinstance(done, Refusal) else _reply(done)
    kind = "application/json" if status < 300 else problems.PROBLEM_JSON
    headers = {"cache-control": "no-store"}
    return Response(content, status_code=status, media_type=kind, headers=headers)


ROUTES: Final = [get_raw, reveal, erase]
