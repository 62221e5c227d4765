"""The catalogue over HTTP as a map, as terms, and as DCAT 3 for other catalogues."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from litestar import Request, Response, get
from litestar.params import FromPath
from msgspec import Struct

from danshu.faces.http.framework import READ_PROBLEMS, declare_read, held_of, hub_of, may
from danshu.hub import (
    asset_catalogue,
    catalogue_dcat,
    catalogue_map,
    catalogue_terms,
    licence_rows,
)
from danshu.hub.catalogue_dcat import Merchant, Offered
from danshu.hub.catalogue_map import AssetColumns, AssetMap
from danshu.hub.catalogue_terms import BusinessTerm

_TAG: Final = "catalogue"
_LICENCES: Final = 500
_NAME: Final = "select code, name from tenants where id=%s"
TURTLE: Final = "text/turtle"
JSON_LD: Final = "application/ld+json"


class BusinessTerms(Struct, frozen=True, kw_only=True):
    """Terms of business by their Chinese names."""

    items: tuple[BusinessTerm, ...]


@get("/v1/catalogue/map", **declare_read("readAssetMap", _TAG, "asset.read"))
async def read_map(request: Request[Any, Any, Any]) -> AssetMap:
    """Read what is made of what: sources, assets, metrics, licences and files that left."""
    held = held_of(request)
    sees = "licence.read" in held.seated.rights
    return await catalogue_map.draw(hub_of(request), held.tenant, sees_licences=sees)


@get("/v1/catalogue/terms", **declare_read("listTerms", _TAG, "asset.read"))
async def list_terms(request: Request[Any, Any, Any]) -> BusinessTerms:
    """List the terms of business: what they mean, what else they are called."""
    found = await catalogue_terms.read(hub_of(request), held_of(request).tenant)
    return BusinessTerms(items=found)


@get("/v1/catalogue/{name:str}/columns", **declare_read("traceColumns", _TAG, "asset.read"))
async def read_columns(name: FromPath[str], request: Request[Any, Any, Any]) -> AssetColumns:
    """Say of which columns of which sources each column of an asset is made."""
    return await catalogue_map.columns(hub_of(request), held_of(request).tenant, name)


@get(
    "/v1/catalogue.ttl",
    operation_id="exportCatalogueTurtle",
    tags=[_TAG],
    media_type="text/turtle",
    responses=READ_PROBLEMS,
    guards=[may("asset.read")],
)
async def export_turtle(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Export the catalogue as DCAT 3 in Turtle. Licences are told to who may read them."""
    return Response(await _export(request, "turtle"), media_type=TURTLE)


@get(
    "/v1/catalogue.jsonld",
    operation_id="exportCatalogueJsonLd",
    tags=[_TAG],
    media_type=JSON_LD,
    responses=READ_PROBLEMS,
    guards=[may("asset.read")],
)
async def export_json_ld(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Export the catalogue as DCAT 3 in JSON-LD. Licences are told to who may read them."""
    return Response(await _export(request, "json-ld"), media_type=JSON_LD)


async def _export(request: Request[Any, Any, Any], form: str) -> bytes:
    hub, held = hub_of(request), held_of(request)
    entries = await asset_catalogue.read(hub, held.tenant)
    offers: list[Offered] = []
    async with hub.connection() as connection:
        row = await (await connection.execute(_NAME, (held.tenant,))).fetchone()
        if "licence.read" in held.seated.rights:
            given = await licence_rows.list_rows(
                connection, held.tenant, {"state": "active"}, 0, _LICENCES
            )
            offers = [
                Offered(
                    no=one.no,
                    asset=one.terms.asset,
                    purpose=one.terms.purpose,
                    until=one.terms.until.isoformat(),
                    resale=one.terms.resale,
                )
                for one in given
            ]
    code, name = row or ("", "")
    merchant = Merchant(code=code, name=name, base=str(request.base_url).rstrip("/"))
    return await asyncio.to_thread(catalogue_dcat.write, merchant, entries, offers, form)


ROUTES: Final = [read_map, list_terms, read_columns, export_turtle, export_json_ld]
