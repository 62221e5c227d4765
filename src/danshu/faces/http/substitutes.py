"""Substitutes 替代 as master data, and what may stand in for an order's short lines."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, delete, get, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
)
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.faces.http.stock import Written
from danshu.hub import substitutes, views
from danshu.hub.fields import Code
from danshu.hub.substitutes import Offered, Pair
from danshu.kernel.limits import BATCH_BODY_BYTES, MASTER_ROWS


class NewSubstitute(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`substitute` may stand in for `sku`; the least rank is offered first. With `consent` only by
    the buyer's own word.
    """

    sku: Code
    substitute: Code
    rank: Annotated[int, Meta(ge=0, le=10_000)] = 0
    consent: bool = True


class SubstitutePage(Struct, frozen=True, kw_only=True):
    """Pairs by SKU; `next` is "" at the end."""

    items: tuple[Pair, ...]
    next: str


class SubstitutesOffered(Struct, frozen=True, kw_only=True):
    """What may stand in for the lines that are short, the least rank first."""

    items: tuple[Offered, ...]


@put(
    "/v1/substitutes",
    **declare_write("putSubstitutes", "master data", "master.write", BATCH_BODY_BYTES),
)
async def put_substitutes(
    data: JSONBody[
        Annotated[tuple[NewSubstitute, ...], Meta(min_length=1, max_length=MASTER_ROWS)]
    ],
    request: Request[Any, Any, Any],
) -> Written:
    """Say what may stand in for what: of each SKU named, its substitutes are replaced whole."""
    held = held_of(request)
    pairs = [Pair(sku=n.sku, substitute=n.substitute, rank=n.rank, consent=n.consent) for n in data]
    async with hub_of(request).connection() as connection:
        await substitutes.put(connection, held.tenant, held.actor, pairs)
    return Written(rows=len(pairs))


@delete(
    "/v1/substitutes/{sku:str}",
    operation_id="dropSubstitutes",
    tags=["master data"],
    responses=PROBLEMS,
    guards=[may("master.write")],
    status_code=204,
)
async def drop_substitutes(sku: FromPath[str], request: Request[Any, Any, Any]) -> None:
    """Take the substitutes of a SKU away."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await substitutes.drop(connection, held.tenant, held.actor, sku)


@get("/v1/substitutes", **declare_read("listSubstitutes", "master data", "master.read"))
async def list_substitutes(
    request: Request[Any, Any, Any], cursor: Cursor = "", limit: Limit = 50
) -> SubstitutePage:
    """List which SKU may stand in for which, `limit` SKUs a page."""
    after = str(read_place(cursor, str)[0]) if cursor else ""
    async with hub_of(request).connection() as connection:
        pairs = await substitutes.page(connection, held_of(request).tenant, after, limit + 1)
    skus = list(dict.fromkeys(p.sku for p in pairs))
    shown = set(skus[:limit])
    return SubstitutePage(
        items=tuple([p for p in pairs if p.sku in shown]),
        next=write_place(skus[limit - 1]) if len(skus) > limit else "",
    )


@get(
    "/v1/orders/{order_id:uuid}/substitutes",
    operation_id="listOrderSubstitutes",
    tags=["orders"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_order_substitutes(
    order_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> SubstitutesOffered:
    """Offer what may stand in for the units that no warehouse can give, what is free of it, and
    what it may cost at most; taken by an amendment whose new line `replaces` the short one.
    """
    hub, tenant = hub_of(request), held_of(request).tenant
    seen = await views.read_order(hub, tenant, order_id)
    world = await hub.worlds.ensure(tenant)
    async with hub.connection() as connection:
        return SubstitutesOffered(
            items=tuple(await substitutes.offer(connection, world, seen.order))
        )


ROUTES: Final = [put_substitutes, drop_substitutes, list_substitutes, list_order_substitutes]
