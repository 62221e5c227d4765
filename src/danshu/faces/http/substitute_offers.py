"""Substitutes that the buyer is asked about, over HTTP: what is open, asking, taking back."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.faces.http.acting import At, by_of, once
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
from danshu.hub import acts, order_rights, substitute_offers, views
from danshu.hub.fields import Code
from danshu.hub.requests import Answer
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import LINE_QUANTITY, OFFER_HOURS, ORDER_BODY_BYTES, ORDER_LINES

OFFERS: Final = "/v1/orders/{order_id:uuid}/substitutes/offers"


class OfferShown(Struct, frozen=True, kw_only=True):
    """A substitute that the buyer is asked about; `paid` in minor units is for all its units.
    `stale`: the line is no longer that short, so that a yes would mean nothing.
    """

    no: int
    line: int
    sku: str
    title: str
    units: int
    paid: int
    until: str
    stale: bool


class OffersShown(Struct, frozen=True, kw_only=True):
    """What the buyer of an order is being asked."""

    items: tuple[OfferShown, ...]


class NewOffer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the buyer is asked: `units` of `sku` instead of as many of a line, for so many hours."""

    line: Annotated[int, Meta(ge=1, le=ORDER_LINES)]
    sku: Code
    units: Annotated[int, Meta(ge=1, le=LINE_QUANTITY)]
    hours: Annotated[int, Meta(ge=1, le=OFFER_HOURS)] = 24


@get(
    OFFERS,
    operation_id="listSubstituteOffers",
    tags=["orders"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_offers(
    order_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> OffersShown:
    """List the substitutes that an order's buyer is asked about and has not answered."""
    hub = hub_of(request)
    seen = await views.read_order(hub, held_of(request).tenant, order_id)
    at_ms = hub.clock()
    return OffersShown(
        items=tuple(
            OfferShown(
                no=o.no,
                line=o.line,
                sku=o.sku,
                title=o.title,
                units=o.quantity,
                paid=o.paid,
                until=rfc3339(o.until_ms),
                stale=not substitute_offers.is_open(seen.order, o, at_ms),
            )
            for o in seen.order.offers
        )
    )


@post(
    OFFERS,
    operation_id="offerSubstitute",
    tags=["orders"],
    responses=PROBLEMS,
    guards=[may("order.amend"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def offer_substitute(
    order_id: FromPath[uuid.UUID],
    data: JSONBody[NewOffer],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[Answer]:
    """Ask the buyer on their evidence page whether a substitute may come instead; their yes amends
    the order. Nobody's answer in time ends it.
    """
    held = held_of(request)
    asking = substitute_offers.Asking(
        line=data.line, sku=data.sku, units=data.units, hours=data.hours
    )

    async def deed(at: At) -> Answer | Refusal:
        await _may_amend(held, at, order_id)
        return await substitute_offers.offer(
            at.connection, at.world, order_id, held.actor, asking, at.now_ms
        )

    return await once(request, order_id, idempotency_key, by_of(held), deed)


@post(
    OFFERS + "/{no:int}/withdraw",
    operation_id="withdrawSubstitute",
    tags=["orders"],
    responses=PROBLEMS,
    guards=[may("order.amend")],
    status_code=200,
)
async def withdraw_substitute(
    order_id: FromPath[uuid.UUID],
    no: FromPath[int],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[Answer]:
    """Take back what the buyer is asked."""
    held = held_of(request)

    async def deed(at: At) -> Answer | Refusal:
        await _may_amend(held, at, order_id)
        return await substitute_offers.withdraw(
            at.connection, at.world, order_id, held.actor, no, at.now_ms
        )

    return await once(request, order_id, idempotency_key, by_of(held), deed)


async def _may_amend(held: Held, at: At, order_id: uuid.UUID) -> None:
    """Ask the rules as for an amendment of this order that moves no money."""
    seen = await acts.hold(at.connection, at.world, order_id, locked=False)
    for known in order_rights.amending(seen.order, seen.order) if seen else ():
        must(held, "order.amend", known)


ROUTES: Final = [list_offers, offer_substitute, withdraw_substitute]
