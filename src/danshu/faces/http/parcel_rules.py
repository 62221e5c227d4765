"""The merchant's rules for parcels over HTTP: what is split at release, what is merged."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, Response, get, put
from litestar.params import JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.orders.parcel_rules import ParcelRules
from danshu.faces.http import problems
from danshu.faces.http.framework import (
    declare_read,
    declare_write,
    held_of,
    hub_of,
    respond,
)
from danshu.hub import parcel_book, parcel_settings
from danshu.kernel.errors import InputError, Refusal


class ParcelRulesShown(Struct, frozen=True, kw_only=True):
    """The merchant's rules for parcels; version 0 = none were set."""

    version: int
    rules: ParcelRules


class SetParcelRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules that follow the version that was looked at."""

    version: Annotated[int, Meta(ge=0)]
    rules: ParcelRules


@get("/v1/parcel-rules", **declare_read("getParcelRules", "parcels", "order.read"))
async def get_rules(request: Request[Any, Any, Any]) -> ParcelRulesShown:
    """Read the rules by which parcels are split at release and merged."""
    async with hub_of(request).connection() as connection:
        kept = await parcel_book.load(connection, held_of(request).tenant)
    if kept is None:
        return ParcelRulesShown(version=0, rules=ParcelRules())
    return ParcelRulesShown(version=kept.version, rules=kept.rules)


@put("/v1/parcel-rules", **declare_write("setParcelRules", "parcels", "merchant.write"))
async def set_rules(
    data: JSONBody[SetParcelRules], request: Request[Any, Any, Any]
) -> Response[ParcelRulesShown]:
    """Set the rules; 422 names what can't be meant, 409 that somebody else has changed them."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        told = await parcel_settings.put(
            connection, held.tenant, data.version, data.rules, held.actor
        )
    if isinstance(told, Refusal):
        return respond(problems.of(told))
    if not isinstance(told, int):
        first = told[0]
        raise InputError("bad_rules", first.code, f"/rules{first.place}")
    hub.worlds.forget(held.tenant)
    return Response(ParcelRulesShown(version=told, rules=data.rules))


ROUTES: Final = [get_rules, set_rules]
