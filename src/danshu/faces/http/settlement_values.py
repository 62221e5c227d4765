"""What settlement is told over HTTP: SKUs' costs and tax classes, accounts' own codes 结算设置."""

from __future__ import annotations

import asyncio
import datetime
from typing import Annotated, Any, Final

from litestar import Request, get, post, put
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.settlement.facts import AccountName
from danshu.faces.http import sheets
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    raw_body,
)
from danshu.faces.http.questions import Cursor, Limit, Question, read_place, write_place
from danshu.hub import account_names, posting, sku_values
from danshu.hub.fields import PLAIN
from danshu.hub.sku_values import NewSkuValue, SkuValue, SkuValueCount
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ACCOUNT_NAMES, BATCH_BODY_BYTES, MASTER_ROWS

Lacking = Annotated[bool, QueryParameter(name="lacks_cost", description="only SKUs without one")]
_Values = Annotated[tuple[NewSkuValue, ...], Meta(min_length=1, max_length=MASTER_ROWS)]


class SkuValuePage(Struct, frozen=True, kw_only=True):
    """SKUs in the order in which they came, with what was set last; `next` is "" at the end."""

    items: tuple[SkuValue, ...]
    next: str


class SkuValuesSet(Struct, frozen=True, kw_only=True):
    """How many rows were read, and from which day on they hold; "" from the beginning."""

    rows: int
    since: str


class NewAccountName(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an account is called in finance's own books."""

    account: int
    code: Annotated[str, Meta(min_length=1, max_length=32, pattern=PLAIN)]
    name: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = ""


class AccountNames(Struct, frozen=True, kw_only=True):
    """The accounts that have a code of the merchant's own."""

    items: tuple[AccountName, ...]


_Names = Annotated[tuple[NewAccountName, ...], Meta(max_length=ACCOUNT_NAMES)]
_READ: Final[dict[str, Any]] = {
    "tags": ["settlement"],
    "responses": READ_PROBLEMS,
    "guards": [may("settlement.read")],
}
_WRITE: Final[dict[str, Any]] = {
    "tags": ["settlement"],
    "responses": PROBLEMS,
    "guards": [may("settlement.write"), only_json],
    "request_max_body_size": BATCH_BODY_BYTES,
}


@get("/v1/sku-values", operation_id="listSkuValues", **_READ)
async def list_values(
    request: Request[Any, Any, Any],
    q: Question = "",
    lacks_cost: Lacking = False,
    cursor: Cursor = "",
    limit: Limit = 100,
) -> SkuValuePage:
    """List SKUs with what a unit costs and their tax class; `q` is part of a code or name."""
    hub, tenant = hub_of(request), held_of(request).tenant
    after = int(read_place(cursor, int)[0]) if cursor else -1
    async with hub.connection() as connection:
        calendar = await posting.read_calendar(connection, tenant)
        rows, following = await sku_values.list_values(
            connection,
            tenant,
            calendar.day(hub.clock()),
            q=q.strip(),
            lacks=lacks_cost,
            after=after,
            limit=limit,
        )
    return SkuValuePage(items=tuple(rows), next="" if following is None else write_place(following))


@get("/v1/sku-values/count", operation_id="countSkuValues", **_READ)
async def count_values(request: Request[Any, Any, Any]) -> SkuValueCount:
    """Count the SKUs, and those without a cost."""
    async with hub_of(request).connection() as connection:
        return await sku_values.count(connection, held_of(request).tenant)


async def _put(request: Request[Any, Any, Any], rows: Any) -> SkuValuesSet:
    hub, held = hub_of(request), held_of(request)
    seen: set[str] = set()
    for at, row in enumerate(rows):
        if row.code in seen:
            raise InputError("twice", f"{row.code} is named twice", f"/{at}")
        seen.add(row.code)
    async with hub.connection() as connection:
        since = await sku_values.put(connection, held.tenant, rows, held.actor, hub.clock())
    is_from_now = since > datetime.date(1970, 1, 1)
    return SkuValuesSet(rows=len(rows), since=since.isoformat() if is_from_now else "")


@put("/v1/sku-values", operation_id="putSkuValues", **_WRITE)
async def put_values(data: JSONBody[_Values], request: Request[Any, Any, Any]) -> SkuValuesSet:
    """Set what SKUs cost and how they are taxed, by their code; holds from the next day on once
    entries ask for it.
    """
    return await _put(request, data)


@post(
    "/v1/sku-values:import",
    operation_id="importSkuValues",
    tags=["settlement"],
    responses=PROBLEMS,
    guards=[may("settlement.write")],
    status_code=200,
    request_max_body_size=BATCH_BODY_BYTES,
    operation_class=raw_body(
        "The first row names the columns: code, cost_fen, tax; all rows are taken, or none",
        sheets.CSV,
        sheets.XLSX,
    ),
)
async def import_values(request: Request[Any, Any, Any]) -> SkuValuesSet:
    """Set costs and tax classes from a CSV (UTF-8) or XLSX file: all, or none with the errors by
    row.
    """
    content_type = request.headers.get("content-type", "")
    body = await request.body()
    return await _put(
        request, await asyncio.to_thread(sheets.read, body, content_type, NewSkuValue)
    )


@get("/v1/settlement/account-names", operation_id="listAccountNames", **_READ)
async def list_names(request: Request[Any, Any, Any]) -> AccountNames:
    """List by which codes finance's own books know the accounts."""
    async with hub_of(request).connection() as connection:
        return AccountNames(items=await account_names.read(connection, held_of(request).tenant))


@put("/v1/settlement/account-names", operation_id="putAccountNames", **_WRITE)
async def put_names(data: JSONBody[_Names], request: Request[Any, Any, Any]) -> AccountNames:
    """Set the codes of all accounts anew; those not named keep the hub's own in exports."""
    held = held_of(request)
    names = [AccountName(account=n.account, code=n.code, name=n.name) for n in data]
    async with hub_of(request).connection() as connection:
        done = await account_names.put(connection, held.tenant, names, held.actor)
    return AccountNames(items=done)


ROUTES: Final = [list_values, count_values, put_values, import_values, list_names, put_names]
