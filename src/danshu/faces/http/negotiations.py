"""Negotiation 双向协商 over HTTP: calls opened, listed, read, withdrawn; parties, their links."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.faces.http import cookies
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.problems import of
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import acts, lists, negotiating, negotiation_calls, negotiation_views, parties
from danshu.hub.fields import PLAIN
from danshu.hub.negotiation_views import NegotiationItem, NegotiationView
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import (
    LANE_FEN,
    NEGOTIATION_PARTIES,
    NEGOTIATION_REPLY_MAX_MS,
    NEGOTIATION_WINDOWS,
    ORDER_BODY_BYTES,
    REASON_CHARS,
    SKU_CHARS,
)

Fen = Annotated[int, Meta(ge=0, le=LANE_FEN)]
Code = Annotated[str, Meta(min_length=1, max_length=SKU_CHARS, pattern=r"^[A-Za-z0-9_.\-]+$")]
Plain = Annotated[str, Meta(max_length=200, pattern=PLAIN)]


class Span(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A window that may be proposed; `incentive_fen` is what choosing it costs the merchant."""

    start: str
    end: str
    incentive_fen: Fen = 0


class NewNegotiation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call to be opened; everything has a default. `kind` sets how long offers may come (8 s for
    instant, 60 s for half_day) unless `reply_ms` does; no windows are the usual two, no parties all
    that are active. A window that ends after what was promised needs the consumer's consent.
    """

    kind: Literal["instant", "half_day"] = "instant"
    fulfilment: Annotated[int, Meta(ge=0, le=10_000)] = 0
    windows: Annotated[tuple[Span, ...], Meta(max_length=NEGOTIATION_WINDOWS)] = ()
    parties: Annotated[tuple[Code, ...], Meta(max_length=NEGOTIATION_PARTIES)] = ()
    reply_ms: Annotated[int, Meta(ge=0, le=NEGOTIATION_REPLY_MAX_MS)] = 0
    offer_fen: Fen = 0
    ceiling_fen: Fen = 0
    late_fen: Fen = 1_000
    reroute_fen: Fen = 600
    deviation_min: Annotated[int, Meta(ge=1, le=1_440)] = 15


class NegotiationPage(Struct, frozen=True, kw_only=True):
    """Negotiations, newest first; `next` is "" at the end, `now` the hub's clock."""

    items: tuple[NegotiationItem, ...]
    next: str
    now: str


class Withdrawal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a call is withdrawn."""

    reason: Annotated[str, Meta(max_length=REASON_CHARS, pattern=PLAIN)] = ""


class PartyBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who a party is. `adapter` "rider" works by a link; the others are services at `url`, with
    `options` in the service's own words (never shown again; left out, they stay).
    """

    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=PLAIN)]
    adapter: Code = parties.RIDER
    url: Plain = ""
    options: dict[str, Plain] = {}
    equipment: Plain = ""
    active: bool = True


class PartyView(Struct, frozen=True, kw_only=True):
    """A party. `trip_ms` is what its way there and back takes at most (p99), `accept_permille` how
    likely it confirms, from the awards counted.
    """

    code: str
    name: str
    adapter: str
    url: str
    equipment: str
    active: bool
    awarded: int
    confirmed: int
    accept_permille: int
    trip_ms: int


class PartyPage(Struct, frozen=True, kw_only=True):
    """Parties by code; `next` is "" at the end."""

    items: tuple[PartyView, ...]
    next: str


class PartyLink(Struct, frozen=True, kw_only=True):
    """A rider's link: its address, told once, and when it ends."""

    url: str
    expires: str


def _party(p: parties.Party) -> PartyView:
    return PartyView(
        code=p.code,
        name=p.name,
        adapter=p.adapter,
        url=p.url,
        equipment=p.equipment,
        active=p.active,
        awarded=p.awarded,
        confirmed=p.confirmed,
        accept_permille=p.accept_permille,
        trip_ms=p.trip_ms,
    )


def refused(refusal: Refusal) -> Response[Any]:
    """Give a business no as a problem."""
    problem = of(refusal)
    return Response(problem, status_code=problem.status, media_type="application/problem+json")


@post(
    "/v1/orders/{order_id:uuid}/negotiations",
    operation_id="openNegotiation",
    tags=["decisions"],
    responses=PROBLEMS,
    guards=[may("order.negotiate"), only_json],
    request_max_body_size=ORDER_BODY_BYTES,
)
async def open_negotiation(
    order_id: FromPath[uuid.UUID],
    data: JSONBody[NewNegotiation],
    request: Request[Any, Any, Any],
) -> Response[Any]:
    """Ask who carries a fulfilment order in which window; the default stands meanwhile."""
    hub, held = hub_of(request), held_of(request)
    spans = tuple(
        negotiation_calls.Span(
            start_ms=acts.read_time(w.start, f"/windows/{n}/start"),
            end_ms=acts.read_time(w.end, f"/windows/{n}/end"),
            incentive_fen=w.incentive_fen,
        )
        for n, w in enumerate(data.windows)
    )
    wanted = negotiation_calls.Wanted(
        kind=data.kind,
        fulfilment=data.fulfilment,
        windows=spans,
        parties=data.parties,
        reply_ms=data.reply_ms,
        offer_fen=data.offer_fen,
        ceiling_fen=data.ceiling_fen,
        late_fen=data.late_fen,
        reroute_fen=data.reroute_fen,
        deviation_min=data.deviation_min,
    )
    world = await hub.worlds.ensure(held.tenant)
    now_ms = hub.clock()
    async with hub.connection() as connection:
        made = await negotiation_calls.open_call(
            connection, world, order_id, wanted, held.actor, now_ms
        )
        if isinstance(made, Refusal):
            return refused(made)
        shown = await negotiation_views.read_negotiation(connection, held.tenant, made, now_ms)
    return Response(shown, status_code=201)


