"""Re-decisions 信号改派 over HTTP: what signals closed, and what became of the orders there."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, get
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from danshu.faces.http.framework import READ_PROBLEMS, held_of, hub_of, may
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import lists, redecision_views
from danshu.hub.redecision_views import Outcome, Redecision, RedecisionOrder
from danshu.kernel.limits import INTEGER_MAX

Idle = Annotated[
    bool, QueryParameter(description="also those that closed something but touched no order")
]
Became = Annotated[Outcome, QueryParameter(description='what became of the orders; "" for all')]


class RedecisionPage(Struct, frozen=True, kw_only=True):
    """Re-decisions, newest first; `next` is "" at the end."""

    items: tuple[Redecision, ...]
    next: str


class RedecisionOrderPage(Struct, frozen=True, kw_only=True):
    """Orders of a re-decision, newest first; `next` is "" at the end."""

    items: tuple[RedecisionOrder, ...]
    next: str


@get(
    "/v1/redecisions",
    operation_id="listRedecisions",
    tags=["decisions"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_redecisions(
    request: Request[Any, Any, Any], cursor: Cursor = "", limit: Limit = 20, idle: Idle = False
) -> RedecisionPage:
    """List what new snapshots closed, newest first, and what became of the open orders there."""
    before = int(read_place(cursor, int)[0]) if cursor else INTEGER_MAX
    async with hub_of(request).connection() as connection:
        found = await redecision_views.list_runs(
            connection, held_of(request).tenant, min(before, 2**31 - 1), limit + 1, idle=idle
        )
    more = found[limit - 1] if len(found) > limit else None
    return RedecisionPage(items=tuple(found[:limit]), next=write_place(more.no) if more else "")


@get(
    "/v1/redecisions/{no:int}",
    operation_id="getRedecision",
    tags=["decisions"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def get_redecision(no: FromPath[int], request: Request[Any, Any, Any]) -> Redecision:
    """Read a re-decision by the number of its snapshot."""
    async with hub_of(request).connection() as connection:
        return await redecision_views.read_run(connection, held_of(request).tenant, _number(no))


@get(
    "/v1/redecisions/{no:int}/orders",
    operation_id="listRedecisionOrders",
    tags=["decisions"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_redecision_orders(
    no: FromPath[int],
    request: Request[Any, Any, Any],
    outcome: Became = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> RedecisionOrderPage:
    """List the orders that a re-decision looked at; those with `stays` or `held` need somebody."""
    tenant = held_of(request).tenant
    before = _uuid(read_place(cursor, str)[0]) if cursor else lists.LAST
    async with hub_of(request).connection() as connection:
        await redecision_views.read_run(connection, tenant, _number(no))
        found = await redecision_views.list_orders(
            connection, tenant, _number(no), outcome, before, limit + 1
        )
    more = found[limit - 1] if len(found) > limit else None
    return RedecisionOrderPage(
        items=tuple(found[:limit]), next=write_place(str(more.order)) if more else ""
    )


def _number(no: int) -> int:
    if not 0 < no < 2**31:
        raise redecision_views.NO_RUN
    return no


def _uuid(text: int | str) -> uuid.UUID:
    try:
        return uuid.UUID(str(text))
    except ValueError as error:
        raise lists.OTHER_QUESTION from error


ROUTES: Final = [list_redecisions, get_redecision, list_redecision_orders]
