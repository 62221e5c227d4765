"""Grants of assets over HTTP: given, listed, taken back."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.protection.model import Act, Condition, Purpose
from danshu.faces.http import problems
from danshu.faces.http.data_gates import AssetName, ColumnName
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    respond,
)
from danshu.faces.http.people import WithReason
from danshu.faces.http.placing import PLAIN, Instant
from danshu.faces.http.questions import Cursor, Limit, read_before, write_place
from danshu.hub import actors, data_gates, data_grants
from danshu.hub.data_grants import Kept, NewGrant
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import ORDER_BODY_BYTES

Holder = Annotated[str, Meta(max_length=64, pattern="^(person|role):[0-9a-z_-]{1,40}$")]
Reason = Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]


class DataGrantGiven(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is granted: `holder` is person:<id> or role:<role>; `columns` are shown in clear."""

    holder: Holder
    asset: AssetName
    act: Act
    purpose: Purpose
    until: Instant
    reason: Reason
    columns: Annotated[tuple[ColumnName, ...], Meta(max_length=64)] = ()
    condition: Condition = ""


class DataGrantShown(Struct, frozen=True, kw_only=True):
    """A grant; people by their number. `holds`: it counts now; `revoked` "" while it was not."""

    id: uuid.UUID
    holder: str
    named: str
    asset: str
    act: str
    purpose: str
    columns: tuple[str, ...]
    condition: str
    reason: str
    given_by: str
    begins: str
    until: str
    revoked: str
    holds: bool
    mine: bool


class DataGrantPage(Struct, frozen=True, kw_only=True):
    """Grants, the newest first; `next` is "" at the end."""

    items: tuple[DataGrantShown, ...]
    next: str


async def _show(request: Request[Any, Any, Any], kept: list[Kept]) -> list[DataGrantShown]:
    hub, held = hub_of(request), held_of(request)
    subjects = {k.grant.holder for k in kept} | {k.grant.given_by for k in kept}
    async with hub.connection() as connection:
        names = await actors.name_actors(connection, held.tenant, subjects)
    mine = set(data_grants.holders(held.seated.seat.principal))
    now_ms = hub.clock()
    return [
        DataGrantShown(
            id=k.grant.id,
            holder=k.grant.holder,
            named=names[k.grant.holder],
            asset=k.grant.asset,
            act=k.grant.act,
            purpose=k.grant.purpose,
            columns=k.grant.columns,
            condition=k.grant.condition,
            reason=k.reason,
            given_by=names[k.grant.given_by],
            begins=rfc3339(k.begins_ms),
            until=rfc3339(k.grant.until_ms),
            revoked=rfc3339(k.grant.revoked_ms) if k.grant.revoked_ms else "",
            holds=not k.grant.revoked_ms and now_ms < k.grant.until_ms,
            mine=k.grant.holder in mine,
        )
        for k in kept
    ]


@get(
    "/v1/data-grants",
    operation_id="listDataGrants",
    tags=["assets"],
    responses=READ_PROBLEMS,
    guards=[may("asset.read")],
)
async def list_grants(
    request: Request[Any, Any, Any],
    asset: Annotated[str, QueryParameter(max_length=64)] = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> DataGrantPage:
    """List grants: everybody's for those who grant or approve, else the caller's own."""
    held, hub = held_of(request), hub_of(request)
    everybody = held.may("asset.grant") or held.may("asset.approve")
    held_by = None if everybody else data_grants.holders(held.seated.seat.principal)
    before = read_before(cursor)
    async with hub.connection() as connection:
        found = await data_grants.page(connection, held.tenant, held_by, asset, before, limit + 1)
    more = write_place(str(found[limit - 1].grant.id)) if len(found) > limit else ""
    return DataGrantPage(items=tuple(await _show(request, found[:limit])), next=more)


@post(
    "/v1/data-grants",
    operation_id="giveDataGrant",
    tags=["assets"],
    responses=PROBLEMS,
    guards=[may("asset.grant"), only_json],
    request_max_body_size=ORDER_BODY_BYTES,
)
async def give_grant(
    data: JSONBody[DataGrantGiven], request: Request[Any, Any, Any]
) -> Response[Any]:
    """Grant one act on an asset for a purpose and a time, never to oneself; a fact."""
    held, hub = held_of(request), hub_of(request)
    asset = data_gates.find_asset(data.asset)
    known = {column.name for column in asset.columns}
    if not set(data.columns) <= known:
        raise InputError("bad_field", "the asset has no such column", "/columns")
    new = NewGrant(
        holder=data.holder,
        asset=data.asset,
        act=data.act,
        purpose=data.purpose,
        until_ms=int(data.until.timestamp() * 1000),
        reason=data.reason,
        columns=data.columns,
        condition=data.condition,
    )
    giver = held.seated.seat.principal
    async with hub.connection() as connection:
        told = await data_grants.give(connection, held.tenant, giver, new, held.actor, hub.clock())
    if isinstance(told, Refusal):
        return respond(problems.of(told))
    return Response(await _one(request, told), status_code=201)


async def _one(request: Request[Any, Any, Any], id_: uuid.UUID) -> DataGrantShown:
    async with hub_of(request).connection() as connection:
        found = await data_grants.page(
            connection, held_of(request).tenant, None, "", uuid.UUID(int=id_.int + 1), 1
        )
    return (await _show(request, found))[0]


@post(
    "/v1/data-grants/{grant_id:uuid}/revoke",
    operation_id="revokeDataGrant",
    tags=["assets"],
    responses=PROBLEMS,
    guards=[may("asset.grant"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def revoke_grant(
    grant_id: FromPath[uuid.UUID], data: JSONBody[WithReason], request: Request[Any, Any, Any]
) -> Response[Any]:
    """Take a grant back, with a reason; what was seen or taken under it stays in the log."""
    held, hub = held_of(request), hub_of(request)
    async with hub.connection() as connection:
        refusal = await data_grants.revoke(
            connection, held.tenant, grant_id, data.reason, held.actor, hub.clock()
        )
    if refusal is not None:
        return respond(problems.of(refusal))
    return Response(await _one(request, grant_id))


ROUTES: Final = [list_grants, give_grant, revoke_grant]