@get(
    "/v1/negotiations",
    operation_id="listNegotiations",
    tags=["decisions"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_negotiations(
    request: Request[Any, Any, Any],
    cursor: Cursor = "",
    limit: Limit = 20,
    which: Annotated[Literal["", "open"], QueryParameter(name="state")] = "",
    order: Annotated[uuid.UUID | None, QueryParameter(description="of one order")] = None,
) -> NegotiationPage:
    """List negotiations, newest first; `open` ones have not ended."""
    hub = hub_of(request)
    now_ms = hub.clock()
    before = _uuid(read_place(cursor, str)[0]) if cursor else lists.LAST
    async with hub.connection() as connection:
        found = await negotiation_views.list_negotiations(
            connection,
            held_of(request).tenant,
            before,
            limit + 1,
            now_ms,
            is_open=which == "open",
            order=order,
        )
    more = found[limit - 1] if len(found) > limit else None
    return NegotiationPage(
        items=tuple(found[:limit]),
        next=write_place(str(more.id)) if more else "",
        now=rfc3339(now_ms),
    )


def _uuid(text: int | str) -> uuid.UUID:
    try:
        return uuid.UUID(str(text))
    except ValueError as error:
        raise lists.OTHER_QUESTION from error


@get(
    "/v1/negotiations/{negotiation_id:uuid}",
    operation_id="getNegotiation",
    tags=["decisions"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def get_negotiation(
    negotiation_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> NegotiationView:
    """Read a negotiation with every message and every score."""
    hub = hub_of(request)
    async with hub.connection() as connection:
        return await negotiation_views.read_negotiation(
            connection, held_of(request).tenant, negotiation_id, hub.clock()
        )


@post(
    "/v1/negotiations/{negotiation_id:uuid}/withdraw",
    operation_id="withdrawNegotiation",
    tags=["decisions"],
    responses=PROBLEMS,
    guards=[may("order.negotiate"), only_json],
    status_code=200,
)
async def withdraw_negotiation(
    negotiation_id: FromPath[uuid.UUID],
    data: JSONBody[Withdrawal],
    request: Request[Any, Any, Any],
) -> NegotiationView:
    """Withdraw a call: the default stands; what was awarded is cancelled. One that is over stays as
    it is.
    """
    hub, held = hub_of(request), held_of(request)
    world = await hub.worlds.ensure(held.tenant)
    reason = data.reason or "withdrawn"
    async with hub.connection() as connection:
        await negotiating.withdraw(
            connection, world, negotiation_id, held.actor, reason, hub.clock()
        )
        return await negotiation_views.read_negotiation(
            connection, held.tenant, negotiation_id, hub.clock()
        )


@get(
    "/v1/parties",
    operation_id="listParties",
    tags=["decisions"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_parties(
    request: Request[Any, Any, Any], cursor: Cursor = "", limit: Limit = 50
) -> PartyPage:
    """List who may be asked to carry, by code."""
    after = str(read_place(cursor, str)[0]) if cursor else ""
    async with hub_of(request).connection() as connection:
        found = await parties.list_parties(connection, held_of(request).tenant, after, limit + 1)
    more = found[limit - 1] if len(found) > limit else None
    return PartyPage(
        items=tuple(_party(p) for p in found[:limit]), next=write_place(more.code) if more else ""
    )


@put(
    "/v1/parties/{party:str}",
    operation_id="putParty",
    tags=["decisions"],
    responses=PROBLEMS,
    guards=[may("merchant.write"), only_json],
    request_max_body_size=ORDER_BODY_BYTES,
)
async def put_party(
    party: FromPath[Code], data: JSONBody[PartyBody], request: Request[Any, Any, Any]
) -> PartyView:
    """Set who a party is."""
    held = held_of(request)
    wanted = parties.Party(
        code=party,
        name=data.name,
        adapter=data.adapter,
        url=data.url,
        options=data.options,
        equipment=data.equipment,
        active=data.active,
    )
    async with hub_of(request).connection() as connection:
        await parties.put(connection, held.tenant, wanted, held.actor)
        return _party(await parties.read_party(connection, held.tenant, party))


@post(
    "/v1/parties/{party:str}/links",
    operation_id="issuePartyLink",
    tags=["decisions"],
    responses=PROBLEMS,
    guards=[may("merchant.write")],
)
async def issue_link(party: FromPath[Code], request: Request[Any, Any, Any]) -> PartyLink:
    """Issue a rider's link; its address is told once, and earlier links of the rider end."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        token, expires_ms = await parties.issue_link(
            connection, held.tenant, party, held.actor, hub.clock()
        )
    origin = cookies.own_origin(request.scope, request.app.state.keyring.origin)
    return PartyLink(url=f"{origin}/r/{token}", expires=rfc3339(expires_ms))


ROUTES: Final = [
    open_negotiation,
    list_negotiations,
    get_negotiation,
    withdraw_negotiation,
    list_parties,
    put_party,
    issue_link,
]
