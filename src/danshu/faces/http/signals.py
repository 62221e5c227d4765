"""Signals: what feeds and sensors tell about the 17 variables of routing, and what is known now."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, delete, get, post
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from danshu.capabilities.routing.joining import join
from danshu.capabilities.routing.signals import Signals, resolve
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    raw_body,
)
from danshu.faces.http.questions import (
    Cursor,
    From,
    Limit,
    To,
    Word,
    epoch,
    read_place,
    write_place,
)
from danshu.hub import pictures, reading_days, signal_feeds, signal_views
from danshu.hub.fields import PLAIN
from danshu.hub.readings import Taken
from danshu.hub.signal_views import ReadingItem, SignalItem, SignalVariable, SourceItem
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import INTEGER_MAX, PAGE_ROWS, SIGNAL_BODY_BYTES
from danshu.ports.signal import Message

Place = Annotated[
    str,
    QueryParameter(
        max_length=64,
        pattern=PLAIN,
        description="what the message is about, where it does not say so itself: ad:440300",
    ),
]
Topic = Annotated[
    str, QueryParameter(max_length=200, pattern=PLAIN, description="the MQTT or NATS topic it had")
]

At = Annotated[
    datetime.datetime | None,
    QueryParameter(name="at", description="as it was known then, RFC 3339; left out: now"),
]
Subject = Annotated[str, QueryParameter(max_length=128, pattern=PLAIN)]
Told = Annotated[Literal["", "declared", "fresh", "stale", "disagree"], QueryParameter()]


class SignalsPage(Struct, frozen=True, kw_only=True):
    """The 17 variables, and values by variable and subject; `next` is "" at the end.

    `snapshot` names what decides now, `taken` when it was made.
    """

    at: str
    snapshot: str
    taken: str
    variables: tuple[SignalVariable, ...]
    items: tuple[SignalItem, ...]
    next: str


class SourcesPage(Struct, frozen=True, kw_only=True):
    """Sources by key, subject and name; `next` is "" at the end."""

    items: tuple[SourceItem, ...]
    next: str


class HistoryPage(Struct, frozen=True, kw_only=True):
    """Readings about one subject, newest first; `next` is "" at the end."""

    items: tuple[ReadingItem, ...]
    next: str


@get(
    "/v1/signals",
    operation_id="listSignals",
    tags=["signals"],
    responses=READ_PROBLEMS,
    guards=[may("signal.read")],
)
async def list_signals(
    request: Request[Any, Any, Any],
    key: Word = "",
    warehouse: Word = "",
    zone: Word = "",
    status: Told = "",
    at: At = None,
    cursor: Cursor = "",
    limit: Limit = PAGE_ROWS,
) -> SignalsPage:
    """List what is known of the 17 variables, now or as it was known at a moment: what somebody is
    connected to; with a key or a warehouse also what is declared.
    """
    hub, tenant = hub_of(request), held_of(request).tenant
    _check_key(key)
    world = await hub.worlds.ensure(tenant)
    at_ms = epoch(at, "/at") or hub.clock()
    async with hub.connection() as connection:
        signals: Signals
        if at is None:
            readings, registered = await pictures.read_latest(connection, tenant)
            signals = resolve(join(readings, at_ms), world.snapshot.network, at_ms, registered)
        else:
            signals = await signal_views.resolve_at(connection, world, at_ms)
    network = world.snapshot.network
    found = sorted(
        (
            item
            for item in signal_views.list_items(signals, network, at_ms, key, warehouse, zone)
            if status in ("", item.status)
        ),
        key=lambda item: (item.number, item.subject),
    )
    if cursor:
        number, subject = read_place(cursor, int, str)
        found = [item for item in found if (item.number, item.subject) > (number, subject)]
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    return SignalsPage(
        at=rfc3339(at_ms),
        snapshot=world.snapshot.digest,
        taken=rfc3339(world.snapshot.signals.taken_ms),
        variables=signal_views.view_variables(signals, network),
        items=tuple(page),
        next=write_place(last.number, last.subject) if last else "",
    )


@get(
    "/v1/signals/sources",
    operation_id="listSignalSources",
    tags=["signals"],
    responses=READ_PROBLEMS,
    guards=[may("signal.read")],
)
async def list_sources(
    request: Request[Any, Any, Any],
    key: Word = "",
    subject: Subject = "",
    cursor: Cursor = "",
    limit: Limit = PAGE_ROWS,
) -> SourcesPage:
    """List the sources that ever spoke, each with its last word; `subject` may be a beginning."""
    after = ("", "", "")
    if cursor:
        place = read_place(cursor, str, str, str)
        after = (str(place[0]), str(place[1]), str(place[2]))
    async with hub_of(request).connection() as connection:
        found = await signal_views.list_sources(
            connection, held_of(request).tenant, key, subject, after, limit + 1
        )
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    return SourcesPage(
        items=tuple(page),
        next=write_place(last.key, last.subject, last.source) if last else "",
    )


@delete(
    "/v1/signals/sources/{source_no:int}",
    operation_id="retireSignalSource",
    tags=["signals"],
    responses=READ_PROBLEMS,
    guards=[may("signal.retire")],
    status_code=204,
)
async def retire_source(source_no: FromPath[int], request: Request[Any, Any, Any]) -> None:
    """Take a source out of service: its silence makes nothing stale any more, until it speaks."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await signal_feeds.retire(connection, held.tenant, source_no, held.actor)


