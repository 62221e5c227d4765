"""Both sides' books compared 双方对账, over HTTP: a job, its figures, where they differ."""

from __future__ import annotations

import uuid
from typing import Any, Final

from litestar import Request, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from danshu.faces.http.connector_routes import ROUTE, RouteReason
from danshu.faces.http.connectors import READ
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of
from danshu.faces.http.jobs import runner_of
from danshu.faces.http.questions import Cursor, Limit, read_before, read_place, write_place
from danshu.faces.http.workbench import who_of
from danshu.hub import connector_books, connector_views
from danshu.hub.connector_views import BooksDifference, BooksRun

Ask = Request[Any, Any, Any]
Id = FromPath[uuid.UUID]
_ONE: Final = "/v1/connector-routes/{capability:str}"


class BooksRuns(Struct, frozen=True, kw_only=True):
    """Comparisons of a capability's books, newest first; `next` is "" at the end."""

    items: tuple[BooksRun, ...]
    next: str


class BooksCompared(Struct, frozen=True, kw_only=True):
    """A comparison and a page of where the books differ; `next` is "" at the end."""

    run: BooksRun
    items: tuple[BooksDifference, ...]
    next: str


@post(
    _ONE + "/comparisons",
    **declare_write("compareConnectorBooks", "connectors", ROUTE),
    status_code=202,
)
async def compare(capability: FromPath[str], data: JSONBody[RouteReason], request: Ask) -> BooksRun:
    """Compare our calls with the books of all far sides of a capability, as a job."""
    del data
    held, hub = held_of(request), hub_of(request)
    async with hub.connection() as connection:
        id_ = await connector_books.ask(
            connection, held.tenant, capability, who_of(held), held.actor, hub.clock()
        )
        run = await connector_views.read_run(connection, held.tenant, id_)
    runner_of(request).wake()
    return run


@get(_ONE + "/comparisons", **declare_read("listConnectorComparisons", "connectors", READ))
async def list_comparisons(
    capability: FromPath[str], request: Ask, cursor: Cursor = "", limit: Limit = 20
) -> BooksRuns:
    """List comparisons, newest first."""
    before = read_before(cursor)
    async with hub_of(request).connection() as connection:
        await connector_books.check(connection, held_of(request).tenant, capability)
        found = await connector_views.list_runs(
            connection, held_of(request).tenant, capability, before, limit + 1
        )
    more = found[limit - 1] if len(found) > limit else None
    return BooksRuns(items=tuple(found[:limit]), next=write_place(str(more.id)) if more else "")


@get(
    "/v1/connector-comparisons/{run_id:uuid}",
    **declare_read("getConnectorComparison", "connectors", READ),
)
async def get_comparison(
    run_id: Id, request: Ask, cursor: Cursor = "", limit: Limit = 50
) -> BooksCompared:
    """Read a comparison: its figures, and where the books differ."""
    tenant = held_of(request).tenant
    first = int(read_place(cursor, int)[0]) if cursor else 0
    async with hub_of(request).connection() as connection:
        run = await connector_views.read_run(connection, tenant, run_id)
        found = await connector_views.list_differences(connection, tenant, run_id, first, limit + 1)
    more = found[limit].no if len(found) > limit else None
    return BooksCompared(
        run=run, items=tuple(found[:limit]), next=write_place(more) if more else ""
    )


ROUTES: Final = [compare, list_comparisons, get_comparison]
