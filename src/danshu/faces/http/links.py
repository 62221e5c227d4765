"""Links to an order's evidence page: made, listed, revoked by those who work for the merchant."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.faces.http import cookies
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.problems import of
from danshu.hub import links, views
from danshu.hub.links import Link, Settings
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import LINK_DAYS, ORDER_BODY_BYTES

Days = Annotated[int, Meta(ge=1, le=LINK_DAYS, description="days that the link opens the page")]


class NewLink(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A link to be made; without `days` it lives as long as the merchant has set."""

    days: Days | None = None


class LinkItem(Struct, frozen=True, kw_only=True):
    """A link. `state` is open, expired or revoked; `purpose` shared or slip; instants "" = never.

    `url` is there in the answer that made it, and nowhere else.
    """

    id: uuid.UUID
    order: uuid.UUID
    state: str
    purpose: str
    issued: str
    expires: str
    revoked: str
    viewed: str
    views: int
    by: str
    url: str = ""


class Links(Struct, frozen=True, kw_only=True):
    """The links of an order, the newest first."""

    items: tuple[LinkItem, ...]


class LinkSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long links live, and whether packing slips carry one as a QR code."""

    days: Days
    slip: bool


def url_of(request: Request[Any, Any, Any], token: str) -> str:
    """Give the address of the page that a token opens."""
    origin = cookies.own_origin(request.scope, request.app.state.keyring.origin)
    return f"{origin}/e/{token}"


def _item(link: Link, now_ms: int, url: str = "") -> LinkItem:
    state = "revoked" if link.revoked_ms else "open" if link.opens(now_ms) else "expired"
    return LinkItem(
        id=link.id,
        order=link.order,
        state=state,
        purpose=link.purpose,
        issued=rfc3339(link.issued_ms),
        expires=rfc3339(link.expires_ms),
        revoked=rfc3339(link.revoked_ms) if link.revoked_ms else "",
        viewed=rfc3339(link.viewed_ms) if link.viewed_ms else "",
        views=link.views,
        by=link.by,
        url=url,
    )


@post(
    "/v1/orders/{order_id:uuid}/links",
    operation_id="makeLink",
    tags=["links"],
    responses=PROBLEMS,
    guards=[may("link.write"), only_json],
    request_max_body_size=ORDER_BODY_BYTES,
)
async def make_link(
    order_id: FromPath[uuid.UUID],
    data: JSONBody[NewLink],
    request: Request[Any, Any, Any],
) -> Response[Any]:
    """Make a link by which a customer sees this order's evidence; its address is told once."""
    hub, held = hub_of(request), held_of(request)
    now_ms = hub.clock()
    async with hub.connection() as connection:
        await views.has_order(connection, held.tenant, order_id)
        settings = await links.read_settings(connection, held.tenant)
        made = await links.issue(
            connection,
            await links.load_key(connection),
            held.tenant,
            order_id,
            held.actor,
            by=held.caller.name,
            purpose="shared",
            days=data.days or settings.days,
            now_ms=now_ms,
        )
    if isinstance(made, Refusal):
        problem = of(made)
        return Response(problem, status_code=problem.status, media_type="application/problem+json")
    link, token = made
    return Response(_item(link, now_ms, url_of(request, token)), status_code=201)


@get(
    "/v1/orders/{order_id:uuid}/links",
    operation_id="listLinks",
    tags=["links"],
    responses=READ_PROBLEMS,
    guards=[may("link.read")],
)
async def list_links(order_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> Links:
    """Read the links of an order and how often each was opened."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        await views.has_order(connection, held.tenant, order_id)
        found = await links.list_links(connection, held.tenant, order_id)
    now_ms = hub.clock()
    return Links(items=tuple(_item(link, now_ms) for link in found))


@delete(
    "/v1/orders/{order_id:uuid}/links/{link_id:uuid}",
    operation_id="revokeLink",
    tags=["links"],
    responses=PROBLEMS,
    guards=[may("link.write")],
    status_code=204,
)
async def revoke_link(
    order_id: FromPath[uuid.UUID], link_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> None:
    """Revoke a link: from now on it opens nothing."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        await links.revoke(connection, held.tenant, order_id, link_id, held.actor, hub.clock())


@get("/v1/link-settings", **declare_read("getLinkSettings", "links", "link.read"))
async def get_settings(request: Request[Any, Any, Any]) -> LinkSettings:
    """Read how long links live, and whether packing slips carry one."""
    async with hub_of(request).connection() as connection:
        found = await links.read_settings(connection, held_of(request).tenant)
    return LinkSettings(days=found.days, slip=found.slip)


@put("/v1/link-settings", **declare_write("putLinkSettings", "links", "merchant.write"))
async def put_settings(
    data: JSONBody[LinkSettings], request: Request[Any, Any, Any]
) -> LinkSettings:
    """Set how long links live, and whether packing slips carry one."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        wanted = Settings(slip=data.slip, days=data.days)
        await links.configure(connection, held.tenant, held.actor, wanted)
    return data


ROUTES: Final = [make_link, list_links, revoke_link, get_settings, put_settings]
