"""What people call things over HTTP: stores and customers, options, units of a SKU, aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from litestar import Request, get, put
from litestar.params import JSONBody
from msgspec import Meta, Struct

from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of
from danshu.faces.http.questions import Cursor, Limit, Question, read_place, write_place
from danshu.faces.http.stock import Written
from danshu.hub import names
from danshu.hub.names import Alias, DirectoryEntry, Option, SkuUnit
from danshu.kernel.errors import InputError
from danshu.kernel.limits import BATCH_BODY_BYTES, MASTER_ROWS, PAGE_ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

_Rows = Meta(min_length=1, max_length=MASTER_ROWS)


class EntryPage(Struct, frozen=True, kw_only=True):
    """Stores, customers and suppliers by kind and code; `next` is "" at the end."""

    items: tuple[DirectoryEntry, ...]
    next: str


class OptionPage(Struct, frozen=True, kw_only=True):
    """Options by code; `next` is "" at the end."""

    items: tuple[Option, ...]
    next: str


class SkuUnitPage(Struct, frozen=True, kw_only=True):
    """Units by SKU; `next` is "" at the end."""

    items: tuple[SkuUnit, ...]
    next: str


class AliasPage(Struct, frozen=True, kw_only=True):
    """Aliases by kind, customer and word; `next` is "" at the end."""

    items: tuple[Alias, ...]
    next: str


def _read(operation_id: str) -> dict[str, Any]:
    return declare_read(operation_id, "master data", "master.read")


def _write(operation_id: str) -> dict[str, Any]:
    return declare_write(operation_id, "master data", "master.write", BATCH_BODY_BYTES)


async def _list(
    request: Request[Any, Any, Any], kind: str, q: str, cursor: str, limit: int
) -> tuple[tuple[Any, ...], str]:
    shape = names.SHAPES[kind]
    after = [str(p) for p in read_place(cursor, *[str] * len(shape.key))] if cursor else []
    async with hub_of(request).connection() as connection:
        rows = await names.list_rows(
            connection, held_of(request).tenant, kind, q.strip(), after, limit + 1
        )
    following = write_place(*rows[limit - 1][0]) if len(rows) > limit else ""
    return tuple([row for _, row in rows[:limit]]), following


async def _put(request: Request[Any, Any, Any], kind: str, rows: Sequence[Any]) -> Written:
    hub, held = hub_of(request), held_of(request)
    key = names.SHAPES[kind].key
    seen: set[tuple[str, ...]] = set()
    for i, row in enumerate(rows):
        own = tuple([getattr(row, "alias" if k == "folded" else k) for k in key])
        if own in seen:
            raise InputError("twice", f"{' '.join(own)} is named twice", f"/{i}")
        seen.add(own)
    async with hub.connection() as connection:
        await names.put(connection, held.tenant, kind, rows, held.actor)
    hub.worlds.forget(held.tenant)
    return Written(rows=len(rows))


@get("/v1/names/directory", **_read("listDirectory"))
async def list_directory(
    request: Request[Any, Any, Any], q: Question = "", cursor: Cursor = "", limit: Limit = PAGE_ROWS
) -> EntryPage:
    """List stores, customers and suppliers; `q` is part of a code or name."""
    items, following = await _list(request, "directory", q, cursor, limit)
    return EntryPage(items=items, next=following)


@put("/v1/names/directory", **_write("putDirectory"))
async def put_directory(
    data: JSONBody[Annotated[tuple[DirectoryEntry, ...], _Rows]], request: Request[Any, Any, Any]
) -> Written:
    """Write stores, customers and suppliers by kind and code."""
    return await _put(request, "directory", data)


@get("/v1/names/options", **_read("listOptions"))
async def list_options(
    request: Request[Any, Any, Any], q: Question = "", cursor: Cursor = "", limit: Limit = PAGE_ROWS
) -> OptionPage:
    """List what changes goods; `q` is part of a code or name."""
    items, following = await _list(request, "options", q, cursor, limit)
    return OptionPage(items=items, next=following)


@put("/v1/names/options", **_write("putOptions"))
async def put_options(
    data: JSONBody[Annotated[tuple[Option, ...], _Rows]], request: Request[Any, Any, Any]
) -> Written:
    """Write options by code."""
    return await _put(request, "options", data)


@get("/v1/names/units", **_read("listSkuUnits"))
async def list_units(
    request: Request[Any, Any, Any], q: Question = "", cursor: Cursor = "", limit: Limit = PAGE_ROWS
) -> SkuUnitPage:
    """List measure words of SKUs; `q` is part of a SKU or word."""
    items, following = await _list(request, "sku_units", q, cursor, limit)
    return SkuUnitPage(items=items, next=following)


@put("/v1/names/units", **_write("putSkuUnits"))
async def put_units(
    data: JSONBody[Annotated[tuple[SkuUnit, ...], _Rows]], request: Request[Any, Any, Any]
) -> Written:
    """Write measure words by SKU and word."""
    return await _put(request, "sku_units", data)


@get("/v1/names/aliases", **_read("listAliases"))
async def list_aliases(
    request: Request[Any, Any, Any], q: Question = "", cursor: Cursor = "", limit: Limit = PAGE_ROWS
) -> AliasPage:
    """List what people call things; `q` is part of the word or the code."""
    items, following = await _list(request, "aliases", q, cursor, limit)
    return AliasPage(items=items, next=following)


@put("/v1/names/aliases", **_write("putAliases"))
async def put_aliases(
    data: JSONBody[Annotated[tuple[Alias, ...], _Rows]], request: Request[Any, Any, Any]
) -> Written:
    """Write aliases by kind, customer, word and code; one that is not active is found no more."""
    return await _put(request, "aliases", data)


ROUTES: Final = [
    list_directory,
    put_directory,
    list_options,
    put_options,
    list_units,
    put_units,
    list_aliases,
    put_aliases,
]
