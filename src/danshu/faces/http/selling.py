"""What is sold beside single goods: bundles 组合装, gift rules 赠品规则, announced goods 预订."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, delete, get, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.intake.bundles import Bundle, Part
from danshu.capabilities.intake.gifts import GiftRule
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.questions import Cursor, Limit, Question, read_place, write_place
from danshu.faces.http.stock import Written
from danshu.hub import selling_masters
from danshu.hub.acts import read_time
from danshu.hub.fields import PLAIN, Code, Minor
from danshu.hub.selling_masters import BundleRow, GiftRow, Preorder
from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    BATCH_BODY_BYTES,
    BUNDLE_PARTS,
    BUNDLE_SHARE,
    BUNDLE_UNITS,
    GIFT_CHANNELS,
    GIFT_SKUS,
    GIFT_UNITS,
    LATEST_MS,
    LINE_QUANTITY,
    MASTER_ROWS,
    STOCK_UNITS,
)

_CODE = FromPath[str]
_NAME = Annotated[str, Meta(max_length=200, pattern=PLAIN)]
_MS = Annotated[int, Meta(ge=0, le=LATEST_MS, description="epoch ms, 0 = open")]
_RULE = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}(?![\s\S])")]


class NewPart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A component: units of it in one bundle, and its weight in the bundle's value."""

    sku: Code
    units: Annotated[int, Meta(ge=1, le=BUNDLE_UNITS)] = 1
    share: Annotated[int, Meta(ge=0, le=BUNDLE_SHARE)]


