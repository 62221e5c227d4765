"""Subscriptions to published events over HTTP, and the log of their deliveries."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.faces.http.framework import (
    PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
)
from danshu.faces.http.questions import Cursor, Limit, epoch, read_place, write_place
from danshu.hub import (
    event_forms,
    event_reading,
    subscription_trials,
    subscription_views,
    subscriptions,
)
from danshu.hub.event_posting import Meaning
from danshu.hub.fields import PLAIN
from danshu.hub.subscription_views import Delivered, SubscriptionView
from danshu.hub.subscriptions import Wanted
from danshu.kernel.errors import InputError
from danshu.kernel.limits import EVENT_BATCH, EVENT_TIMEOUT_S, EVENT_WIDTH, INTEGER_MAX

Ask = Request[Any, Any, Any]
Id = FromPath[uuid.UUID]
_READ: Final = "subscription.read"
_WRITE: Final = "subscription.write"


class Subscriptions(Struct, frozen=True, kw_only=True):
    """A merchant's subscriptions, the oldest first."""

    items: tuple[SubscriptionView, ...]


class NewSubscription(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A subscription. `types` are names of events, or patterns like `danshu.order.*`; `filters`
    follow the CloudEvents Subscriptions API (exact, prefix, suffix, all, any, not) over attributes
    and `data.…`, and all must fit. `batch` is the largest number of events in a POST of mode batch,
    `width` how many POSTs go at once in the other modes. Of `secret`: "" has one made, or (where
    it is changed) keeps it.
    """

    name: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    url: Annotated[str, Meta(min_length=1, max_length=1000, pattern=PLAIN)]
    types: Annotated[tuple[str, ...], Meta(min_length=1)]
    filters: tuple[Any, ...] = ()
    mode: Literal["structured", "binary", "batch"] = "structured"
    batch: Annotated[int, Meta(ge=1, le=EVENT_BATCH)] = 100
    width: Annotated[int, Meta(ge=1, le=EVENT_WIDTH)] = 4
    timeout_s: Annotated[int, Meta(ge=1, le=EVENT_TIMEOUT_S)] = 10
    secret: Annotated[str, Meta(max_length=500, pattern=PLAIN)] = ""
    verify: bool = False


class MadeSubscription(Struct, frozen=True, kw_only=True):
    """A new subscription with its secret, which is shown this once."""

    subscription: SubscriptionView
    secret: str


class Secret(Struct, frozen=True, kw_only=True):
    """A new secret, shown this once."""

    secret: str


class PauseWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why delivery stops."""

    reason: Annotated[str, Meta(max_length=200, pattern=PLAIN)] = ""


class ReplayWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where delivery begins again: a place of the log (`2026h2/1741`), or the instant from which
    everything that was said is to be told; a batch of the log (about half a second) is repeated
    whole.
    """

    place: Annotated[str, Meta(max_length=32, pattern=PLAIN)] = ""
    since: datetime.datetime | None = None


class ReplayFrom(Struct, frozen=True, kw_only=True):
    """The place of the log at which delivery begins again."""

    place: str


class PingTold(Struct, frozen=True, kw_only=True):
    """What became of a trial: `status` 0 where no answer came, `trouble` "" when it was taken."""

    status: int
    ms: int
    trouble: str


class DeliveryPage(Struct, frozen=True, kw_only=True):
    """The log of deliveries, newest first; `next` is "" at the end."""

    items: tuple[Delivered, ...]
    next: str


def _wanted(data: NewSubscription) -> Wanted:
    return Wanted(
        name=data.name,
        url=data.url.strip(),
        mode=data.mode,
        batch=data.batch,
        width=data.width,
        timeout_s=data.timeout_s,
        types=data.types,
        filters=data.filters,
    )


async def _show(request: Ask, id_: uuid.UUID) -> SubscriptionView:
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        (view,) = await subscription_views.read(connection, held.tenant, id_, hub.clock())
        return view


@get("/v1/subscriptions", **declare_read("listSubscriptions", "events", _READ))
async def list_subscriptions(request: Ask) -> Subscriptions:
    """List the subscriptions to published events."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        found = await subscription_views.read(connection, held.tenant, None, hub.clock())
        return Subscriptions(items=tuple(found))


@post(
    "/v1/subscriptions",
    **declare_write("addSubscription", "events", _WRITE),
    status_code=201,
)
async def add_subscription(data: JSONBody[NewSubscription], request: Ask) -> MadeSubscription:
    """Subscribe a webhook to published events, from now on; the secret is shown this once.

    With `verify` the receiver is first asked whether it allows that (CloudEvents Web Hooks).
    """
    hub, held = hub_of(request), held_of(request)
    await event_forms.prepare()
    wanted = subscriptions.check(_wanted(data))
    if data.verify:
        await subscription_trials.shake_hands(wanted.url)
    async with hub.connection() as connection:
        made, secret = await subscriptions.add(
            connection, held.tenant, held.actor, wanted, data.secret, hub.clock()
        )
    return MadeSubscription(subscription=await _show(request, made.id), secret=secret)


@get("/v1/subscriptions/{id_:uuid}", **declare_read("getSubscription", "events", _READ))
async def get_subscription(id_: Id, request: Ask) -> SubscriptionView:
    """Read a subscription."""
    return await _show(request, id_)


@put("/v1/subscriptions/{id_:uuid}", **declare_write("putSubscription", "events", _WRITE))
async def put_subscription(
    id_: Id, data: JSONBody[NewSubscription], request: Ask
) -> SubscriptionView:
    """Change a subscription; it goes on from where it stands."""
    hub, held = hub_of(request), held_of(request)
    await event_forms.prepare()
    wanted = subscriptions.check(_wanted(data))
    if data.verify:
        await subscription_trials.shake_hands(wanted.url)
    async with hub.connection() as connection:
        await subscriptions.change(connection, held.tenant, held.actor, id_, wanted)
        if data.secret:
            await subscriptions.rekey(connection, held.tenant, held.actor, id_, data.secret)
    return await _show(request, id_)


def _act(operation_id: str) -> dict[str, Any]:
    """Declare an act without a body."""
    return {
        "operation_id": operation_id,
        "tags": ["events"],
        "responses": PROBLEMS,
        "guards": [may(_WRITE)],
        "status_code": 200,
    }


@delete("/v1/subscriptions/{id_:uuid}", **_act("deleteSubscription"))
async def delete_subscription(id_: Id, request: Ask) -> Subscriptions:
    """Remove a subscription with what waits for it and what was given up."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        await subscriptions.drop(connection, held.tenant, held.actor, id_)
        found = await subscription_views.read(connection, held.tenant, None, hub.clock())
        return Subscriptions(items=tuple(found))


@post(
    "/v1/subscriptions/{id_:uuid}/pause",
    **declare_write("pauseSubscription", "events", _WRITE),
    status_code=200,
)
async def pause_subscription(
    id_: Id, data: JSONBody[PauseWanted], request: Ask
) -> SubscriptionView:
    """Stop delivering until it is resumed; nothing is lost meanwhile."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await subscriptions.set_state(
            connection, held.tenant, held.actor, id_, "paused", data.reason
        )
    return await _show(request, id_)