@get(
    "/v1/signals/history",
    operation_id="listReadings",
    tags=["signals"],
    responses=READ_PROBLEMS,
    guards=[may("signal.read")],
)
async def list_history(
    request: Request[Any, Any, Any],
    key: Word,
    subject: Subject,
    from_: From = None,
    to: To = None,
    cursor: Cursor = "",
    limit: Limit = PAGE_ROWS,
) -> HistoryPage:
    """List what sources told about one subject (of a zone: with its sensor), newest first; days
    whose rows are gone are read from their files.
    """
    tenant = held_of(request).tenant
    _check_key(key)
    span = (epoch(from_, "/from"), epoch(to, "/to") or INTEGER_MAX)
    before = (INTEGER_MAX, INTEGER_MAX)
    if cursor:
        place = read_place(cursor, int, int)
        before = (int(place[0]), int(place[1]))
    async with hub_of(request).connection() as connection:
        found = await signal_views.list_history(
            connection, tenant, key, subject, span, before, limit + 1
        )
        if len(found) <= limit:
            rest = limit + 1 - len(found)
            rows = await reading_days.read_days(
                connection, tenant, key, subject, span, before, rest
            )
            found += [(signal_views.read_item(row), (row[0], row[5])) for row in rows]
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    return HistoryPage(
        items=tuple(item for item, _ in page), next=write_place(*last[1]) if last else ""
    )


def _check_key(key: str) -> None:
    if key and not signal_views.is_variable(key):
        raise InputError("bad_filter", "no variable is called so", "/key")


@post(
    "/v1/signals/{feed:str}",
    operation_id="tellSignals",
    tags=["signals"],
    responses=PROBLEMS,
    guards=[may("signal.write")],
    status_code=200,
    request_max_body_size=SIGNAL_BODY_BYTES,
    operation_class=raw_body("A message in the feed's own form", "application/json"),
)
async def tell_signals(
    feed: FromPath[str], request: Request[Any, Any, Any], place: Place = "", topic: Topic = ""
) -> Response[Taken]:
    """Take a feed's message. What it says is committed when this answers; what of it could not be
    understood is named, and nothing else is lost by it. The same message again changes nothing.
    """
    hub = hub_of(request)
    body = await request.body()
    if not body:
        raise InputError("empty_body", "the body is empty")
    message = Message(
        body=body,
        received_ms=hub.clock(),
        headers=dict(request.headers),
        topic=topic,
        place=place,
    )
    tenant = held_of(request).tenant
    taken = await signal_feeds.take(hub.connection, hub.readings, tenant, feed, message)
    return Response(taken)


ROUTES: Final = [list_signals, list_sources, list_history, retire_source, tell_signals]
