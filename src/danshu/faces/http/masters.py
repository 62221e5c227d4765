"""Master data: goods, warehouses, regions, lanes; read in pages, written by PUT or by a file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.routing.model import Lane, Region
from danshu.capabilities.stock.model import Sku, StockLevel, Warehouse
from danshu.faces.http import sheets
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    raw_body,
    respond,
)
from danshu.faces.http.problems import of
from danshu.faces.http.questions import Cursor, Limit, Question, read_place, write_place
from danshu.faces.http.stock import Written, allow_warehouses
from danshu.hub import authorities, catalogues, master_views, shelves
from danshu.hub.compose import Hub
from danshu.hub.master_rows import NewLane, NewRegion, NewSku, NewStock, NewWarehouse
from danshu.hub.master_views import Connection, MasterSummary
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Actor
from danshu.kernel.limits import BATCH_BODY_BYTES, MASTER_ROWS

Lacks = Annotated[
    Literal["", "price", "weight", "barcode"],
    QueryParameter(name="lacks", description="only goods without it"),
]
Write = Callable[[Connection, int, Sequence[Any], Actor], Awaitable[Refusal | None]]


class SkuPage(Struct, frozen=True, kw_only=True):
    """Goods in the order in which they came; `next` is "" at the end."""

    items: tuple[Sku, ...]
    next: str


class WarehousePage(Struct, frozen=True, kw_only=True):
    """Warehouses in the order in which they came; `next` is "" at the end."""

    items: tuple[Warehouse, ...]
    next: str


class RegionPage(Struct, frozen=True, kw_only=True):
    """Regions in the order in which they came; `next` is "" at the end."""

    items: tuple[Region, ...]
    next: str


class LanePage(Struct, frozen=True, kw_only=True):
    """Lanes by warehouse and region; `next` is "" at the end."""

    items: tuple[Lane, ...]
    next: str


_Skus = Annotated[tuple[NewSku, ...], Meta(min_length=1, max_length=MASTER_ROWS)]
_Warehouses = Annotated[tuple[NewWarehouse, ...], Meta(min_length=1, max_length=MASTER_ROWS)]
_Regions = Annotated[tuple[NewRegion, ...], Meta(min_length=1, max_length=MASTER_ROWS)]
_Lanes = Annotated[tuple[NewLane, ...], Meta(min_length=1, max_length=MASTER_ROWS)]


async def _write_skus(c: Connection, tenant: int, rows: Sequence[Any], actor: Actor) -> None:
    await catalogues.put_skus(
        c, tenant, [msgspec.convert(r, Sku, from_attributes=True) for r in rows], actor
    )


async def _write_warehouses(c: Connection, tenant: int, rows: Sequence[Any], actor: Actor) -> None:
    await master_views.check_room(c, tenant, "warehouses", [r.code for r in rows])
    made = [msgspec.convert(r, Warehouse, from_attributes=True) for r in rows]
    await catalogues.put_warehouses(c, tenant, made, actor)


async def _write_regions(c: Connection, tenant: int, rows: Sequence[Any], actor: Actor) -> None:
    await master_views.check_room(c, tenant, "regions", [r.code for r in rows])
    made = [msgspec.convert(r, Region, from_attributes=True) for r in rows]
    await catalogues.put_regions(c, tenant, made, actor)


async def _write_lanes(c: Connection, tenant: int, rows: Sequence[Any], actor: Actor) -> None:
    made = [msgspec.convert(r, Lane, from_attributes=True) for r in rows]
    await catalogues.put_lanes(c, tenant, made, actor)


async def _write_stock(
    c: Connection, tenant: int, rows: Sequence[Any], actor: Actor
) -> Refusal | None:
    levels = [msgspec.convert(r, StockLevel, from_attributes=True) for r in rows]
    return await shelves.count_stock(c, tenant, levels, "import", actor)


class Kind(Struct, frozen=True):
    """A kind of master data: the row as it comes, what no two rows share, how it is written."""

    row: type[Struct]
    key: tuple[str, ...]
    write: Write
    action: str = "master.write"


KINDS: Final[dict[str, Kind]] = {
    "skus": Kind(NewSku, ("code",), _write_skus),
    "warehouses": Kind(NewWarehouse, ("code",), _write_warehouses),
    "regions": Kind(NewRegion, ("code",), _write_regions),
    "lanes": Kind(NewLane, ("warehouse", "region"), _write_lanes),
    "stock": Kind(NewStock, ("warehouse", "sku"), _write_stock, "stock.write"),
}


async def write_rows(
    hub: Hub, tenant: int, actor: Actor, name: str, rows: Sequence[Struct]
) -> Refusal | None:
    """Write rows of a kind in one commit. Raises InputError for a row that is named twice, hangs
    in the air, or would write over another system's word.
    """
    kind = KINDS[name]
    seen: set[tuple[Any, ...]] = set()
    for i, row in enumerate(rows):
        key = tuple(getattr(row, k) for k in kind.key)
        if key in seen:
            raise InputError("twice", f"{' '.join(key)} is named twice", f"/{i}")
        seen.add(key)
    async with hub.connection() as connection, connection.transaction():
        await authorities.refuse_others(connection, tenant, name, rows)
        refusal = await kind.write(connection, tenant, rows, actor)
    hub.worlds.forget(tenant)
    return refusal


async def _put(request: Request[Any, Any, Any], name: str, rows: Sequence[Struct]) -> Response[Any]:
    held = held_of(request)
    if name == "stock":
        allow_warehouses(held, "stock.write", [getattr(r, "warehouse", "") for r in rows])
    refusal = await write_rows(hub_of(request), held.tenant, held.actor, name, rows)
    return respond(of(refusal)) if refusal else Response(Written(rows=len(rows)))


_PUT: Final[dict[str, Any]] = {
    "tags": ["master data"],
    "responses": PROBLEMS,
    "guards": [may("master.write"), only_json],
    "request_max_body_size": BATCH_BODY_BYTES,
}
_GET: Final[dict[str, Any]] = {
    "tags": ["master data"],
    "responses": READ_PROBLEMS,
    "guards": [may("master.read")],
}


@put("/v1/skus", operation_id="putSkus", **_PUT)
async def put_skus(data: JSONBody[_Skus], request: Request[Any, Any, Any]) -> Response[Written]:
    """Write goods by their code; what has that code is replaced."""
    return await _put(request, "skus", data)


@put("/v1/warehouses", operation_id="putWarehouses", **_PUT)
async def put_warehouses(
    data: JSONBody[_Warehouses], request: Request[Any, Any, Any]
) -> Response[Written]:
    """Write warehouses by their code; what has that code is replaced."""
    return await _put(request, "warehouses", data)


@put("/v1/regions", operation_id="putRegions", **_PUT)
async def put_regions(
    data: JSONBody[_Regions], request: Request[Any, Any, Any]
) -> Response[Written]:
    """Write the regions that the merchant serves."""
    return await _put(request, "regions", data)


@put("/v1/lanes", operation_id="putLanes", **_PUT)
async def put_lanes(data: JSONBody[_Lanes], request: Request[Any, Any, Any]) -> Response[Written]:
    """Write lanes and their tariffs, by warehouse and region."""
    return await _put(request, "lanes", data)


@get("/v1/masters/summary", operation_id="summarizeMasters", **_GET)
async def summarize_masters(request: Request[Any, Any, Any]) -> MasterSummary:
    """Tell how much master data there is, and what is incomplete."""
    async with hub_of(request).connection() as connection:
        return await master_views.summarize(connection, held_of(request).tenant)


@get("/v1/skus", operation_id="listSkus", **_GET)
async def list_skus(
    request: Request[Any, Any, Any],
    q: Question = "",
    lacks: Lacks = "",
    cursor: Cursor = "",
    limit: Limit = 100,
) -> SkuPage:
    """List goods; `q` is part of a code or name, or a barcode."""
    after = int(read_place(cursor, int)[0]) if cursor else -1
    async with hub_of(request).connection() as connection:
        rows, following = await master_views.find_skus(
            connection,
            held_of(request).tenant,
            q=q.strip(),
            lacks=lacks,
            after=after,
            limit=limit,
        )
    return SkuPage(items=tuple(rows), next="" if following is None else write_place(following))


@get("/v1/warehouses", operation_id="listWarehouses", **_GET)
async def list_warehouses(
    request: Request[Any, Any, Any], cursor: Cursor = "", limit: Limit = 100
) -> WarehousePage:
    """List warehouses."""
    items, following = await _list(request, "warehouses", cursor, limit)
    return WarehousePage(items=items, next=following)


@get("/v1/regions", operation_id="listRegions", **_GET)
async def list_regions(
    request: Request[Any, Any, Any], cursor: Cursor = "", limit: Limit = 100
) -> RegionPage:
    """List regions."""
    items, following = await _list(request, "regions", cursor, limit)
    return RegionPage(items=items, next=following)


@get("/v1/lanes", operation_id="listLanes", **_GET)
async def list_lanes(
    request: Request[Any, Any, Any], cursor: Cursor = "", limit: Limit = 100
) -> LanePage:
    """List lanes."""
    after = read_place(cursor, int, int) if cursor else [-1, -1]
    async with hub_of(request).connection() as connection:
        rows = await master_views.list_lanes(
            connection, held_of(request).tenant, (int(after[0]), int(after[1])), limit + 1
        )
    following = write_place(*rows[limit - 1][0]) if len(rows) > limit else ""
    return LanePage(items=tuple([r[1] for r in rows[:limit]]), next=following)


async def _list(
    request: Request[Any, Any, Any], name: str, cursor: str, limit: int
) -> tuple[tuple[Any, ...], str]:
    after = int(read_place(cursor, int)[0]) if cursor else -1
    async with hub_of(request).connection() as connection:
        rows = await master_views.list_numbered(
            connection, held_of(request).tenant, name, after, limit + 1
        )
    following = write_place(rows[limit - 1][0]) if len(rows) > limit else ""
    return tuple([r[1] for r in rows[:limit]]), following


def _importer(name: str) -> HTTPRouteHandler:
    """Make the route that takes a kind's rows as a CSV or XLSX file."""

    @post(
        f"/v1/masters/{name}:import",
        operation_id=f"import{name.capitalize()}",
        tags=["master data"],
        responses=PROBLEMS,
        guards=[may(KINDS[name].action)],
        status_code=200,
        request_max_body_size=BATCH_BODY_BYTES,
        operation_class=raw_body(
            "The first row names the columns; all rows are written, or none with every error told",
            sheets.CSV,
            sheets.XLSX,
        ),
    )
    async def import_rows(request: Request[Any, Any, Any]) -> Response[Written]:
        """Write rows from a CSV (UTF-8) or XLSX file: all, or none with the errors by row."""
        content_type = request.headers.get("content-type", "")
        body = await request.body()
        rows = await asyncio.to_thread(sheets.read, body, content_type, KINDS[name].row)
        return await _put(request, name, rows)

    return import_rows


ROUTES: Final = [
    put_skus,
    put_warehouses,
    put_regions,
    put_lanes,
    summarize_masters,
    list_skus,
    list_warehouses,
    list_regions,
    list_lanes,
    *[_importer(name) for name in KINDS],
]