class NewBundle(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bundle, whole: what has its code is replaced."""

    code: Code
    name: _NAME
    parts: Annotated[tuple[NewPart, ...], Meta(min_length=1, max_length=BUNDLE_PARTS)]


class NewGift(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gift rule. Amounts in 分 of what is paid for its goods; empty lists stand for all."""

    code: _RULE
    name: Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
    sku: Code
    units: Annotated[int, Meta(ge=1, le=GIFT_UNITS)] = 1
    times: Annotated[int, Meta(ge=1, le=GIFT_UNITS)] = 1
    channels: Annotated[tuple[Code, ...], Meta(max_length=GIFT_CHANNELS)] = ()
    skus: Annotated[tuple[Code, ...], Meta(max_length=GIFT_SKUS)] = ()
    least_fen: Minor = 0
    least_units: Annotated[int, Meta(ge=0, le=LINE_QUANTITY)] = 0
    since_ms: _MS = 0
    until_ms: _MS = 0
    stock: Annotated[int, Meta(ge=0, le=STOCK_UNITS, description="0 = no limit")] = 0
    once: bool = False
    group: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = ""
    rank: Annotated[int, Meta(ge=0, le=10_000)] = 0
    waits: bool = False
    active: bool = True


class NewPreorder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Announced goods: `units` may be sold of them in all, `arrives` is RFC 3339."""

    sku: Code
    arrives: Annotated[str, Meta(max_length=40, pattern=PLAIN)]
    units: Annotated[int, Meta(ge=1, le=STOCK_UNITS)]


class BundlePage(Struct, frozen=True, kw_only=True):
    """Bundles by code; `next` is "" at the end."""

    items: tuple[BundleRow, ...]
    next: str


class GiftPage(Struct, frozen=True, kw_only=True):
    """Gift rules by code; `next` is "" at the end."""

    items: tuple[GiftRow, ...]
    next: str


class PreorderPage(Struct, frozen=True, kw_only=True):
    """Announced goods by SKU; `next` is "" at the end."""

    items: tuple[Preorder, ...]
    next: str


_Bundles = Annotated[tuple[NewBundle, ...], Meta(min_length=1, max_length=MASTER_ROWS)]
_Gifts = Annotated[tuple[NewGift, ...], Meta(min_length=1, max_length=MASTER_ROWS)]
_Preorders = Annotated[tuple[NewPreorder, ...], Meta(min_length=1, max_length=MASTER_ROWS)]
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
_DROP: Final[dict[str, Any]] = {
    "tags": ["master data"],
    "responses": PROBLEMS,
    "guards": [may("master.write")],
}


def _refuse_twice(codes: list[str]) -> None:
    for i, code in enumerate(codes):
        if code in codes[:i]:
            raise InputError("twice", f"{code} is named twice", f"/{i}")


@get("/v1/masters/bundles", operation_id="listSellingBundles", **_GET)
async def list_bundles(
    request: Request[Any, Any, Any], q: Question = "", cursor: Cursor = "", limit: Limit = 100
) -> BundlePage:
    """List bundles with their components; `q` is part of a code or name."""
    after = str(read_place(cursor, str)[0]) if cursor else ""
    async with hub_of(request).connection() as connection:
        rows = await selling_masters.list_bundles(
            connection, held_of(request).tenant, q.strip(), after, limit + 1
        )
    more = write_place(rows[limit - 1].code) if len(rows) > limit else ""
    return BundlePage(items=tuple(rows[:limit]), next=more)


@put("/v1/masters/bundles", operation_id="putSellingBundles", **_PUT)
async def put_bundles(data: JSONBody[_Bundles], request: Request[Any, Any, Any]) -> Written:
    """Write bundles by code; a bundle of bundles is refused."""
    hub, held = hub_of(request), held_of(request)
    _refuse_twice([row.code for row in data])
    rows = [
        Bundle(
            code=row.code,
            name=row.name,
            parts=tuple([Part(sku=p.sku, units=p.units, share=p.share) for p in row.parts]),
        )
        for row in data
    ]
    async with hub.connection() as connection:
        await selling_masters.put_bundles(connection, held.tenant, rows, held.actor)
    hub.worlds.forget(held.tenant)
    return Written(rows=len(rows))


@get("/v1/masters/gifts", operation_id="listGiftRules", **_GET)
async def list_gifts(
    request: Request[Any, Any, Any], cursor: Cursor = "", limit: Limit = 100
) -> GiftPage:
    """List gift rules, with what limited ones have given."""
    after = str(read_place(cursor, str)[0]) if cursor else ""
    async with hub_of(request).connection() as connection:
        rows = await selling_masters.list_gifts(
            connection, held_of(request).tenant, after, limit + 1
        )
    more = write_place(rows[limit - 1].rule.code) if len(rows) > limit else ""
    return GiftPage(items=tuple(rows[:limit]), next=more)


@put("/v1/masters/gifts", operation_id="putGiftRules", **_PUT)
async def put_gifts(data: JSONBody[_Gifts], request: Request[Any, Any, Any]) -> Written:
    """Write gift rules by code; orders that are placed from now on are given by them."""
    hub, held = hub_of(request), held_of(request)
    _refuse_twice([row.code for row in data])
    rows = [msgspec.convert(row, GiftRule, from_attributes=True) for row in data]
    async with hub.connection() as connection:
        await selling_masters.put_gifts(connection, held.tenant, rows, held.actor)
    hub.worlds.forget(held.tenant)
    return Written(rows=len(rows))


@get("/v1/masters/preorders", operation_id="listPreorders", **_GET)
async def list_preorders(
    request: Request[Any, Any, Any], cursor: Cursor = "", limit: Limit = 100
) -> PreorderPage:
    """List announced goods: units announced, sold of them, on the way."""
    after = str(read_place(cursor, str)[0]) if cursor else ""
    async with hub_of(request).connection() as connection:
        rows = await selling_masters.list_preorders(
            connection, held_of(request).tenant, after, limit + 1
        )
    more = write_place(rows[limit - 1].sku) if len(rows) > limit else ""
    return PreorderPage(items=tuple(rows[:limit]), next=more)


@put("/v1/masters/preorders", operation_id="putPreorders", **_PUT)
async def put_preorders(data: JSONBody[_Preorders], request: Request[Any, Any, Any]) -> Written:
    """Announce goods: what has no stock is sold against them, up to the units announced."""
    hub, held = hub_of(request), held_of(request)
    _refuse_twice([row.sku for row in data])
    rows = [(r.sku, read_time(r.arrives, f"/{i}/arrives"), r.units) for i, r in enumerate(data)]
    if any(not at for _, at, _ in rows):
        raise InputError("time", "the arrival is missing", "/arrives")
    async with hub.connection() as connection:
        await selling_masters.put_preorders(connection, held.tenant, rows, held.actor)
    hub.worlds.forget(held.tenant)
    return Written(rows=len(rows))


async def _drop(request: Request[Any, Any, Any], table: str, code: str) -> Response[None]:
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        await selling_masters.drop(connection, held.tenant, table, code, held.actor)
    hub.worlds.forget(held.tenant)
    return Response(None)


@delete("/v1/masters/bundles/{code:str}", operation_id="dropSellingBundle", **_DROP)
async def drop_bundle(code: _CODE, request: Request[Any, Any, Any]) -> Response[None]:
    """Sell a bundle no more; orders that have it keep it."""
    return await _drop(request, "bundle_parts", code)


@delete("/v1/masters/gifts/{code:str}", operation_id="dropGiftRule", **_DROP)
async def drop_gift(code: _CODE, request: Request[Any, Any, Any]) -> Response[None]:
    """Take a gift rule away; what it gave stays given."""
    return await _drop(request, "gift_rules", code)


@delete("/v1/masters/preorders/{code:str}", operation_id="dropPreorder", **_DROP)
async def drop_preorder(code: _CODE, request: Request[Any, Any, Any]) -> Response[None]:
    """Sell no more against announced goods; what was sold keeps its date."""
    return await _drop(request, "preorders", code)


ROUTES: Final = [
    list_bundles,
    put_bundles,
    drop_bundle,
    list_gifts,
    put_gifts,
    drop_gift,
    list_preorders,
    put_preorders,
    drop_preorder,
]
