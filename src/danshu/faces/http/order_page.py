"""The order page: its sheet, its timeline, what may be done, how far it is proven."""

from __future__ import annotations

import asyncio
import io
import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, get
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from danshu.capabilities.people import model as people
from danshu.capabilities.people.policies import Context
from danshu.faces import verify
from danshu.faces.http.auth import Held, Keyring
from danshu.faces.http.framework import PROBLEMS, READ_PROBLEMS, held_of, hub_of, may
from danshu.faces.http.questions import Limit
from danshu.hub import evidence, offers, order_sheet, proof_state, timeline, views
from danshu.hub.order_sheet import OrderSheet, Sight
from danshu.hub.proof_state import ProofState
from danshu.hub.timeline import Timeline
from danshu.kernel.limits import PAGE_ROWS, STREAM_FACTS
from danshu.ledger.prove import Prover

Lang = Annotated[Literal["zh", "en"], QueryParameter(description="language of the words")]


class Offers(Struct, frozen=True, kw_only=True):
    """What may be done with an order now, and what may not and why; `seq` as in getOrder."""

    order: uuid.UUID
    seq: int
    items: tuple[offers.Offer, ...]


class CheckItem(Struct, frozen=True, kw_only=True):
    """One thing that was checked of a bundle."""

    file: str
    what: str
    passed: bool
    detail: str


class Verification(Struct, frozen=True, kw_only=True):
    """A bundle made now and verified by the code that an appraiser runs offline.

    `trust` is `bundle`: the keys are the hub's own; only keys from elsewhere prove more.
    """

    order: uuid.UUID
    passed: bool
    trust: str
    facts: int
    checks: int
    bundle_bytes: int
    failed: tuple[CheckItem, ...]


def sight_of(held: Held) -> Sight:
    """Give what of a receiver the caller sees by right."""
    return Sight(
        name=held.may("field.name"),
        phone=held.may("field.phone"),
        address=held.may("field.address"),
    )


@get(
    "/v1/orders/{order_id:uuid}/sheet",
    operation_id="getOrderSheet",
    tags=["orders"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def get_sheet(order_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> OrderSheet:
    """Read an order's page: lines with what was paid for each, money, parcels, receiver (masked
    unless the caller sees it by right).
    """
    hub, held = hub_of(request), held_of(request)
    seen = await views.read_order(hub, held.tenant, order_id)
    world = await hub.worlds.ensure(held.tenant)
    async with hub.connection() as connection:
        told = await views.read_facts(connection, held.tenant, order_id, 0, STREAM_FACTS)
        receiver, erased_ms = await order_sheet.read_receiver(connection, held.tenant, order_id)
    sight, now_ms = sight_of(held), hub.clock()
    return order_sheet.show(world, seen, told, receiver, erased_ms, sight, now_ms)


@get(
    "/v1/orders/{order_id:uuid}/timeline",
    operation_id="getTimeline",
    tags=["orders"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def get_timeline(
    order_id: FromPath[uuid.UUID],
    request: Request[Any, Any, Any],
    lang: Lang = "zh",
    after: Annotated[int, QueryParameter(ge=0, le=STREAM_FACTS)] = 0,
    limit: Limit = PAGE_ROWS,
) -> Timeline:
    """Read what happened to an order in business words, and what is awaited next; `limit` counts
    commits.
    """
    hub, tenant = hub_of(request), held_of(request).tenant
    seen = await views.read_order(hub, tenant, order_id)
    world = await hub.worlds.ensure(tenant)
    async with hub.connection() as connection:
        return await timeline.read(connection, world, seen, lang, after, limit)


@get(
    "/v1/orders/{order_id:uuid}/actions",
    operation_id="listActions",
    tags=["orders"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_actions(
    order_id: FromPath[uuid.UUID], request: Request[Any, Any, Any], lang: Lang = "zh"
) -> Offers:
    """Read what this caller may do with the order now: each act of the machines, decided without
    writing, with its legal meaning, its effect, or the reason why not and the way out.
    """
    hub, held = hub_of(request), held_of(request)
    keyring: Keyring = request.app.state.keyring
    seen = await views.read_order(hub, held.tenant, order_id)
    world = await hub.worlds.ensure(held.tenant)
    granted = await keyring.roles_granted(held)

    def ask(action: str, context: Context) -> offers.Permission:
        if held.may(action, **context):
            return "yes"
        return "proof" if held.needs_proof(action, **context) else "no"

    def roles(action: str) -> tuple[str, ...]:
        return tuple(role for role in people.ROLES if action in granted[role])

    rights = offers.Rights(ask=ask, roles=roles)
    made = offers.offer(world, seen, rights, lang, hub.clock())
    return Offers(order=order_id, seq=seen.seq, items=tuple(made))


@get(
    "/v1/orders/{order_id:uuid}/proof",
    operation_id="getProof",
    tags=["proof"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def get_proof(order_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> ProofState:
    """Read what proves an order by now: evidence, leaves, the checkpoint over them."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        await views.has_order(connection, tenant, order_id)
        return await proof_state.read(connection, tenant, order_id, STREAM_FACTS)


@get(
    "/v1/orders/{order_id:uuid}/verification",
    operation_id="verifyOrder",
    tags=["proof"],
    responses=PROBLEMS,
    guards=[may("order.read")],
)
async def verify_order(
    order_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> Verification:
    """Make the bundle of an order and verify it; 503 until its newest facts are sealed."""
    prover: Prover = request.app.state.prover
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        await views.has_order(connection, tenant, order_id)
        bundle = await evidence.export(connection, prover, tenant, order_id, pdf=False)
    report = await asyncio.to_thread(verify.verify, io.BytesIO(bundle))
    return Verification(
        order=order_id,
        passed=report.code != verify.FAILED,
        trust=report.trust,
        facts=len(report.facts),
        checks=len(report.checks),
        bundle_bytes=len(bundle),
        failed=tuple(
            [
                CheckItem(file=c.file, what=c.what, passed=False, detail=c.detail)
                for c in report.checks
                if c.passed is False
            ]
        ),
    )


ROUTES: Final = [get_sheet, get_timeline, list_actions, get_proof, verify_order]
