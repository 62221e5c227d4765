"""Compensation for broken promises: what is proposed, decided by people, paid; the settings."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.faces.http.auth import require
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.problems import of
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import compensations, outside, refunds_room, remedies, views
from danshu.hub.compensations import Compensation
from danshu.hub.fields import PLAIN
from danshu.hub.remedies import Settings
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import ORDER_BODY_BYTES, PAGE_ROWS, REASON_CHARS, REMEDY_AUTO_FEN
from danshu.ports import registry

State = Annotated[Literal["proposed", "approved", "paid", "refused"], QueryParameter(name="state")]


class CompensationList(Struct, frozen=True, kw_only=True):
    """The compensations of one order."""

    items: tuple[Compensation, ...]


class CompensationPage(Struct, frozen=True, kw_only=True):
    """Compensations in a state, those that are to be paid first before others; `next` is "" at the
    end.
    """

    items: tuple[Compensation, ...]
    next: str


class Decision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person decides. `refuse` needs a reason; `retry` pays again what the service refused.

    `amount_fen` is what they saw: another amount is not approved.
    """

    act: Literal["approve", "refuse", "retry"]
    code: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    step: Annotated[int, Meta(ge=0, le=100)]
    amount_fen: Annotated[int, Meta(ge=0)] = 0
    reason: Annotated[str, Meta(max_length=REASON_CHARS, pattern=PLAIN)] = ""


class RemedySettings(Struct, frozen=True, kw_only=True):
    """Up to which amount policy pays by itself, and the payment service; its secret stays in."""

    auto_fen: int
    adapter: str
    url: str
    adapters: tuple[str, ...]


class NewRemedySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`adapter` "" connects no service; `secret` "" keeps the one that is there."""

    auto_fen: Annotated[int, Meta(ge=0, le=REMEDY_AUTO_FEN)] = 0
    adapter: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = ""
    url: Annotated[str, Meta(max_length=500, pattern=PLAIN)] = ""
    secret: Annotated[str, Meta(max_length=500, pattern=PLAIN)] = ""


@get(
    "/v1/orders/{order_id:uuid}/compensations",
    operation_id="listOrderCompensations",
    tags=["promises"],
    responses=READ_PROBLEMS,
    guards=[may("promise.read")],
)
async def list_of_order(
    order_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> CompensationList:
    """Read what broken promises of an order owe its buyer, with clause, amount and state."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        await views.has_order(connection, tenant, order_id)
        found = await compensations.of_order(connection, tenant, order_id)
    return CompensationList(items=tuple(found))


def _place(cursor: str) -> compensations.Place:
    pay_by_ms, id_, code, step = read_place(cursor, int, str, str, int)
    try:
        uuid.UUID(str(id_))
    except ValueError as error:
        raise InputError("bad_cursor", "the cursor is not one of ours") from error
    return int(pay_by_ms), str(id_), str(code), int(step)


@get(
    "/v1/compensations",
    operation_id="listCompensations",
    tags=["promises"],
    responses=READ_PROBLEMS,
    guards=[may("promise.read")],
)
async def list_by_state(
    request: Request[Any, Any, Any],
    compensation_state: State = "proposed",
    cursor: Cursor = "",
    limit: Limit = PAGE_ROWS,
) -> CompensationPage:
    """List compensations in a state, by the time until which they are to be paid."""
    after = _place(cursor) if cursor else compensations.FIRST
    async with hub_of(request).connection() as connection:
        found = await compensations.by_state(
            connection, held_of(request).tenant, compensation_state, after, limit + 1
        )
    page, more = found[:limit], found[limit:]
    following = write_place(*compensations.place_of(page[-1])) if more else ""
    return CompensationPage(items=tuple(page), next=following)


@post(
    "/v1/orders/{order_id:uuid}/compensations",
    operation_id="decideCompensation",
    tags=["promises"],
    responses=PROBLEMS,
    guards=[may("order.compensate"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def decide(
    order_id: FromPath[uuid.UUID], data: JSONBody[Decision], request: Request[Any, Any, Any]
) -> Response[Any]:
    """Approve, refuse or pay again what a broken promise owes; the payment follows by itself."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        await views.has_order(connection, held.tenant, order_id)
        found = await compensations.of_order(connection, held.tenant, order_id)
        row = next((c for c in found if (c.code, c.step) == (data.code, data.step)), None)
        if row is None:
            raise InputError("no_compensation", "the order has no such compensation", "/code")
        require(held, "order.compensate", amount_fen=row.amount)
        if data.act == "retry":
            await compensations.retry(connection, held.tenant, row, hub.clock())
    if data.act != "retry":
        if data.act == "refuse" and not data.reason.strip():
            raise InputError("bad_field", "a refusal needs a reason", "/reason")
        if data.act == "approve" and data.amount_fen != row.amount:
            raise InputError("bad_field", f"the amount is {row.amount}", "/amount_fen")
        done = await hub.change(
            held.tenant, order_id, compensations.decided(row, data.act, data.reason), held.actor
        )
        if isinstance(done, Refusal):
            problem = of(done)
            kind = "application/problem+json"
            return Response(problem, status_code=problem.status, media_type=kind)
    async with hub.connection() as connection:
        found = await compensations.of_order(connection, held.tenant, order_id)
    return Response(CompensationList(items=tuple(found)))


def _show(found: Settings) -> RemedySettings:
    return RemedySettings(
        auto_fen=found.auto_fen,
        adapter=found.adapter,
        url=found.url,
        adapters=registry.names("settlement"),
    )


@get("/v1/remedy-settings", **declare_read("getRemedySettings", "promises", "merchant.read"))
async def get_settings(request: Request[Any, Any, Any]) -> RemedySettings:
    """Read up to which amount policy pays by itself, and through which payment service."""
    async with hub_of(request).connection() as connection:
        return _show(await remedies.read_settings(connection, held_of(request).tenant))


@put("/v1/remedy-settings", **declare_write("putRemedySettings", "promises", "merchant.write"))
async def put_settings(
    data: JSONBody[NewRemedySettings], request: Request[Any, Any, Any]
) -> RemedySettings:
    """Set up to which amount policy pays by itself, and connect a payment service."""
    hub, held = hub_of(request), held_of(request)
    if data.adapter and data.adapter not in registry.names("settlement"):
        raise InputError("bad_field", "no such payment service", "/adapter")
    if data.adapter:
        outside.check_url(data.url)
    async with hub.connection() as connection:
        before = await remedies.read_settings(connection, held.tenant)
        wanted = Settings(
            auto_fen=data.auto_fen,
            adapter=data.adapter,
            url=data.url if data.adapter else "",
            secret=(data.secret or before.secret) if data.adapter else "",
        )
        await remedies.configure(connection, held.tenant, held.actor, wanted)
        await compensations.wake(connection, held.tenant, hub.clock())
        await refunds_room.wake(connection, held.tenant, hub.clock())
    return _show(wanted)


ROUTES: Final = [list_of_order, list_by_state, decide, get_settings, put_settings]
