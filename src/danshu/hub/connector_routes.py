"""Routes of calls 路由 and their canaries 灰度切换: each change a version and a fact.

What the connectors' room decides and what people decide is written by the same few acts.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.weave import routes
from danshu.capabilities.weave.routes import Canary, Route, Share, Stage, Way
from danshu.hub import connectors, merchants
from danshu.hub.connector_facts import ConnectorRouteRolledBack, ConnectorRouteSet
from danshu.kernel import canonical
from danshu.kernel.errors import InputError
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Callable

    from danshu.capabilities.weave.canary import Worse
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
PERSON: Final = "person"
BREAKER: Final = "breaker"
NO_ROUTE: Final = InputError("no_route", "there is no route of this capability")
_COLUMNS: Final = "tenant,capability,version,state,body,by,reason,set_at"
_HEADS: Final = f"""
select distinct on (tenant,capability) {_COLUMNS} from connector_routes
where tenant=%s or %s order by tenant, capability, version desc
"""
_HEAD: Final = f"""
select {_COLUMNS} from connector_routes where tenant=%s and capability=%s
order by version desc limit 1
"""
_VERSIONS: Final = f"""
select {_COLUMNS} from connector_routes where tenant=%s and capability=%s and version<%s
order by version desc limit %s
"""
_PUT: Final = f"insert into connector_routes({_COLUMNS}) values(%s,%s,%s,%s,%s,%s,%s,%s)"
# One at a time changes the routes of a capability: two at once would take one number.
_LOCK: Final = "select pg_advisory_xact_lock(1819243375, hashtext(%s))"
_AGAIN: Final = """
update connector_calls set next_try=%s where tenant=%s and capability=%s and connector is null
  and state='due' and next_try>%s
"""
# What was not handed over yet goes by the new route.
_FREE: Final = """
update connector_calls set connector=null, route=0, next_try=%s where tenant=%s and capability=%s
  and state='due' and not handed and not trial and connector is not null
  and not (connector = any(%s)) and route>0