@post("/v1/subscriptions/{id_:uuid}/resume", **_act("resumeSubscription"))
async def resume_subscription(id_: Id, request: Ask) -> SubscriptionView:
    """Go on delivering from where it stood; a receiver that was left alone is tried at once."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await subscriptions.set_state(connection, held.tenant, held.actor, id_, "active")
    return await _show(request, id_)


@post(
    "/v1/subscriptions/{id_:uuid}/replay",
    **declare_write("replaySubscription", "events", _WRITE),
    status_code=200,
)
async def replay_subscription(id_: Id, data: JSONBody[ReplayWanted], request: Ask) -> ReplayFrom:
    """Deliver again from a place of the log or an instant on, to this receiver alone."""
    hub, held = hub_of(request), held_of(request)
    if bool(data.place) == (data.since is not None):
        raise InputError("bad_place", "either a place or an instant", "/place")
    spot = event_reading.read_spot(data.place, "/place") if data.place else None
    since_ms = epoch(data.since, "/since")
    async with hub.connection() as connection:
        at = await subscriptions.replay(connection, held.tenant, held.actor, id_, spot, since_ms)
    return ReplayFrom(place=str(at))


@post("/v1/subscriptions/{id_:uuid}/secret", **_act("renewSubscriptionSecret"))
async def renew_secret(id_: Id, request: Ask) -> Secret:
    """Make a new secret, shown this once; the former one signs beside it for a day."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        secret = await subscriptions.rekey(connection, held.tenant, held.actor, id_)
    return Secret(secret=secret)


@post("/v1/subscriptions/{id_:uuid}/ping", **_act("pingSubscription"))
async def ping_subscription(id_: Id, request: Ask) -> PingTold:
    """Send one signed event of type `danshu.subscription.ping`, now; its answer comes back."""
    told = await subscription_trials.ping(hub_of(request), held_of(request).tenant, id_)
    trouble = "" if told.meaning is Meaning.TAKEN else told.trouble
    return PingTold(status=told.status, ms=told.ms, trouble=trouble)


@get("/v1/subscriptions/{id_:uuid}/deliveries", **declare_read("listDeliveries", "events", _READ))
async def list_deliveries(
    id_: Id,
    request: Ask,
    failed: Annotated[bool, QueryParameter(description="only what was not taken")] = False,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> DeliveryPage:
    """List what was delivered, or tried, newest first: never the bodies."""
    held = held_of(request)
    before = int(read_place(cursor, int)[0]) if cursor else INTEGER_MAX
    async with hub_of(request).connection() as connection:
        await subscriptions.read(connection, held.tenant, id_)
        found = await subscription_views.read_deliveries(
            connection, (held.tenant, id_), before, limit + 1, failed=failed
        )
    more = len(found) > limit
    return DeliveryPage(
        items=tuple(found[:limit]), next=write_place(found[limit - 1].no) if more else ""
    )


ROUTES: Final = [
    list_subscriptions,
    add_subscription,
    get_subscription,
    put_subscription,
    delete_subscription,
    pause_subscription,
    resume_subscription,
    replay_subscription,
    renew_secret,
    ping_subscription,
    list_deliveries,
]
