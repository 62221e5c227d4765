"""Published events read by who asks: page by page, or as they come (SSE), from any place of the
log.
"""

from __future__ import annotations

import asyncio
import datetime
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import Stream
from msgspec import Struct

from danshu.capabilities.weave import filters as rules
from danshu.faces.http.framework import READ_PROBLEMS, held_of, hub_of, may
from danshu.faces.http.proofs import Streams
from danshu.faces.http.questions import epoch
from danshu.hub import event_forms, event_reading
from danshu.hub.compose import Hub
from danshu.hub.event_forms import Event
from danshu.hub.event_reading import Spot
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import Busy, InputError
from danshu.kernel.limits import (
    EVENT_BEAT_S,
    EVENT_SCAN,
    EVENT_STREAMS,
    EVENTS_PULLED,
    RETRY_AFTER_S,
    STREAM_S,
    SUBSCRIPTION_TYPES,
)

Ask = Request[Any, Any, Any]
_POLL_S: Final = 0.5
_RETRY: Final = b"retry: 2000\n\n"
_FILTER_CHARS: Final = 4_000
_SSE: Final = "text/event-stream"
Types = Annotated[
    str,
    QueryParameter(
        max_length=4_000, pattern=PLAIN, description="names and patterns by commas; none: all"
    ),
]
Filter = Annotated[
    str,
    QueryParameter(
        name="filter",
        max_length=_FILTER_CHARS,
        description="JSON: a filter of the CloudEvents Subscriptions API, or a list of them",
    ),
]
After = Annotated[
    str,
    QueryParameter(
        max_length=32, pattern=PLAIN, description="`next` of the page before, like 2026h2/1741"
    ),
]
Since = Annotated[
    datetime.datetime | None,
    QueryParameter(description="instead of a place: from this instant on, RFC 3339"),
]


class EventPage(Struct, frozen=True, kw_only=True):
    """Events in structured JSON in the order of the log. `next` is where the next page begins,
    also when there is none yet; `is_end` that the log ends there now.
    """

    events: tuple[msgspec.Raw, ...]
    next: str
    is_end: bool


class _Wish(Struct, frozen=True, eq=False):
    """What is asked for: types, and a filter."""

    types: frozenset[str]
    test: rules.Test | None

    def is_for(self, event: Event) -> bool:
        """Tell whether an event is asked for."""
        return self.test is None or self.test(msgspec.json.decode(event.body))


def _read_wish(types: str, filter_: str) -> _Wish:
    """Read types and filter. Raises InputError."""
    names = [name.strip() for name in types.split(",") if name.strip()]
    if len(names) > SUBSCRIPTION_TYPES:
        raise InputError("bad_type", f"at most {SUBSCRIPTION_TYPES} types", "/types")
    known = event_reading.facts_by_event()
    chosen = rules.compile_types(names, list(known)) if names else frozenset(known)
    if names and not chosen:
        raise InputError("bad_type", "no published event is of these types", "/types")
    if not filter_:
        return _Wish(chosen, None)
    try:
        given = msgspec.json.decode(filter_.encode())
    except msgspec.DecodeError as error:
        raise InputError("bad_filter", "a filter is JSON", "/filter") from error
    return _Wish(
        chosen, rules.compile_filter(given if isinstance(given, list) else [given], "/filter")
    )


async def _begin(hub: Hub, tenant: int, place: str, since: datetime.datetime | None) -> Spot:
    """Tell where to begin: a place, an instant, or ("" and none) the oldest event."""
    if place:
        return event_reading.read_spot(place, "/after")
    if since is None:
        return Spot(half="", position=0)
    async with hub.connection() as connection:
        return await event_reading.find_time(connection, tenant, epoch(since, "/since"))


@get(
    "/v1/events",
    operation_id="pullEvents",
    tags=["events"],
    responses=READ_PROBLEMS,
    guards=[may("event.read")],
)
async def pull_events(
    request: Ask,
    types: Types = "",
    filter_: Filter = "",
    after: After = "",
    since: Since = None,
    limit: Annotated[int, QueryParameter(ge=1, le=EVENTS_PULLED)] = 100,
) -> EventPage:
    """Read published events from a place of the log on, oldest first.

    A page may hold fewer events than asked for, or none, though more follow: `is_end` tells.
    """
    hub, tenant = hub_of(request), held_of(request).tenant
    await event_forms.prepare()
    wish = _read_wish(types, filter_)
    at = await _begin(hub, tenant, after, since)
    async with hub.connection() as connection:
        found, reached, is_end = await event_reading.walk(
            connection, tenant, at, wish.types, wish.is_for, (limit, EVENT_SCAN)
        )
    events = tuple([msgspec.Raw(event.body) for _, event in found])
    return EventPage(events=events, next=str(reached) if reached.half else "", is_end=is_end)


@get(
    "/v1/events/stream",
    operation_id="streamEvents",
    tags=["events"],
    responses={
        **READ_PROBLEMS,
        200: ResponseSpec(
            bytes,
            media_type=_SSE,
            description="Server-sent events: `event` the type, `data` structured JSON",
            generate_examples=False,
        ),
    },
    guards=[may("event.read")],
    media_type=_SSE,
)
async def stream_events(
    request: Ask,
    types: Types = "",
    filter_: Filter = "",
    after: After = "",
    since: Since = None,
    last_event_id: Annotated[
        str | None,
        HeaderParameter(name="Last-Event-ID", max_length=32, description="resume after it"),
    ] = None,
) -> Stream:
    """Follow published events as they come (SSE), from now on or from a place or instant.

    The id of a message is the place behind its event: sent back as Last-Event-ID, nothing is missed
    and nothing repeated.
    """
    hub, tenant = hub_of(request), held_of(request).tenant
    await event_forms.prepare()
    wish = _read_wish(types, filter_)
    place = last_event_id or after
    at = await _begin(hub, tenant, place, since)
    if not place and since is None:
        async with hub.connection() as connection:
            heads = await event_reading.read_head(connection, tenant)
        at = heads[-1] if heads else at
    streams: Streams = request.app.state.streams
    if streams.closing or streams.of_tenant.get(tenant, 0) >= EVENT_STREAMS:
        raise Busy("too many event streams are open", RETRY_AFTER_S)
    return Stream(
        _follow(streams, hub, tenant, at, wish),
        media_type=_SSE,
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _follow(
    streams: Streams, hub: Hub, tenant: int, at: Spot, wish: _Wish
) -> AsyncIterator[bytes]:
    end_s = time.monotonic() + STREAM_S
    beat_s = time.monotonic()
    streams.of_tenant[tenant] = streams.of_tenant.get(tenant, 0) + 1
    try:
        yield _RETRY
        while not streams.closing and time.monotonic() < end_s:
            async with hub.connection() as connection:
                found, at, is_end = await event_reading.walk(
                    connection, tenant, at, wish.types, wish.is_for, (EVENTS_PULLED, EVENT_SCAN)
                )
            if found:
                beat_s = time.monotonic()
                yield b"".join([_write(spot, event) for spot, event in found])
            elif time.monotonic() - beat_s >= EVENT_BEAT_S:
                beat_s = time.monotonic()
                yield b"id: %b\n: still here\n\n" % str(at).encode()
            if is_end:
                await asyncio.sleep(_POLL_S)
    finally:
        left = streams.of_tenant[tenant] - 1
        if left:
            streams.of_tenant[tenant] = left
        else:
            del streams.of_tenant[tenant]


def _write(spot: Spot, event: Event) -> bytes:
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (
        str(spot).encode(),
        event.type.encode(),
        event.body,
    )


ROUTES: Final = [pull_events, stream_events]
