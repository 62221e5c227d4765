"""Services that perceive over HTTP: registered, changed, paused; how each is and what it costs."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from litestar import Request, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import lists, perceiver_mapping, perceiver_views, perceivers
from danshu.hub.fields import PLAIN
from danshu.hub.perceiver_mapping import PerceiverMapping
from danshu.hub.perceiver_views import PerceiverAdapter, PerceiverMinute, PerceiverView
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import (
    EXPRESSION_BYTES,
    LATEST_MS,
    PERCEIVER_OPTION_CHARS,
    PERCEIVER_PRICE,
    PERCEIVER_QUOTA,
    PERCEIVER_TIMEOUT_MS_MAX,
    PERCEIVER_TIMEOUT_MS_MIN,
    REASON_CHARS,
    SAFE_VALUE_CHARS,
)

Ask = Request[Any, Any, Any]
Id = FromPath[uuid.UUID]
READ: Final = "modality.read"
WRITE: Final = "modality.write"
TAG: Final = "modalities"
ONE: Final = "/v1/perceivers/{perceiver_id:uuid}"
Kind = Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[a-z][a-z0-9_]*$")]
Reason = Annotated[str, Meta(max_length=REASON_CHARS, pattern=PLAIN)]
_Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_]*$")]
_Option = Annotated[str, Meta(max_length=PERCEIVER_OPTION_CHARS)]
_Secret = Annotated[str, Meta(max_length=SAFE_VALUE_CHARS)]
_Quota = Annotated[int, Meta(ge=0, le=PERCEIVER_QUOTA)]
_Price = Annotated[int, Meta(ge=0, le=PERCEIVER_PRICE, description="thousandths of 分")]


class PerceiverWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a service is to be. Options and secrets that are left out stay as they were, empty ones
    are thrown away; a secret is never shown again, and another address asks for it anew. Quotas 0
    are none. `mapping` is for the adapter `http-json` alone.
    """

    kind: Kind
    adapter: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    title: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    url: Annotated[str, Meta(max_length=500, pattern=PLAIN)] = ""
    label: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = ""
    options: dict[_Name, _Option] = {}
    mapping: PerceiverMapping | None = None
    secrets: dict[_Name, _Secret] = {}
    timeout_ms: Annotated[int, Meta(ge=PERCEIVER_TIMEOUT_MS_MIN, le=PERCEIVER_TIMEOUT_MS_MAX)] = (
        perceivers.LOCAL_TIMEOUT_MS
    )
    quota_minute: _Quota = 0
    quota_day: _Quota = 0
    price_call: _Price = 0
    price_second: _Price = 0
    price_page: _Price = 0

    @property
    def wish(self) -> perceivers.Wish:
        """The same for the hub."""
        told = {name: getattr(self, name) for name in self.__struct_fields__}
        return perceivers.Wish(**told | {"url": self.url.strip(), "title": self.title.strip()})


class PerceiverSwitch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which state, and why: active, or paused (the next of the order is asked)."""

    state: Literal["active", "paused"]
    reason: Reason = ""


class Perceivers(Struct, frozen=True, kw_only=True):
    """A merchant's services by kind; those nobody registered are models on this machine."""

    items: tuple[PerceiverView, ...]


class PerceiverAdapters(Struct, frozen=True, kw_only=True):
    """What may be registered, by name."""

    items: tuple[PerceiverAdapter, ...]


class PerceiverMinutes(Struct, frozen=True, kw_only=True):
    """What a service did, the newest minute first; `next` is "" at the end."""

    items: tuple[PerceiverMinute, ...]
    next: str


class MappingAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping, and an answer of the service as it came, to see what it is understood as."""

    kind: Kind
    mapping: PerceiverMapping
    answer: Any


@get("/v1/perceiver-adapters", **declare_read("listPerceiverAdapters", TAG, READ))
async def list_adapters(request: Ask) -> PerceiverAdapters:
    """List what may be registered: what each needs, whether its extra is installed."""
    return PerceiverAdapters(items=tuple(perceiver_views.list_adapters()))


@get("/v1/perceivers", **declare_read("listPerceivers", TAG, READ))
async def list_perceivers(request: Ask) -> Perceivers:
    """List services and how each is: breaker, quota, cost, the last hour by the minute."""
    hub = hub_of(request)
    async with hub.connection() as connection:
        found = await perceiver_views.list_perceivers(
            connection, held_of(request).tenant, hub.clock()
        )
    return Perceivers(items=tuple(found))


@post("/v1/perceivers", **declare_write("registerPerceiver", TAG, WRITE, EXPRESSION_BYTES))
async def register(data: JSONBody[PerceiverWish], request: Ask) -> PerceiverView:
    """Register a service. It is asked where the order of its kind names it; without one, after
    those that were registered before.
    """
    held, hub = held_of(request), hub_of(request)
    if data.mapping is not None:
        await perceiver_mapping.check_grammar(data.mapping)
    async with hub.connection() as connection:
        made = await perceivers.register(
            connection, held.tenant, held.actor, data.wish, hub.clock()
        )
        return await perceiver_views.read_perceiver(connection, held.tenant, made.id, hub.clock())


@get(ONE, **declare_read("getPerceiver", TAG, READ))
async def get_perceiver(perceiver_id: Id, request: Ask) -> PerceiverView:
    """Read one service."""
    hub = hub_of(request)
    async with hub.connection() as connection:
        return await perceiver_views.read_perceiver(
            connection, held_of(request).tenant, perceiver_id, hub.clock()
        )


@put(ONE, **declare_write("setPerceiver", TAG, WRITE, EXPRESSION_BYTES))
async def amend(perceiver_id: Id, data: JSONBody[PerceiverWish], request: Ask) -> PerceiverView:
    """Change how a service is asked. Another adapter is another service: put it on trial."""
    held, hub = held_of(request), hub_of(request)
    if data.mapping is not None:
        await perceiver_mapping.check_grammar(data.mapping)
    async with hub.connection() as connection:
        await perceivers.amend(connection, held.tenant, perceiver_id, held.actor, data.wish)
        return await perceiver_views.read_perceiver(
            connection, held.tenant, perceiver_id, hub.clock()
        )


@post(ONE + "/state", **declare_write("switchPerceiver", TAG, WRITE), status_code=200)
async def switch(perceiver_id: Id, data: JSONBody[PerceiverSwitch], request: Ask) -> PerceiverView:
    """Pause a service, or have it asked again at once, its breaker closed."""
    held, hub = held_of(request), hub_of(request)
    async with hub.connection() as connection:
        await perceivers.switch(
            connection, held.tenant, perceiver_id, held.actor, data.state, data.reason
        )
        return await perceiver_views.read_perceiver(
            connection, held.tenant, perceiver_id, hub.clock()
        )


@get(ONE + "/minutes", **declare_read("listPerceiverMinutes", TAG, READ))
async def list_minutes(
    perceiver_id: Id, request: Ask, cursor: Cursor = "", limit: Limit = 60
) -> PerceiverMinutes:
    """List what a service did by the minute, the newest first."""
    async with hub_of(request).connection() as connection:
        found = await perceiver_views.list_minutes(
            connection, held_of(request).tenant, perceiver_id, _before(cursor), limit + 1
        )
    more = found[limit - 1] if len(found) > limit else None
    return PerceiverMinutes(items=tuple(found[:limit]), next=write_place(more.at) if more else "")


def _before(cursor: str) -> datetime:
    try:
        told = str(read_place(cursor, str)[0]) if cursor else rfc3339(LATEST_MS)
        return datetime.fromisoformat(told)
    except ValueError as error:
        raise lists.OTHER_QUESTION from error


ROUTES: Final = [
    list_adapters,
    list_perceivers,
    register,
    get_perceiver,
    amend,
    switch,
    list_minutes,
]
