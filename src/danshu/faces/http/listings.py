"""Listings and data exchanges over HTTP 上架: drafted, submitted by a second person."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from litestar import Request, Response, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from danshu.faces.http import problems
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of, respond
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import exchanges, licences, listing_rows, listings, lists
from danshu.hub.actors import name_actors
from danshu.hub.exchanges import DataExchange, DataExchangeWrite
from danshu.hub.listing_rows import ListingOrder, ListingRow, ListingTerms
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import PAGE_ROWS

if TYPE_CHECKING:
    import datetime

Ask = Request[Any, Any, Any]
_ONE: Final = "/v1/listings/{listing:uuid}"
_TAG: Final = "listings"


class ExchangeList(Struct, frozen=True, kw_only=True):
    """The exchanges that are connected, by code; no secret is shown."""

    items: tuple[DataExchange, ...]


class ListingItem(Struct, frozen=True, kw_only=True):
    """A listing: `state` draft, reviewing, listed or rejected (with the exchange's `reasons`);
    `reference` is its number there, `digest` the SHA-256 of the package that was sent.
    """

    id: uuid.UUID
    asset: str
    exchange: str
    state: str
    terms: ListingTerms
    reference: str
    digest: str
    reasons: tuple[str, ...]
    drafted_by: str
    drafted: str
    submitted_by: str
    submitted: str
    asked: str


class ListingPage(Struct, frozen=True, kw_only=True):
    """Listings, the newest first; `next` is "" at the end. `people` names who acted, `me` is the
    caller's own name among them.
    """

    items: tuple[ListingItem, ...]
    next: str
    people: dict[str, str]
    me: str


class ListingOrders(Struct, frozen=True, kw_only=True):
    """Orders at the exchange, and the licences that came of them."""

    items: tuple[ListingOrder, ...]


def _at(at: datetime.datetime | None) -> str:
    return rfc3339(round(at.timestamp() * 1000)) if at else ""


def _item(row: ListingRow) -> ListingItem:
    return ListingItem(
        id=row.id,
        asset=row.asset,
        exchange=row.exchange,
        state=row.state,
        terms=row.terms,
        reference=row.reference,
        digest=row.digest,
        reasons=row.reasons,
        drafted_by=row.drafted_by,
        drafted=_at(row.drafted),
        submitted_by=row.submitted_by,
        submitted=_at(row.submitted),
        asked=_at(row.asked),
    )


def _answer(told: ListingRow | Refusal, status: int = 200) -> Response[Any]:
    if isinstance(told, Refusal):
        return respond(problems.of(told))
    return Response(_item(told), status_code=status)


@get("/v1/data-exchanges", **declare_read("listDataExchanges", _TAG, "licence.read"))
async def list_exchanges(request: Ask) -> ExchangeList:
    """List the data exchanges that are connected."""
    async with hub_of(request).connection() as connection:
        found = await exchanges.list_exchanges(connection, held_of(request).tenant)
    return ExchangeList(items=tuple(found))


@put("/v1/data-exchanges", **declare_write("putDataExchange", _TAG, "account.admin"))
async def put_exchange(request: Ask, data: JSONBody[DataExchangeWrite]) -> Response[DataExchange]:
    """Connect a data exchange; the secret that signs what goes there is shown nowhere."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        return Response(await exchanges.put(connection, held.tenant, data, hub.clock()))


@get("/v1/listings", **declare_read("listListings", _TAG, "licence.read"))
async def list_listings(request: Ask, cursor: Cursor = "", limit: Limit = PAGE_ROWS) -> ListingPage:
    """List listings, the newest first."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        rows = await listing_rows.list_rows(connection, held.tenant, _before(cursor), limit + 1)
        shown = rows[:limit]
        acted = {s for r in shown for s in (r.drafted_by, r.submitted_by) if s}
        people = await name_actors(connection, held.tenant, acted | {held.actor.sub})
    return ListingPage(
        items=tuple([_item(row) for row in shown]),
        next=write_place(str(shown[-1].id)) if len(rows) > limit else "",
        people=people,
        me=held.actor.sub,
    )


def _before(cursor: str) -> uuid.UUID:
    if not cursor:
        return lists.LAST
    try:
        return uuid.UUID(str(read_place(cursor, str)[0]))
    except ValueError as error:
        raise InputError("bad_cursor", "the cursor is not one of ours") from error


@post("/v1/listings", **declare_write("draftListing", _TAG, "licence.write"))
async def draft_listing(request: Ask, data: JSONBody[ListingTerms]) -> Response[ListingItem]:
    """Draft a listing; another person submits it."""
    hub, held = hub_of(request), held_of(request)
    licences.must_know_columns(data.asset, data.columns, data.clean_room)
    async with hub.connection() as connection:
        row = await listings.draft(connection, held.tenant, data, held.actor, hub.clock())
    return _answer(row, 201)


@get(_ONE, **declare_read("readListing", _TAG, "licence.read"))
async def read_listing(listing: FromPath[uuid.UUID], request: Ask) -> ListingItem:
    """Read a listing."""
    async with hub_of(request).connection() as connection:
        return _item(await listing_rows.find(connection, held_of(request).tenant, listing))


@post(
    _ONE + "/submit",
    **{**declare_write("submitListing", _TAG, "asset.share"), "status_code": 200},
)
async def submit_listing(listing: FromPath[uuid.UUID], request: Ask) -> Response[ListingItem]:
    """Pack a listing and submit it to its exchange, as the second person; the gate is asked as for
    a share.
    """
    held = held_of(request)
    base = str(request.base_url).rstrip("/")
    told = await listings.submit(
        hub_of(request), held.tenant, held.seated, listing, held.actor, base
    )
    return _answer(told)


@post(
    _ONE + "/refresh",
    **{**declare_write("refreshListing", _TAG, "licence.write"), "status_code": 200},
)
async def refresh_listing(listing: FromPath[uuid.UUID], request: Ask) -> Response[ListingItem]:
    """Ask the exchange what became of a listing; orders become drafts of licences, deliveries are
    receipted.
    """
    held = held_of(request)
    told = await listings.ask_again(hub_of(request), held.tenant, listing, held.actor)
    return _answer(told)


@get(_ONE + "/orders", **declare_read("listListingOrders", _TAG, "licence.read"))
async def list_orders(listing: FromPath[uuid.UUID], request: Ask) -> ListingOrders:
    """List the orders of a listing with the licences that came of them."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        await listing_rows.find(connection, tenant, listing)
        found = await listing_rows.list_orders(connection, tenant, listing)
    return ListingOrders(items=tuple(found))


@get(
    _ONE + "/package",
    **{**declare_read("downloadListing", _TAG, "licence.read"), "media_type": "application/zip"},
)
async def download_package(listing: FromPath[uuid.UUID], request: Ask) -> Response[bytes]:
    """Download the package that was sent."""
    async with hub_of(request).connection() as connection:
        body = await listing_rows.read_package(connection, held_of(request).tenant, listing)
    headers = {"content-disposition": f'attachment; filename="listing-{str(listing)[-6:]}.zip"'}
    return Response(body, media_type="application/zip", headers=headers)


ROUTES: Final = [
    list_exchanges,
    put_exchange,
    list_listings,
    draft_listing,
    read_listing,
    submit_listing,
    refresh_listing,
    list_orders,
    download_package,
]
