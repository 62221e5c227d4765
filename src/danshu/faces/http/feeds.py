"""Feeds that are connected: asked by the hub, or believed by the signature of their webhook."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
    raw_body,
)
from danshu.hub import feeding
from danshu.hub.feeding import FeedItem, NewFeed
from danshu.hub.fields import PLAIN
from danshu.hub.readings import Taken
from danshu.kernel.errors import InputError
from danshu.kernel.limits import FEED_EVERY_S_MIN, SIGNAL_BODY_BYTES
from danshu.ports.signal import Message

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}(?![\s\S])")]
Secret = Annotated[str, Meta(max_length=500, pattern=PLAIN)]
_DAY_S: Final = 86_400


class FeedAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A feed to connect. `every_s` 0: it tells by itself; `secret` verifies its webhook. A feed
    `woven:CODE` is a woven capability, asked the question that it names itself.
    """

    name: Name
    feed: Annotated[str, Meta(pattern=r"^(woven:)?[A-Za-z0-9_-]{1,64}(?![\s\S])")]
    url: Annotated[str, Meta(max_length=500, pattern=PLAIN)] = ""
    place: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = ""
    key: Secret = ""
    secret: Secret = ""
    every_s: Annotated[int, Meta(ge=0, le=_DAY_S)] = 0


class Feeds(Struct, frozen=True, kw_only=True):
    """The merchant's feeds; `hook` is where the webhooks of this merchant go, NAME at its end."""

    hook: str
    items: tuple[FeedItem, ...]


@get("/v1/signals/feeds", **declare_read("listFeeds", "signals", "account.admin"))
async def list_feeds(request: Request[Any, Any, Any]) -> Feeds:
    """List the connected feeds, without what opens them."""
    return await _all(request)


@put("/v1/signals/feeds", **declare_write("putFeed", "signals", "account.admin"))
async def put_feed(data: JSONBody[FeedAsked], request: Request[Any, Any, Any]) -> Feeds:
    """Connect a feed, or connect it anew under its name."""
    if 0 < data.every_s < FEED_EVERY_S_MIN:
        raise InputError("feed", f"every_s is 0 or at least {FEED_EVERY_S_MIN}", "/every_s")
    held = held_of(request)
    new = NewFeed(
        name=data.name,
        feed=data.feed,
        url=data.url.rstrip("/"),
        place=data.place,
        key=data.key,
        secret=data.secret,
        every_s=data.every_s,
    )
    async with hub_of(request).connection() as connection:
        await feeding.put(connection, held.tenant, new, held.actor)
    return await _all(request)


@delete(
    "/v1/signals/feeds/{name:str}",
    operation_id="dropFeed",
    tags=["signals"],
    responses=READ_PROBLEMS,
    guards=[may("account.admin")],
    status_code=204,
)
async def drop_feed(name: FromPath[str], request: Request[Any, Any, Any]) -> None:
    """Disconnect a feed: its sources fall silent, and grow stale."""
    held = held_of(request)
    if "\0" in name:
        raise InputError("no_feed", "no such feed is connected")
    async with hub_of(request).connection() as connection:
        await feeding.drop(connection, held.tenant, name, held.actor)


@post(
    "/v1/signals/{feed:str}/hook",
    operation_id="tellBySignature",
    tags=["signals"],
    responses=PROBLEMS,
    status_code=200,
    request_max_body_size=SIGNAL_BODY_BYTES,
    operation_class=raw_body("A webhook's message, signed in the feed's way", "application/json"),
)
async def tell_by_signature(
    feed: FromPath[str],
    request: Request[Any, Any, Any],
    account: Annotated[str, QueryParameter(max_length=80, pattern=PLAIN)] = "",
) -> Response[Taken]:
    """Take a webhook's message by its signature; the account is MERCHANT.NAME."""
    hub = hub_of(request)
    message = Message(
        body=await request.body(), received_ms=hub.clock(), headers=dict(request.headers)
    )
    return Response(await feeding.believe(hub.connection, hub.readings, account, feed, message))


async def _all(request: Request[Any, Any, Any]) -> Feeds:
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        items = await feeding.read(connection, tenant)
    return Feeds(hook=f"/v1/signals/FEED/hook?account={tenant}.NAME", items=items)


ROUTES: Final = [list_feeds, put_feed, drop_feed, tell_by_signature]
