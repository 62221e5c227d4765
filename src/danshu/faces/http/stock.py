"""Stock: what is where, what may be promised, counts, movements, quotas of channels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post, put
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.stock.facts import Moved, QuotaSet
from danshu.capabilities.stock.model import StockLevel
from danshu.faces.http import problems
from danshu.faces.http.auth import Held, require
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
    only_json,
    respond,
)
from danshu.faces.http.questions import Cursor, Limit, Word, read_place, write_place
from danshu.hub import shelf_views, shelves
from danshu.hub.fields import PLAIN, Code
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import BATCH_BODY_BYTES, MASTER_ROWS, STOCK_UNITS

Units = Annotated[int, Meta(ge=0, le=STOCK_UNITS)]
Difference = Annotated[int, Meta(ge=-STOCK_UNITS, le=STOCK_UNITS)]
Reason = Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
SkuParameter = Annotated[str, QueryParameter(name="sku", min_length=1, max_length=64)]


class StockPage(Struct, frozen=True, kw_only=True):
    """Stock rows by warehouse and SKU; `next` is "" at the end."""

    items: tuple[StockLevel, ...]
    next: str


class Promisable(Struct, frozen=True, kw_only=True):
    """Available to promise of one SKU: in all, and by warehouse; what a channel's quota leaves
    counts.
    """

    sku: str
    atp: int
    warehouses: tuple[shelf_views.AtWarehouse, ...]


class Count(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A count: what is there now. `reserved` belongs to the orders and is left alone."""

    warehouse: Code
    sku: Code
    on_hand: Units
    safety: Units = 0
    in_transit: Units = 0


class Counts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Counts and why they were made; all are written or none."""

    levels: Annotated[tuple[Count, ...], Meta(min_length=1, max_length=MASTER_ROWS)]
    reason: Reason = "count"


class MovedLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By how many units a SKU changes; negative takes away."""

    sku: Code
    on_hand: Difference = 0
    safety: Difference = 0
    in_transit: Difference = 0


class Movement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A receipt, a loss, an adjustment in one warehouse; all lines are written or none."""

    warehouse: Code
    lines: Annotated[tuple[MovedLine, ...], Meta(min_length=1, max_length=MASTER_ROWS)]
    reason: Reason


class Quota(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most `cap` units of a SKU in a warehouse may be sold on a channel; -1 lifts the cap."""

    warehouse: Code
    sku: Code
    channel: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,31}(?![\s\S])")]
    cap: Annotated[int, Meta(ge=-1, le=STOCK_UNITS)]


class Written(Struct, frozen=True, kw_only=True):
    """How many rows were written."""

    rows: int


@get("/v1/stock", **declare_read("listStock", "stock", "stock.read"))
async def list_stock(
    request: Request[Any, Any, Any],
    sku: Word = "",
    warehouse: Word = "",
    cursor: Cursor = "",
    limit: Limit = 100,
) -> StockPage:
    """List stock rows by warehouse and SKU."""
    after = read_place(cursor, int, int) if cursor else [-1, -1]
    async with hub_of(request).connection() as connection:
        rows = await shelf_views.list_levels(
            connection,
            held_of(request).tenant,
            sku=sku,
            warehouse=warehouse,
            after=(int(after[0]), int(after[1])),
            limit=limit + 1,
        )
    more = rows[limit - 1] if len(rows) > limit else None
    return StockPage(
        items=tuple([r.level for r in rows[:limit]]),
        next=write_place(more.warehouse_no, more.sku_no) if more else "",
    )


@get(
    "/v1/atp",
    operation_id="askAtp",
    tags=["stock"],
    responses=READ_PROBLEMS,
    guards=[may("stock.read")],
)
async def ask_atp(
    request: Request[Any, Any, Any], sku: SkuParameter, channel: Word = "", region: Word = ""
) -> Promisable:
    """Tell how many units may be promised now: on hand less reserved less safety, within the
    channel's quota.
    """
    async with hub_of(request).connection() as connection:
        rows = await shelf_views.read_atp(
            connection, held_of(request).tenant, sku=sku, channel=channel, region=region
        )
    return Promisable(sku=sku, atp=sum(r.atp for r in rows), warehouses=tuple(rows))


@put("/v1/stock", **declare_write("countStock", "stock", "stock.write", BATCH_BODY_BYTES))
async def count_stock(data: JSONBody[Counts], request: Request[Any, Any, Any]) -> Response[Written]:
    """Write counts; 409 when less would be on hand than orders have reserved."""
    seen: set[tuple[str, str]] = set()
    for i, v in enumerate(data.levels):
        if (v.warehouse, v.sku) in seen:
            raise InputError("twice", "a row is named twice", f"/levels/{i}")
        seen.add((v.warehouse, v.sku))
    levels = [
        StockLevel(
            warehouse=v.warehouse,
            sku=v.sku,
            on_hand=v.on_hand,
            safety=v.safety,
            in_transit=v.in_transit,
        )
        for v in data.levels
    ]
    hub, held = hub_of(request), held_of(request)
    allow_warehouses(held, "stock.write", [v.warehouse for v in levels])
    async with hub.connection() as connection:
        refusal = await shelves.count_stock(
            connection, held.tenant, levels, data.reason, held.actor
        )
    hub.worlds.distrust({held.tenant})
    return _written(refusal, len(levels))


@post(
    "/v1/stock/movements",
    operation_id="moveStock",
    tags=["stock"],
    responses=PROBLEMS,
    guards=[may("stock.write"), only_json],
    status_code=200,
    request_max_body_size=BATCH_BODY_BYTES,
)
async def move_stock(
    data: JSONBody[Movement], request: Request[Any, Any, Any]
) -> Response[Written]:
    """Write differences; 409 when less would be on hand than orders have reserved."""
    if len({n.sku for n in data.lines}) < len(data.lines):
        raise InputError("twice", "a SKU is named twice", "/lines")
    moved = [
        Moved(sku=n.sku, on_hand=n.on_hand, safety=n.safety, in_transit=n.in_transit)
        for n in data.lines
    ]
    hub, held = hub_of(request), held_of(request)
    allow_warehouses(held, "stock.write", [data.warehouse])
    async with hub.connection() as connection:
        refusal = await shelves.receive_stock(
            connection, held.tenant, data.warehouse, moved, data.reason, held.actor
        )
    hub.worlds.distrust({held.tenant})
    return _written(refusal, len(moved))


@put(
    "/v1/quotas",
    operation_id="setQuota",
    tags=["stock"],
    responses=PROBLEMS,
    guards=[may("quota.write"), only_json],
)
async def set_quota(data: JSONBody[Quota], request: Request[Any, Any, Any]) -> Response[Written]:
    """Set or lift a channel's quota."""
    quota = QuotaSet(warehouse=data.warehouse, sku=data.sku, channel=data.channel, cap=data.cap)
    hub, held = hub_of(request), held_of(request)
    allow_warehouses(held, "quota.write", [data.warehouse])
    async with hub.connection() as connection:
        await shelves.set_quota(connection, held.tenant, quota, held.actor)
    hub.worlds.distrust({held.tenant})
    return _written(None, 1)


def allow_warehouses(held: Held, action: str, warehouses: Iterable[str]) -> None:
    """Let somebody who is bound to warehouses write to those alone."""
    for code in dict.fromkeys(warehouses):
        require(held, action, warehouse=code)


def _written(refusal: Refusal | None, rows: int) -> Response[Any]:
    if refusal is not None:
        return respond(problems.of(refusal))
    return Response(Written(rows=rows))


ROUTES: Final = [list_stock, ask_atp, count_stock, move_stock, set_quota]
