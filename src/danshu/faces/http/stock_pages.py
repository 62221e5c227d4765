"""Stock as the console asks for it: what orders wait for, SKUs with their sums, one SKU and its
history, quotas.
"""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, get
from litestar.params import QueryParameter
from msgspec import Struct

from danshu.faces.http.framework import READ_PROBLEMS, held_of, hub_of, may
from danshu.faces.http.questions import Cursor, Limit, Question, Word, read_place, write_place
from danshu.faces.http.stock import SkuParameter
from danshu.hub import stock_history, stock_views
from danshu.hub.stock_history import QuotaRow, SkuStock, StockMove
from danshu.hub.stock_views import SkuRow, StockTotals, Waiting
from danshu.kernel.errors import InputError

_LAST: Final = uuid.UUID(int=2**128 - 1)
Low = Annotated[
    Literal["", "below_safety", "out"],
    QueryParameter(
        name="low",
        description="in some warehouse less is free than its safety stock, or nothing is free",
    ),
]


class StockSummary(Struct, frozen=True, kw_only=True):
    """What orders wait for, and the figures of all stock rows."""

    waiting: Waiting
    totals: StockTotals


class SkuStockPage(Struct, frozen=True, kw_only=True):
    """SKUs with their sums, in the order in which they came; a page may be short before the end.
    `next` is "" at the end.
    """

    items: tuple[SkuRow, ...]
    next: str


class QuotaPage(Struct, frozen=True, kw_only=True):
    """Quotas by warehouse and SKU; `next` is "" at the end."""

    items: tuple[QuotaRow, ...]
    next: str


class MovePage(Struct, frozen=True, kw_only=True):
    """Movements, newest first; `next` is "" at the end."""

    items: tuple[StockMove, ...]
    next: str


_READ: Final[dict[str, Any]] = {
    "tags": ["stock"],
    "responses": READ_PROBLEMS,
    "guards": [may("stock.read")],
}


@get("/v1/stock/summary", operation_id="summarizeStock", **_READ)
async def summarize(request: Request[Any, Any, Any]) -> StockSummary:
    """Tell which SKUs cannot cover the orders that wait, and what runs low in all."""
    hub, tenant = hub_of(request), held_of(request).tenant
    async with hub.connection() as connection:
        waiting = await stock_views.list_waiting(connection, tenant)
    return StockSummary(waiting=waiting, totals=await hub.stock_figures.read(tenant))


@get("/v1/stock/skus", operation_id="listSkuStock", **_READ)
async def list_skus(
    request: Request[Any, Any, Any],
    q: Question = "",
    low: Low = "",
    warehouse: Word = "",
    cursor: Cursor = "",
    limit: Limit = 100,
) -> SkuStockPage:
    """List SKUs with their sums over all warehouses, or of one; `q` is part of a code or name, or
    a barcode.
    """
    after = int(read_place(cursor, int)[0]) if cursor else -1
    async with hub_of(request).connection() as connection:
        rows, following = await stock_views.list_skus(
            connection,
            held_of(request).tenant,
            q=q.strip(),
            low=low,
            warehouse=warehouse,
            after=after,
            limit=limit,
        )
    return SkuStockPage(items=tuple(rows), next="" if following is None else write_place(following))


@get("/v1/stock/sku", operation_id="getSkuStock", **_READ)
async def get_sku(request: Request[Any, Any, Any], sku: SkuParameter) -> SkuStock:
    """Read all of one SKU, by its code or barcode: each warehouse, quotas, what waits for it."""
    async with hub_of(request).connection() as connection:
        return await stock_history.read_sku(connection, held_of(request).tenant, sku)


@get("/v1/stock/moves", operation_id="listStockMoves", **_READ)
async def list_moves(
    request: Request[Any, Any, Any],
    sku: SkuParameter,
    warehouse: Word = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> MovePage:
    """List receipts, counts and adjustments of a SKU, with the units that orders took between."""
    before = _uuid(read_place(cursor, str)[0]) if cursor else _LAST
    async with hub_of(request).connection() as connection:
        rows, more = await stock_history.list_moves(
            connection,
            held_of(request).tenant,
            sku=sku,
            warehouse=warehouse,
            before=before,
            limit=limit,
        )
    following = write_place(str(rows[-1].id)) if more else ""
    return MovePage(items=tuple(rows), next=following)


@get("/v1/quotas", operation_id="listQuotas", **_READ)
async def list_quotas(
    request: Request[Any, Any, Any], sku: Word = "", cursor: Cursor = "", limit: Limit = 100
) -> QuotaPage:
    """List the quotas of channels, of one SKU or all."""
    first: list[int | str] = [-1, -1, ""]
    place = read_place(cursor, int, int, str) if cursor else first
    async with hub_of(request).connection() as connection:
        rows, following = await stock_history.list_quotas(
            connection,
            held_of(request).tenant,
            sku,
            (int(place[0]), int(place[1]), str(place[2])),
            limit,
        )
    more = write_place(*following) if following is not None else ""
    return QuotaPage(items=tuple(rows), next=more)


def _uuid(text: int | str) -> uuid.UUID:
    try:
        return uuid.UUID(str(text))
    except ValueError as error:
        raise InputError("bad_cursor", "the cursor belongs to another list") from error


ROUTES: Final = [summarize, list_skus, get_sku, list_moves, list_quotas]
