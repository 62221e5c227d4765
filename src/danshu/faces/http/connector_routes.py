"""Routes of calls over HTTP: by which connectors calls go, canaries, the way back."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.weave.canary import Sample, percentile_ms
from danshu.capabilities.weave.routes import WHOLE, Canary, Share, Stage, Way
from danshu.faces.http.connectors import READ, Reason
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import (
    actors,
    connector_minutes,
    connector_routes,
)
from danshu.hub.connector_routes import Version
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import INTEGER_MAX, ROUTE_CODES, ROUTE_WAYS

Ask = Request[Any, Any, Any]
ROUTE: Final = "connector.route"
_ONE: Final = "/v1/connector-routes/{capability:str}"
_Codes = Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=ROUTE_CODES)]
_Part = Annotated[int, Meta(ge=0, le=WHOLE)]


class ConnectorWay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Calls of these warehouses and channels (none named: all) go to this connector."""

    connector: uuid.UUID
    warehouses: _Codes = ()
    channels: _Codes = ()


class ConnectorShare(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of the calls of these warehouses and channels so many hundredths of a percent go over."""

    share: _Part
    warehouses: _Codes = ()
    channels: _Codes = ()


class WaysWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ways of a route in order: the first that fits a call names its connector."""

    ways: Annotated[tuple[ConnectorWay, ...], Meta(min_length=1, max_length=ROUTE_WAYS)]
    reason: Reason = ""


class CanaryWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A candidate, what it is to replace, and the share of its calls, in hundredths of a percent;
    `shares` are rules before it.
    """

    candidate: uuid.UUID
    replaces: uuid.UUID
    share: _Part
    shares: Annotated[tuple[ConnectorShare, ...], Meta(max_length=ROUTE_WAYS)] = ()
    reason: Reason = ""


class RouteReason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why."""

    reason: Reason = ""


class ConnectorSide(Struct, frozen=True, kw_only=True):
    """What one side of a canary did since it began: tries, how they ended, p95 in ms."""

    done: int
    refused: int
    failed: int
    p95_ms: int


class ConnectorCanary(Struct, frozen=True, kw_only=True):
    """A canary with both sides beside one another."""

    candidate: uuid.UUID
    replaces: uuid.UUID
    share: int
    shares: tuple[ConnectorShare, ...]
    began: int
    candidate_did: ConnectorSide
    replaced_did: ConnectorSide


class ConnectorRoute(Struct, frozen=True, kw_only=True):
    """A route as it is: steady, canary, full (its predecessor `drains`), rolled_back."""

    capability: str
    version: int
    stage: Stage
    ways: tuple[ConnectorWay, ...]
    canary: ConnectorCanary | None
    drains: uuid.UUID | None
    by: str
    reason: str
    set_at: str


class ConnectorRoutes(Struct, frozen=True, kw_only=True):
    """A merchant's routes, by capability."""

    items: tuple[ConnectorRoute, ...]


class ConnectorRouteVersion(Struct, frozen=True, kw_only=True):
    """What a route was."""

    version: int
    stage: Stage
    share: int
    by: str
    reason: str
    set_at: str


class ConnectorRouteVersions(Struct, frozen=True, kw_only=True):
    """Versions of a route, newest first; `next` is "" at the end."""

    items: tuple[ConnectorRouteVersion, ...]
    next: str


async def _view(connection: Any, head: Version, now_ms: int) -> ConnectorRoute:
    canary = head.route.canary
    names = await actors.name_actors(connection, head.tenant, [head.by])
    shown = None
    if canary is not None:
        sides = (canary.candidate, canary.replaces)
        did = await connector_minutes.read_since(
            connection, head.tenant, sides, canary.began, now_ms - connector_minutes.SHOWN_MS
        )
        shown = ConnectorCanary(
            candidate=uuid.UUID(canary.candidate),
            replaces=uuid.UUID(canary.replaces),
            share=canary.share,
            shares=tuple(
                ConnectorShare(share=s.share, warehouses=s.warehouses, channels=s.channels)
                for s in canary.shares
            ),
            began=canary.began,
            candidate_did=_side(did[canary.candidate]),
            replaced_did=_side(did[canary.replaces]),
        )
    return ConnectorRoute(
        capability=head.capability,
        version=head.version,
        stage=head.stage,
        ways=tuple(
            ConnectorWay(
                connector=uuid.UUID(way.connector),
                warehouses=way.warehouses,
                channels=way.channels,
            )
            for way in head.route.ways
        ),
        canary=shown,
        drains=uuid.UUID(head.route.drains) if head.route.drains else None,
        by=names[head.by],
        reason=head.reason,
        set_at=rfc3339(head.set_ms),
    )


def _side(sample: Sample) -> ConnectorSide:
    return ConnectorSide(
        done=sample.done,
        refused=sample.refused,
        failed=sample.failed,
        p95_ms=percentile_ms(sample.latency, 95),
    )


@get("/v1/connector-routes", **declare_read("listConnectorRoutes", "connectors", READ))
async def list_routes(request: Ask) -> ConnectorRoutes:
    """List by which connectors calls go, with both sides of each canary."""
    hub = hub_of(request)
    async with hub.connection() as connection:
        heads = await connector_routes.read_heads(connection, held_of(request).tenant)
        return ConnectorRoutes(
            items=tuple([await _view(connection, h, hub.clock()) for h in heads])
        )


@put(_ONE, **declare_write("setConnectorRoute", "connectors", ROUTE))
async def set_ways(
    capability: FromPath[str], data: JSONBody[WaysWanted], request: Ask
) -> ConnectorRoute:
    """Set the ways of a route while no canary is on."""
    held, hub = held_of(request), hub_of(request)
    ways = tuple(
        Way(connector=str(way.connector), warehouses=way.warehouses, channels=way.channels)
        for way in data.ways
    )
    async with hub.connection() as connection:
        head = await connector_routes.set_ways(
            connection, held.tenant, capability, ways, held.actor, data.reason, hub.clock()
        )
        return await _view(connection, head, hub.clock())


@put(_ONE + "/canary", **declare_write("setConnectorCanary", "connectors", ROUTE))
async def set_canary(
    capability: FromPath[str], data: JSONBody[CanaryWanted], request: Ask
) -> ConnectorRoute:
    """Begin a canary, or change its shares."""
    held, hub = held_of(request), hub_of(request)
    canary = Canary(
        candidate=str(data.candidate),
        replaces=str(data.replaces),
        share=data.share,
        began=0,
        shares=tuple(
            Share(share=s.share, warehouses=s.warehouses, channels=s.channels) for s in data.shares
        ),
    )
    async with hub.connection() as connection:
        head = await connector_routes.set_canary(
            connection, held.tenant, capability, canary, held.actor, data.reason, hub.clock()
        )
        return await _view(connection, head, hub.clock())


@post(
    _ONE + "/promote",
    **declare_write("promoteConnectorCanary", "connectors", ROUTE),
    status_code=200,
)
async def promote(
    capability: FromPath[str], data: JSONBody[RouteReason], request: Ask
) -> ConnectorRoute:
    """Put the candidate where its predecessor stood, which drains."""
    held, hub = held_of(request), hub_of(request)
    async with hub.connection() as connection:
        head = await connector_routes.promote(
            connection, held.tenant, capability, held.actor, data.reason, hub.clock()
        )
        return await _view(connection, head, hub.clock())


@post(
    _ONE + "/roll-back",
    **declare_write("rollBackConnectorCanary", "connectors", ROUTE),
    status_code=200,
)
async def roll_back(
    capability: FromPath[str], data: JSONBody[RouteReason], request: Ask
) -> ConnectorRoute:
    """End a canary, or put back what it took the place of while that is not off yet."""
    held, hub = held_of(request), hub_of(request)
    async with hub.connection() as connection:
        head = await connector_routes.roll_back(
            connection, held.tenant, capability, held.actor, data.reason, hub.clock()
        )
        assert head is not None  # no version was expected
        return await _view(connection, head, hub.clock())


@get(_ONE + "/versions", **declare_read("listConnectorRouteVersions", "connectors", READ))
async def list_versions(
    capability: FromPath[str], request: Ask, cursor: Cursor = "", limit: Limit = 50
) -> ConnectorRouteVersions:
    """List what a route was, by whose word and why, newest first."""
    before = int(read_place(cursor, int)[0]) if cursor else INTEGER_MAX
    async with hub_of(request).connection() as connection:
        await connector_routes.read(connection, held_of(request).tenant, capability)
        found = await connector_routes.list_versions(
            connection, held_of(request).tenant, capability, before, limit + 1
        )
        names = await actors.name_actors(
            connection, held_of(request).tenant, [one.by for one in found]
        )
    more = found[limit - 1] if len(found) > limit else None
    return ConnectorRouteVersions(
        items=tuple(
            ConnectorRouteVersion(
                version=one.version,
                stage=one.stage,
                share=one.route.canary.share if one.route.canary else 0,
                by=names[one.by],
                reason=one.reason,
                set_at=rfc3339(one.set_ms),
            )
            for one in found[:limit]
        ),
        next=write_place(more.version) if more else "",
    )


ROUTES: Final = [
    list_routes,
    set_ways,
    set_canary,
    promote,
    roll_back,
    list_versions,
]
