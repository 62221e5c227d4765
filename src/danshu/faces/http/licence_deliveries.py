"""Deliveries and keys of licences over HTTP: begun, listed, issued by those who work here."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.faces.http import problems
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of, respond
from danshu.faces.http.workbench import who_of
from danshu.hub import licence_deliveries, licence_rows
from danshu.hub.export_files import Format
from danshu.hub.fields import PLAIN
from danshu.hub.licence_deliveries import LicenceKey
from danshu.kernel.errors import Refusal

Ask = Request[Any, Any, Any]
_ONE: Final = "/v1/licences/{licence:uuid}"
_TAG: Final = "licences"


class LicenceDeliveryAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which form of file; cells are sums by grain, rows are detail."""

    file: Format = "csv"
    rows: bool = False


class LicenceDeliveryBegun(Struct, frozen=True, kw_only=True):
    """The request that was made: `state` waiting (for `needs`), started or refused, with its
    clause; approvals are given at `/v1/asset-exports`.
    """

    request: uuid.UUID
    state: str
    needs: tuple[str, ...]
    code: str
    clause: str
    job: uuid.UUID | None


class LicenceKeyNamed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the key is called."""

    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=PLAIN)]


class LicenceKeys(Struct, frozen=True, kw_only=True):
    """The keys of a licence, the oldest first; a key is revoked like any other."""

    items: tuple[LicenceKey, ...]


@post(_ONE + "/deliveries", **declare_write("deliverLicence", _TAG, "asset.share"))
async def deliver(
    licence: FromPath[uuid.UUID], request: Ask, data: JSONBody[LicenceDeliveryAsked]
) -> Response[LicenceDeliveryBegun]:
    """Ask for a delivery of exactly what is licensed; the compliance checkpoint is asked."""
    held = held_of(request)
    told = await licence_deliveries.ask(
        hub_of(request), held.tenant, held.seated, licence, data.file,
        "rows" if data.rows else "cells", who_of(held), held.actor,
    )  # fmt: skip
    if isinstance(told, Refusal):
        return respond(problems.of(told))
    outcome = told.seen.outcome
    begun = LicenceDeliveryBegun(
        request=told.id,
        state=told.state,
        needs=tuple([need.code for need in outcome.needs]),
        code=outcome.refusal.code if outcome.refusal else "",
        clause=outcome.refusal.clause if outcome.refusal else "",
        job=told.job,
    )
    return Response(begun, status_code=201)


@get(_ONE + "/keys", **declare_read("listLicenceKeys", _TAG, "licence.read"))
async def list_keys(licence: FromPath[uuid.UUID], request: Ask) -> LicenceKeys:
    """List the keys that were given to the licensee."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        await licence_rows.find(connection, tenant, licence)
        items = await licence_deliveries.list_keys(connection, tenant, licence)
    return LicenceKeys(items=tuple(items))


@post(_ONE + "/keys", **declare_write("issueLicenceKey", _TAG, "licence.approve"))
async def issue_key(
    licence: FromPath[uuid.UUID], request: Ask, data: JSONBody[LicenceKeyNamed]
) -> Response[LicenceKey]:
    """Issue a key to the licensee, shown this once; it can do nothing but what the licence says."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        told = await licence_deliveries.issue_key(
            connection, held.tenant, licence, data.name, held.actor
        )
    if isinstance(told, Refusal):
        return respond(problems.of(told))
    return Response(told, status_code=201)


ROUTES: Final = [deliver, list_keys, issue_key]
