"""A woven stock query compared with our own stock."""

from __future__ import annotations

import uuid
from typing import Any, Final

import msgspec
from litestar import Request, post
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from danshu.faces.http.framework import declare_write, held_of, hub_of
from danshu.hub import woven_book, woven_stock
from danshu.hub.woven_stock import StockCompared
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import WOVEN_QUESTION_BYTES, WOVEN_RETRY_S


class WovenComparison(Struct, frozen=True, kw_only=True):
    """Their stock beside ours, by warehouse and SKU; refused with `code` and `reason`."""

    verdict: str
    code: str
    reason: str
    items: tuple[StockCompared, ...]


@post(
    "/v1/woven/{code:str}/{version:int}/compare",
    **declare_write("compareWoven", "weaver", "woven.call", WOVEN_QUESTION_BYTES),
    status_code=200,
)
async def compare_woven(
    code: FromPath[str],
    version: FromPath[int],
    data: JSONBody[dict[str, Any]],
    request: Request[Any, Any, Any],
) -> WovenComparison:
    """Ask a woven stock query, and lay what it answers beside our stock; nothing is changed."""
    hub, tenant = hub_of(request), held_of(request).tenant
    async with hub.connection() as connection:
        woven = await woven_book.read(connection, tenant, code, version)
    if woven.kind != "stock_query":
        raise InputError("woven_kind", "this capability is no stock query")
    key = f"compare-{uuid.uuid4()}"
    outcome = await hub.weaver.call(tenant, woven, msgspec.json.encode(data), key, hub.clock())
    if outcome.verdict == "again":
        raise NotAvailable(f"{code}: {outcome.reason or outcome.code}", WOVEN_RETRY_S)
    if outcome.verdict == "broken":
        raise InputError("woven_broken", outcome.reason or outcome.code)
    async with hub.connection() as connection:
        items = await woven_stock.compare(connection, tenant, data, outcome.answer)
    return WovenComparison(
        verdict=outcome.verdict, code=outcome.code, reason=outcome.reason, items=items
    )


ROUTES: Final = [compare_woven]