"""
_decode: Final = msgspec.json.Decoder(Route).decode


class Version(Struct, frozen=True, kw_only=True):
    """A version of a route: where it stood, by whose word and why, since when (epoch ms)."""

    tenant: int
    capability: str
    version: int
    stage: Stage
    route: Route
    by: str
    reason: str
    set_ms: int


async def read_heads(connection: Connection, tenant: int | None) -> list[Version]:
    """Read the routes as they are, of one merchant or (None) of all."""
    cursor = await connection.execute(_HEADS, (tenant, tenant is None))
    return [_version(row) for row in await cursor.fetchall()]


async def read(connection: Connection, tenant: int, capability: str) -> Version:
    """Read a route as it is. Raises InputError `no_route`."""
    row = await (await connection.execute(_HEAD, (tenant, capability))).fetchone()
    if row is None:
        raise NO_ROUTE
    return _version(row)


async def list_versions(
    connection: Connection, tenant: int, capability: str, before: int, limit: int
) -> list[Version]:
    """List what a route was, the newest first."""
    cursor = await connection.execute(_VERSIONS, (tenant, capability, before, limit))
    return [_version(row) for row in await cursor.fetchall()]


async def set_ways(
    connection: Connection,
    tenant: int,
    capability: str,
    ways: tuple[Way, ...],
    actor: Actor,
    reason: str,
    now_ms: int,
) -> Version:
    """Set by which connectors calls go, where no canary is on. Raises InputError `bad_route`,
    `canary_on`.
    """

    async def change(head: Version | None) -> tuple[Route, Stage]:
        if head and head.route.canary:
            raise InputError("canary_on", "end the canary first")
        route = Route(ways=ways)
        await _check_desks(connection, tenant, capability, route)
        return route, Stage.STEADY

    return await _change(connection, tenant, capability, actor, reason, now_ms, change)


async def set_canary(
    connection: Connection,
    tenant: int,
    capability: str,
    canary: Canary,
    actor: Actor,
    reason: str,
    now_ms: int,
) -> Version:
    """Begin a canary, or change its shares; `began` is found here. Raises InputError `no_route`,
    `bad_route`, `canary_on` where another candidate is under way.
    """

    async def change(head: Version | None) -> tuple[Route, Stage]:
        if head is None:
            raise NO_ROUTE
        now = head.route.canary
        if now and (now.candidate, now.replaces) != (canary.candidate, canary.replaces):
            raise InputError("canary_on", "end the canary first", "/candidate")
        began = now.began if now else head.version + 1
        route = replace(head.route, canary=replace(canary, began=began), drains="")
        await _check_desks(connection, tenant, capability, route)
        return route, Stage.CANARY

    return await _change(connection, tenant, capability, actor, reason, now_ms, change)


async def promote(
    connection: Connection, tenant: int, capability: str, actor: Actor, reason: str, now_ms: int
) -> Version:
    """Put the candidate where its predecessor stood; the predecessor drains. Raises `no_canary`."""

    async def change(head: Version | None) -> tuple[Route, Stage]:
        if head is None:
            raise NO_ROUTE
        route = routes.promote(head.route)
        left = await connectors.lock(connection, tenant, uuid.UUID(route.drains))
        await connectors.say_state(connection, actor, left, connectors.DRAINING, reason)
        return route, Stage.FULL

    return await _change(connection, tenant, capability, actor, reason, now_ms, change)


async def roll_back(
    connection: Connection,
    tenant: int,
    capability: str,
    actor: Actor,
    reason: str,
    now_ms: int,
    worse: Worse | None = None,
    expected: int = 0,
) -> Version | None:
    """End a canary: its candidate gets no new calls. After it took over entirely, the one that it
    replaced is put back, where it is not off yet.

    `worse` says why it was done without a person; `expected` is the version that this was seen of:
    None is given where another came between. Raises InputError `no_canary`.
    """
    async with connection.transaction():
        head = await _lock(connection, tenant, capability)
        if head is None:
            raise NO_ROUTE
        if expected and head.version != expected:
            return None
        route, candidate, replaced = await _undo(connection, actor, head, reason)
        done = await _write(
            connection, head, tenant, capability, route, Stage.ROLLED_BACK, actor, reason, now_ms
        )
        said = ConnectorRouteRolledBack(
            by=worse.by if worse else PERSON,
            candidate=candidate,
            candidate_had=worse.candidate if worse else 0,
            capability=capability,
            digest=digest(route),
            reason=reason,
            replaced_had=worse.replaced if worse else 0,
            replaces=replaced,
            tries=worse.tries if worse else 0,
            version=done.version,
        )
        await merchants.say(connection, tenant, actor, said)
    return done


async def switch(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    actor: Actor,
    state: str,
    reason: str,
    now_ms: int,
) -> connectors.Desk:
    """Switch a connector as connectors.switch; the first of its capability becomes its route."""
    async with connection.transaction():
        desk = await connectors.read(connection, tenant, id_)
        head = await _lock(connection, tenant, desk.capability)
        is_used = head is not None and str(id_) in routes.targets(head.route)
        if is_used and state != connectors.ON:
            raise InputError("in_route", "calls go to it: change the route first", "/state")
        done = await connectors.switch(connection, tenant, id_, actor, state, reason)
        if head is None and state == connectors.ON:
            ways = (Way(connector=str(id_)),)
            await set_ways(connection, tenant, desk.capability, ways, actor, reason, now_ms)
    return done


def digest(route: Route) -> str:
    """Give the SHA-256 of a route's canonical bytes, in hex."""
    return hashlib.sha256(encode(route)).hexdigest()


def encode(route: Route) -> bytes:
    """Give the canonical bytes of a route."""
    return canonical.encode(msgspec.to_builtins(route))


