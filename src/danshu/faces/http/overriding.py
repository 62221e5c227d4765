"""Overrides 人工指定仓 over HTTP: what a choice costs, the statement, the signature, the second
person's.
"""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.faces.http.acting import At, by_of, once, writing
from danshu.faces.http.entering import origin_of
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.orders import IdempotencyKey
from danshu.hub import override_views, overrides, signing, views
from danshu.hub.fields import PLAIN
from danshu.hub.override_views import OrderOverrides, OverrideWeighed
from danshu.hub.overrides import OverrideDone
from danshu.hub.overriding import Choice
from danshu.hub.stating import Prepared
from danshu.hub.trusted_time import require_token
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import ORDER_BODY_BYTES, REASON_CHARS, SKU_CHARS

OVERRIDES: Final = "/v1/orders/{order_id:uuid}/overrides"
ONE: Final = OVERRIDES + "/{override_id:uuid}"
OverrideReason = Literal[
    "customer_request",
    "stock_on_site",
    "batch",
    "joint_delivery",
    "carrier_trouble",
    "floor_trouble",
    "service_recovery",
    "other",
]
Code = Annotated[str, Meta(max_length=SKU_CHARS, pattern=PLAIN)]
Number = Annotated[int, Meta(ge=0, le=10_000)]


class OverrideWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which warehouse, "" to give it back to the router; `fulfilment` 0 for what has not begun."""

    warehouse: Code = ""
    fulfilment: Number = 0


class OverrideAsked(OverrideWanted, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be signed: the choice, why, and in which language it is shown."""

    reason: OverrideReason
    note: Annotated[str, Meta(min_length=2, max_length=REASON_CHARS, pattern=PLAIN)]
    lang: Literal["zh", "en"] = "zh"


class OverrideSecond(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which language the second person is shown it."""

    lang: Literal["zh", "en"] = "zh"


class OverrideSigned(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The passkey's answer to what was shown."""

    credential: dict[str, Any]


def _permit(request: Request[Any, Any, Any]) -> overrides.May:
    held = held_of(request)
    return lambda action, context: held.may(action, **context)


def _writing(path: str, operation: str) -> dict[str, Any]:
    return {
        **writing(path, operation),
        "tags": ["decisions"],
        "guards": [may("routing.override"), only_json],
    }


@get(
    OVERRIDES,
    operation_id="listOverrides",
    tags=["decisions"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_overrides(
    order_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> OrderOverrides:
    """Read who chose the order's warehouse against the router and why, whether that holds, and what
    waits for a second person.
    """
    hub, tenant = hub_of(request), held_of(request).tenant
    async with hub.connection() as connection:
        await views.has_order(connection, tenant, order_id)
        world = await hub.worlds.ensure(tenant)
        return await override_views.read(connection, world, order_id)


@post(
    OVERRIDES + "/weigh",
    operation_id="weighOverride",
    tags=["decisions"],
    responses=PROBLEMS,
    guards=[may("routing.override"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def weigh_override(
    order_id: FromPath[uuid.UUID],
    data: JSONBody[OverrideWanted],
    request: Request[Any, Any, Any],
) -> OverrideWeighed:
    """Weigh a warehouse against the router's choice on today's stock and signals: cost by part,
    what speaks against it, whether it may be; nothing is written.
    """
    hub, tenant = hub_of(request), held_of(request).tenant
    choice = Choice(warehouse=data.warehouse, fulfilment=data.fulfilment)
    seen = await views.read_order(hub, tenant, order_id)
    world = await hub.worlds.ensure(tenant)
    return override_views.weigh(world, seen, choice, _permit(request), hub.clock())


@post(**_writing(OVERRIDES, "prepareOverride"))
async def prepare_override(
    order_id: FromPath[uuid.UUID],
    data: JSONBody[OverrideAsked],
    request: Request[Any, Any, Any],
) -> Response[Prepared]:
    """Show the exact statement of an override; the passkey is asked to sign its bytes."""
    by, origin, permit = by_of(held_of(request)), origin_of(request), _permit(request)

    async def deed(at: At) -> Prepared | Refusal:
        return await overrides.prepare(
            at.connection,
            at.world,
            origin,
            order_id,
            Choice(warehouse=data.warehouse, fulfilment=data.fulfilment),
            by,
            permit,
            at.now_ms,
            reason=data.reason,
            note=data.note,
            lang=data.lang,
        )

    return await once(request, order_id, None, by, deed)


@post(**_writing(ONE + "/prepare", "prepareOverrideSecond"))
async def prepare_second(
    order_id: FromPath[uuid.UUID],
    override_id: FromPath[uuid.UUID],
    data: JSONBody[OverrideSecond],
    request: Request[Any, Any, Any],
) -> Response[Prepared]:
    """Show the second person what the first has signed, and ask for a signature of their own."""
    by, origin = by_of(held_of(request)), origin_of(request)

    async def deed(at: At) -> Prepared | Refusal:
        return await overrides.prepare_second(
            at.connection, at.world, origin, order_id, override_id, by, at.now_ms, data.lang
        )

    return await once(request, order_id, None, by, deed)


@post(**_writing(ONE + "/complete", "completeOverride"))
async def complete_override(
    order_id: FromPath[uuid.UUID],
    override_id: FromPath[uuid.UUID],
    data: JSONBody[OverrideSigned],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[OverrideDone]:
    """Override by the signature: decision, allocation and the fact of who, why and at what cost in
    one commit; or wait for the second person, where policies ask for one.
    """
    held, hub = held_of(request), hub_of(request)
    by, origin, permit = by_of(held), origin_of(request), _permit(request)
    async with hub.connection() as connection:
        is_fresh = await signing.spend(
            connection, held.tenant, data.credential, override_id.bytes, hub.clock()
        )

    async def deed(at: At) -> OverrideDone | Refusal:
        return await overrides.complete(
            at.connection,
            at.world,
            origin,
            order_id,
            override_id,
            by,
            permit,
            at.now_ms,
            credential=data.credential,
            is_fresh=is_fresh,
        )

    response = await once(request, order_id, idempotency_key, by, deed)
    if response.status_code == 200 and isinstance(response.content, bytes):
        done = msgspec.json.decode(response.content, type=OverrideDone)
        if done.fact:
            seq = int(done.fact.rpartition("/")[2])
            await require_token(hub, held.tenant, order_id, seq)
    return response


@post(**_writing(ONE + "/decline", "declineOverride"))
async def decline_override(
    order_id: FromPath[uuid.UUID],
    override_id: FromPath[uuid.UUID],
    request: Request[Any, Any, Any],
) -> Response[OverrideDone]:
    """Give up an override that waits for a second person."""
    by = by_of(held_of(request))

    async def deed(at: At) -> OverrideDone | Refusal:
        return await overrides.decline(
            at.connection, at.world.tenant, order_id, override_id, at.now_ms
        )

    return await once(request, order_id, None, by, deed)


ROUTES: Final = [
    list_overrides,
    weigh_override,
    prepare_override,
    prepare_second,
    complete_override,
    decline_override,
]
