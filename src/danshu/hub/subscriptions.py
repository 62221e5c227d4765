"""Subscriptions 订阅: to which of a merchant's systems which published events go, and how.

Each act is one commit with its fact. The secret lies in the safe; after a change the former one
signs beside it for SECRET_OVERLAP_S.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.weave import filters as rules
from danshu.hub import event_reading, event_settling, merchants, outside
from danshu.hub.event_posting import BATCH, Outlet
from danshu.hub.subscription_facts import (
    SubscriptionConfigured,
    SubscriptionDropped,
    SubscriptionPaused,
    SubscriptionRekeyed,
    SubscriptionReplayed,
    SubscriptionResumed,
)
from danshu.kernel import ids, webhooks
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import (
    EVENT_FILTER_PARTS,
    SECRET_OVERLAP_S,
    SUBSCRIPTION_TYPES,
    SUBSCRIPTIONS,
)
from danshu.ledger import safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.event_reading import Spot
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
NO_SUBSCRIPTION: Final = InputError("no_subscription", "there is no such subscription", "/id")
_LOCK_TENANT: Final = "select 1 from tenants where id=%s for no key update"
_COUNT: Final = "select count(*) from subscriptions where tenant=%s"
_COLUMNS: Final = (
    "tenant,id,name,url,mode,batch,width,timeout_s,types,filters,state,revision,"
    "coalesce((extract(epoch from rotated)*1000)::int8,0)"
)
_READ: Final = f"select {_COLUMNS} from subscriptions where tenant=%s and id=%s"
_LOCK: Final = f"{_READ} for update"
_ADD: Final = """
insert into subscriptions(tenant,id,name,url,mode,batch,width,timeout_s,types,filters,made_by,
changed_by) values (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)
"""
_SET: Final = """
update subscriptions set name=%s, url=%s, mode=%s, batch=%s, width=%s, timeout_s=%s, types=%s,
filters=%s, revision=revision+1, changed=now(), changed_by=%s, breaker='{}', open_until=null
where tenant=%s and id=%s
"""
_STATE: Final = """
update subscriptions set state=%s, why=%s, revision=revision+1, changed=now(), changed_by=%s,
breaker='{}', open_until=null where tenant=%s and id=%s and state<>%s
"""
_ROTATED: Final = """
update subscriptions set rotated=now(), revision=revision+1, changed=now(), changed_by=%s
where tenant=%s and id=%s
"""
_FROM_NOW: Final = """
insert into cursors(name,tenant,half,position) select %s, tenant, half, size from books
where tenant=%s on conflict (name,tenant,half) do update set position=excluded.position
"""
_BACK: Final = """
insert into cursors(name,tenant,half,position)
select %s, tenant, half,
case when half < %s then size when half = %s then least(%s, size) else 0 end
from books where tenant=%s on conflict (name,tenant,half) do update set position=excluded.position
"""
_REREAD: Final = """
delete from parked_events where tenant=%s and subscription=%s and state='parked'
and (half, position) >= (%s, %s)
"""
_TOUCHED: Final = "update subscriptions set revision=revision+1 where tenant=%s and id=%s"
_FORGET: Final = (
    "delete from subscriptions where tenant=%s and id=%s",
    "delete from parked_events where tenant=%s and subscription=%s",
    "delete from deliveries where tenant=%s and subscription=%s",
)
_NOTICE_SECRET: Final = "select secret from notice_settings where tenant=%s"
_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(list[Any]).decode


class Wanted(Struct, frozen=True, kw_only=True):
    """What a subscription is to be. `filters` after the CloudEvents Subscriptions API; `types` are
    names and patterns; `batch` events a POST (mode batch), `width` POSTs at once (the others).
    """

    name: str
    url: str
    mode: str
    batch: int
    width: int
    timeout_s: int
    types: tuple[str, ...]
    filters: tuple[Any, ...]


class Subscription(Struct, frozen=True, kw_only=True):
    """A subscription as its row says: `state` is active or paused."""

    tenant: int
    id: uuid.UUID
    wanted: Wanted
    state: str
    revision: int
    rotated_ms: int

    @property
    def place(self) -> tuple[int, uuid.UUID]:
        """What its rows begin with."""
        return self.tenant, self.id


def check(wanted: Wanted) -> Wanted:
    """Give what is wanted in the form that is kept. Raises InputError."""
    outside.check_url(wanted.url)
    if not 0 < len(wanted.types) <= SUBSCRIPTION_TYPES:
        raise InputError("bad_type", f"1 to {SUBSCRIPTION_TYPES} types of events", "/types")
    if len(wanted.filters) > EVENT_FILTER_PARTS:
        raise InputError("bad_filter", f"at most {EVENT_FILTER_PARTS} filters", "/filters")
    names = [rules.full_name(name, f"/types/{n}") for n, name in enumerate(wanted.types)]
    known = event_reading.facts_by_event()
    for n, name in enumerate(names):
        if not rules.compile_types([name], list(known)):
            raise InputError("bad_type", f"no published event is {name}", f"/types/{n}")
    rules.compile_filter(wanted.filters)
    return msgspec.structs.replace(wanted, types=tuple(sorted(set(names))))


async def read(connection: Connection, tenant: int, id_: uuid.UUID) -> Subscription:
    """Read a subscription. Raises InputError `no_subscription`."""
    row = await (await connection.execute(_READ, (tenant, id_))).fetchone()
    if row is None:
        raise NO_SUBSCRIPTION
    return _subscription(row)


async def _lock(connection: Connection, tenant: int, id_: uuid.UUID) -> Subscription:
    row = await (await connection.execute(_LOCK, (tenant, id_))).fetchone()
    if row is None:
        raise NO_SUBSCRIPTION
    return _subscription(row)


def _subscription(row: Sequence[Any]) -> Subscription:
    wanted = Wanted(
        name=row[2],
        url=row[3],
        mode=row[4],
        batch=row[5],
        width=row[6],
        timeout_s=row[7],
        types=tuple(row[8]),
        filters=tuple(_decode(bytes(row[9]))),
    )
    return Subscription(
        tenant=row[0], id=row[1], wanted=wanted, state=row[10], revision=row[11], rotated_ms=row[12]
    )


async def add(
    connection: Connection, tenant: int, actor: Actor, wanted: Wanted, secret: str, at_ms: int
) -> tuple[Subscription, str]:
    """Add a subscription that hears what is said from now on; gives its secret too, made here
    where none is given. Raises InputError.
    """
    wanted = check(wanted)
    secret = secret or webhooks.make_secret(os.urandom(32))
    webhooks.read_secret(secret)
    id_ = ids.uuid7(at_ms, os.urandom(10))
    async with connection.transaction():
        await connection.execute(_LOCK_TENANT, (tenant,))
        row = await (await connection.execute(_COUNT, (tenant,))).fetchone()
        if row and row[0] >= SUBSCRIPTIONS:
            raise InputError("too_many", f"at most {SUBSCRIPTIONS} subscriptions")
        await connection.execute(_ADD, (tenant, id_, *_columns(wanted), actor.sub, actor.sub))
        await connection.execute(_FROM_NOW, (event_settling.name(id_), tenant))
        await safe.put(connection, tenant, _secret(id_), secret)
        await merchants.say(connection, tenant, actor, _configured(id_, wanted))
        return await read(connection, tenant, id_), secret


async def change(
    connection: Connection, tenant: int, actor: Actor, id_: uuid.UUID, wanted: Wanted
) -> Subscription:
    """Change a subscription; its position stays. Raises InputError."""
    wanted = check(wanted)
    async with connection.transaction():
        await _lock(connection, tenant, id_)
        await connection.execute(_SET, (*_columns(wanted), actor.sub, tenant, id_))
        await merchants.say(connection, tenant, actor, _configured(id_, wanted))
        return await read(connection, tenant, id_)


async def set_state(
    connection: Connection, tenant: int, actor: Actor, id_: uuid.UUID, state: str, reason: str = ""
) -> None:
    """Pause ("paused") or resume ("active") a subscription; nothing when it is so already."""
    async with connection.transaction():
        await _lock(connection, tenant, id_)
        given = (state, reason, actor.sub, tenant, id_, state)
        if (await connection.execute(_STATE, given)).rowcount != 1:
            return
        said: Struct = SubscriptionResumed(subscription=str(id_))
        if state == "paused":
            said = SubscriptionPaused(reason=reason, subscription=str(id_))
        await merchants.say(connection, tenant, actor, said)


async def rekey(
    connection: Connection, tenant: int, actor: Actor, id_: uuid.UUID, secret: str = ""
) -> str:
    """Give a subscription another secret; the former one signs beside it for SECRET_OVERLAP_S."""
    secret = secret or webhooks.make_secret(os.urandom(32))
    webhooks.read_secret(secret)
    async with connection.transaction():
        await _lock(connection, tenant, id_)
        former = await _read_secret(connection, tenant, id_)
        if former:
            await safe.put(connection, tenant, _former(id_), former)
        await safe.put(connection, tenant, _secret(id_), secret)
        await connection.execute(_ROTATED, (actor.sub, tenant, id_))
        said = SubscriptionRekeyed(subscription=str(id_))
        await merchants.say(connection, tenant, actor, said)
    return secret


async def replay(
    connection: Connection,
    tenant: int,
    actor: Actor,
    id_: uuid.UUID,
    spot: Spot | None,
    since_ms: int = 0,
) -> Spot:
    """Set a subscription back (or on) to a place, or to where an instant begins; gives the place.

    What is parked at or after it is read again; what was given up stays so.
    """
    async with connection.transaction():
        await _lock(connection, tenant, id_)
        at = spot or await event_reading.find_time(connection, tenant, since_ms)
        given = (event_settling.name(id_), at.half, at.half, at.position, tenant)
        await connection.execute(_BACK, given)
        await connection.execute(_REREAD, (tenant, id_, at.half, at.position))
        await event_settling.recount(connection, (tenant, id_), 0)
        await connection.execute(_TOUCHED, (tenant, id_))
        said = SubscriptionReplayed(
            half=at.half,
            position=at.position,
            since="" if spot else rfc3339(since_ms),
            subscription=str(id_),
        )
        await merchants.say(connection, tenant, actor, said)
    return at


async def drop(connection: Connection, tenant: int, actor: Actor, id_: uuid.UUID) -> None:
    """Remove a subscription with all that waits for it. Raises InputError `no_subscription`."""
    async with connection.transaction():
        await _lock(connection, tenant, id_)
        for statement in _FORGET:
            await connection.execute(statement, (tenant, id_))
        named = (event_settling.name(id_), tenant)
        await connection.execute("delete from cursors where name=%s and tenant=%s", named)
        for name in (_secret(id_), _former(id_)):
            await safe.drop(connection, tenant, name)
        said = SubscriptionDropped(subscription=str(id_))
        await merchants.say(connection, tenant, actor, said)


async def read_outlet(connection: Connection, found: Subscription, now_ms: int) -> Outlet:
    """Read where its events go, with the keys that are good now."""
    wanted = found.wanted
    secrets = [await _read_secret(connection, found.tenant, found.id)]
    if now_ms < found.rotated_ms + SECRET_OVERLAP_S * 1000:
        secrets.append(await safe.read(connection, found.tenant, _former(found.id)) or "")
    return Outlet(
        name=str(found.id),
        url=wanted.url,
        keys=tuple([webhooks.read_secret(secret) for secret in secrets if secret]),
        mode=wanted.mode,
        batch=wanted.batch if wanted.mode == BATCH else 1,
        width=wanted.width,
        timeout_s=wanted.timeout_s,
    )


async def _read_secret(connection: Connection, tenant: int, id_: uuid.UUID) -> str:
    """Read its secret: the notice service's, where its topics became a subscription."""
    kept = await safe.read(connection, tenant, _secret(id_))
    if kept is not None:
        return kept
    row = await (await connection.execute(_NOTICE_SECRET, (tenant,))).fetchone()
    return row[0] if row else ""


def _columns(wanted: Wanted) -> tuple[Any, ...]:
    return (
        *(wanted.name, wanted.url, wanted.mode, wanted.batch, wanted.width, wanted.timeout_s),
        *(list(wanted.types), _encode(list(wanted.filters))),
    )


def _configured(id_: uuid.UUID, wanted: Wanted) -> SubscriptionConfigured:
    return SubscriptionConfigured(
        batch=wanted.batch,
        filters=_encode(list(wanted.filters)).decode(),
        mode=wanted.mode,
        name=wanted.name,
        subscription=str(id_),
        timeout_s=wanted.timeout_s,
        types=wanted.types,
        url=wanted.url,
        width=wanted.width,
    )


def _secret(id_: uuid.UUID) -> str:
    return f"subscription/{id_}/secret"


def _former(id_: uuid.UUID) -> str:
    return f"subscription/{id_}/former"
