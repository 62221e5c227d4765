"""Moves of policy sets 策略: live, canary, shadow, scheduled, rolled back."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Final

from litestar import Request, Response, delete, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.routing.policy.model import ROUTING, PolicyKind
from danshu.faces.http import problems
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    respond,
)
from danshu.faces.http.questions import epoch
from danshu.faces.http.routing_policies import RoutingPolicies, overview
from danshu.hub import policy_sets, policy_shadows, policy_work
from danshu.hub.fields import PLAIN
from danshu.hub.policy_sets import Canary
from danshu.hub.policy_shadows import ShadowFigures
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import ORDER_BODY_BYTES, POLICY_PLACES, REASON_CHARS, SKU_CHARS

_DIGEST = FromPath[str]
Code = Annotated[str, Meta(min_length=1, max_length=SKU_CHARS, pattern=PLAIN)]


class RoutingCanaryRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The share of orders that is ruled: of the channels and regions, where named."""

    percent: Annotated[int, Meta(ge=1, le=100)] = 100
    channels: Annotated[tuple[Code, ...], Meta(max_length=POLICY_PLACES)] = ()
    regions: Annotated[tuple[Code, ...], Meta(max_length=POLICY_PLACES)] = ()


class RoutingActivation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the set begins to rule; left out: now."""

    at: Annotated[datetime.datetime, Meta(tz=True)] | None = None


class RoutingRollbackAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why; of which kind of sets the last move is undone."""

    note: Annotated[str, Meta(max_length=REASON_CHARS, pattern=PLAIN)] = ""
    kind: PolicyKind = ROUTING


_READ: Final[dict[str, Any]] = {
    "tags": ["routing"],
    "responses": READ_PROBLEMS,
    "guards": [may("routing.read")],
}
_WRITE: Final[dict[str, Any]] = {
    "tags": ["routing"],
    "responses": PROBLEMS,
    "guards": [may("routing.activate"), only_json],
    "request_max_body_size": ORDER_BODY_BYTES,
    "status_code": 200,
}


async def _moved(
    request: Request[Any, Any, Any], done: policy_sets.Head | Refusal, kind: PolicyKind = ROUTING
) -> Response[RoutingPolicies]:
    """Let this server's worlds hear of a move at once, and show what rules now."""
    if isinstance(done, Refusal):
        return respond(problems.of(done))
    hub, tenant = hub_of(request), held_of(request).tenant
    await policy_work.spread(hub, tenant, kind)
    async with hub.connection() as connection:
        return Response(await overview(connection, tenant, kind))


@post(
    "/v1/routing/policies/sets/{digest:str}/activate",
    operation_id="activateRoutingSet",
    **_WRITE,
)
async def activate_set(
    digest: _DIGEST, data: JSONBody[RoutingActivation], request: Request[Any, Any, Any]
) -> Response[RoutingPolicies]:
    """Let a published set rule all orders, now or from a moment on."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        kind = (await policy_sets.read_row(connection, held.tenant, digest)).kind
        if data.at is not None:
            if epoch(data.at, "/at") <= hub.clock():
                raise InputError("past", "that moment has passed", "/at")
            await policy_sets.schedule(connection, held.tenant, digest, data.at, held.actor)
            return Response(await overview(connection, held.tenant, kind))
        done = await policy_sets.activate(connection, held.tenant, digest, held.actor)
    return await _moved(request, done, kind)


@delete(
    "/v1/routing/policies/sets/{digest:str}/activate",
    operation_id="unscheduleRoutingSet",
    **{**_WRITE, "guards": [may("routing.activate")]},
)
async def unschedule_set(
    digest: _DIGEST, request: Request[Any, Any, Any]
) -> Response[RoutingPolicies]:
    """Take a scheduled beginning back."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        if not await policy_sets.unschedule(connection, held.tenant, digest, held.actor):
            raise policy_sets.NO_SET
        kind = (await policy_sets.read_row(connection, held.tenant, digest)).kind
        return Response(await overview(connection, held.tenant, kind))


@post("/v1/routing/policies/sets/{digest:str}/canary", operation_id="canaryRoutingSet", **_WRITE)
async def canary_set(
    digest: _DIGEST, data: JSONBody[RoutingCanaryRule], request: Request[Any, Any, Any]
) -> Response[RoutingPolicies]:
    """Let a published set rule a share of the orders, chosen by a hash of the order's id."""
    held = held_of(request)
    rule = Canary(percent=data.percent, channels=data.channels, regions=data.regions)
    async with hub_of(request).connection() as connection:
        kind = (await policy_sets.read_row(connection, held.tenant, digest)).kind
        done = await policy_sets.set_canary(connection, held.tenant, digest, rule, held.actor)
    return await _moved(request, done, kind)


@post("/v1/routing/policies/sets/{digest:str}/shadow", operation_id="shadowRoutingSet", **_WRITE)
async def shadow_set(digest: _DIGEST, request: Request[Any, Any, Any]) -> Response[RoutingPolicies]:
    """Ask a published set beside the one that rules, and count where they differ."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        done = await policy_sets.set_shadow(
            connection, held.tenant, digest, held.actor, hub_of(request).clock()
        )
    return await _moved(request, done)


@delete(
    "/v1/routing/policies/sets/{digest:str}/shadow",
    operation_id="endRoutingShadow",
    **{**_WRITE, "guards": [may("routing.activate")]},
)
async def end_shadow(digest: _DIGEST, request: Request[Any, Any, Any]) -> Response[RoutingPolicies]:
    """End the shadow run of a set; its figures stay."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        head = await policy_sets.read_head(connection, held.tenant)
        if head.shadow != digest:
            raise policy_sets.NO_SET
        done = await policy_sets.set_shadow(
            connection, held.tenant, "", held.actor, hub_of(request).clock()
        )
    return await _moved(request, done)


@get("/v1/routing/policies/sets/{digest:str}/shadow", operation_id="readRoutingShadow", **_READ)
async def read_shadow(digest: _DIGEST, request: Request[Any, Any, Any]) -> ShadowFigures:
    """Read what a set would have decided otherwise since its shadow run began."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        await policy_sets.read_row(connection, tenant, digest)
        return await policy_shadows.read(connection, tenant, digest)


@post(
    "/v1/routing/policies/rollback",
    operation_id="rollBackRouting",
    **{**_WRITE, "guards": [may("routing.rollback"), only_json]},
)
async def roll_back(
    data: JSONBody[RoutingRollbackAsked], request: Request[Any, Any, Any]
) -> Response[RoutingPolicies]:
    """Undo the last move at once: a canary ends, else the set before rules again."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        done = await policy_sets.roll_back(
            connection, held.tenant, held.actor, data.note, data.kind
        )
    return await _moved(request, done, data.kind)


ROUTES: Final = [
    activate_set,
    unschedule_set,
    canary_set,
    shadow_set,
    end_shadow,
    read_shadow,
    roll_back,
]
