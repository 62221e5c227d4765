"""Why this warehouse: the decision panel, its replay, and what if."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.hub import decision_parts, decision_views, policy_drafts, views, what_if
from danshu.hub.decision_parts import Replay
from danshu.hub.decision_views import OrderDecision
from danshu.hub.policy_arms import compile_set
from danshu.hub.what_if import Trial, Tried
from danshu.kernel.limits import ORDER_BODY_BYTES


class Replaying(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which decision to replay: the fact that holds it, "" the newest."""

    fact: Annotated[str, Meta(max_length=64)] = ""


@get(
    "/v1/orders/{order_id:uuid}/decision",
    operation_id="getDecision",
    tags=["decisions"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def get_decision(
    order_id: FromPath[uuid.UUID],
    request: Request[Any, Any, Any],
    fact: Annotated[str, QueryParameter(max_length=64, description="which one")] = "",
) -> OrderDecision:
    """Read why these warehouses: plans by cost part, arrival, odds, each other warehouse's reason,
    the map.
    """
    hub, tenant = hub_of(request), held_of(request).tenant
    async with hub.connection() as connection:
        await views.has_order(connection, tenant, order_id)
        world = await hub.worlds.ensure(tenant)
        recorded = await decision_views.read_recorded(connection, tenant, order_id)
        facts = tuple([r.fact for r in recorded])
        if not recorded and not fact:
            return OrderDecision(order=order_id, facts=facts, decision=None)
        asked = decision_views.pick(recorded, fact)
        snapshot = await decision_views.read_snapshot(connection, tenant, asked.decision.snapshot)
    return OrderDecision(
        order=order_id, facts=facts, decision=decision_views.show(asked, snapshot, world)
    )


@post(
    "/v1/orders/{order_id:uuid}/replay",
    operation_id="replayDecision",
    tags=["decisions"],
    responses=PROBLEMS,
    guards=[may("order.read"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def replay_decision(
    order_id: FromPath[uuid.UUID], data: JSONBody[Replaying], request: Request[Any, Any, Any]
) -> Replay:
    """Decide again on the stored snapshot and compare the bytes; nothing is written."""
    hub, tenant = hub_of(request), held_of(request).tenant
    async with hub.connection() as connection:
        await views.has_order(connection, tenant, order_id)
        recorded = await decision_views.read_recorded(connection, tenant, order_id)
        asked = decision_views.pick(recorded, data.fact)
        snapshot = await decision_views.read_snapshot(connection, tenant, asked.decision.snapshot)
    return decision_parts.decide_again(asked, snapshot)


@post(
    "/v1/orders/{order_id:uuid}/what-if",
    operation_id="tryDecision",
    tags=["decisions"],
    responses=PROBLEMS,
    guards=[may("order.read"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def try_decision(
    order_id: FromPath[uuid.UUID], data: JSONBody[Trial], request: Request[Any, Any, Any]
) -> Tried:
    """Decide the order under other conditions, on the stored world or on today's; nothing is
    written.
    """
    hub, tenant = hub_of(request), held_of(request).tenant
    seen = await views.read_order(hub, tenant, order_id)
    async with hub.connection() as connection:
        recorded = await decision_views.read_recorded(connection, tenant, order_id)
        asked = decision_views.pick(recorded, data.fact)
        snapshot = await decision_views.read_snapshot(connection, tenant, asked.decision.snapshot)
        policy = None
        if data.policy not in ("", "none"):
            policy = compile_set(await policy_drafts.resolve(connection, tenant, data.policy))
    world = await hub.worlds.ensure(tenant)
    return what_if.decide(world, order_id, seen.order, asked, snapshot, data, hub.clock(), policy)


ROUTES: Final = [get_decision, replay_decision, try_decision]