def share_of(share: int, rules: tuple[Share, ...]) -> str:
    """Say a share in words of numbers, for a log."""
    return f"{share / 100:g} %" + (f" and {len(rules)} rules" if rules else "")


async def _undo(
    connection: Connection, actor: Actor, head: Version, reason: str
) -> tuple[Route, str, str]:
    """Give the route before the canary, the candidate and what it was to replace."""
    canary = head.route.canary
    if canary is not None:
        return routes.roll_back(head.route), canary.candidate, canary.replaces
    if head.stage is not Stage.FULL or not head.route.drains:
        raise InputError("no_canary", "there is no canary")
    before = next(
        version
        for version in await list_versions(
            connection, head.tenant, head.capability, head.version, 1
        )
    )
    was = before.route.canary
    assert was is not None  # a route is full only after a canary
    desk = await connectors.lock(connection, head.tenant, uuid.UUID(was.replaces))
    if desk.state == connectors.OFF:
        raise InputError("is_off", "what it replaced is drained and off: connect it again")
    await connectors.say_state(connection, actor, desk, connectors.ON, reason)
    return routes.roll_back(before.route), was.candidate, was.replaces


async def _check_desks(connection: Connection, tenant: int, capability: str, route: Route) -> None:
    routes.check(route)
    for id_ in sorted(routes.targets(route)):
        try:
            desk = await connectors.lock(connection, tenant, uuid.UUID(id_))
        except ValueError:
            raise connectors.NO_CONNECTOR from None
        if desk.capability != capability:
            raise InputError("bad_route", f"{desk.title} is for {desk.capability}", "/connector")
        if desk.state != connectors.ON:
            raise InputError("bad_route", f"{desk.title} is {desk.state}, not on", "/connector")


async def _lock(connection: Connection, tenant: int, capability: str) -> Version | None:
    await connection.execute(_LOCK, (f"{tenant}/{capability}",))
    row = await (await connection.execute(_HEAD, (tenant, capability))).fetchone()
    return _version(row) if row else None


async def _change(
    connection: Connection,
    tenant: int,
    capability: str,
    actor: Actor,
    reason: str,
    now_ms: int,
    change: Callable[[Version | None], Any],
) -> Version:
    async with connection.transaction():
        head = await _lock(connection, tenant, capability)
        route, stage = await change(head)
        done = await _write(
            connection, head, tenant, capability, route, stage, actor, reason, now_ms
        )
        canary = route.canary
        said = ConnectorRouteSet(
            candidate=canary.candidate if canary else "",
            capability=capability,
            digest=digest(route),
            reason=reason,
            replaces=canary.replaces if canary else "",
            share=canary.share if canary else 0,
            stage=stage.value,
            version=done.version,
        )
        await merchants.say(connection, tenant, actor, said)
        if head is None:
            await merchants.touch(connection, tenant)  # acts ask what has a route
    return done


async def _write(
    connection: Connection,
    head: Version | None,
    tenant: int,
    capability: str,
    route: Route,
    stage: Stage,
    actor: Actor,
    reason: str,
    now_ms: int,
) -> Version:
    version = head.version + 1 if head else 1
    at = write.instant(now_ms * 1000)
    row = (tenant, capability, version, stage.value, encode(route), actor.sub, reason, at)
    await connection.execute(_PUT, row)
    goes = [uuid.UUID(id_) for id_ in routes.targets(route)]
    await connection.execute(_AGAIN, (at, tenant, capability, at))
    await connection.execute(_FREE, (at, tenant, capability, goes))
    return _version(row)


def _version(row: tuple[Any, ...]) -> Version:
    return Version(
        tenant=row[0],
        capability=row[1],
        version=row[2],
        stage=Stage(row[3]),
        route=_decode(bytes(row[4])),
        by=row[5],
        reason=row[6],
        set_ms=round(row[7].timestamp() * 1000),
    )
