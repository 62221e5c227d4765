"""The room of events: what merchants subscribed to leaves by their notice service, as CloudEvents.

It follows the leaves of merchants that subscribed, from where they stood then; each event goes into
a tray in the commit that moves the cursor. From the tray it is sent in the order of the log, at
least once, under one key; one that cannot be sent holds back what is behind it until it is given
up. A full tray stops the reading of that merchant's leaves, and nothing else.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, cast

import psycopg

from danshu.hub import event_forms, notices, outside
from danshu.hub.compose import now_ms
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import (
    EVENT_KEEP_DAYS,
    EVENTS_AT_ONCE,
    EVENTS_WAITING,
    NOTICE_BYTES,
    NOTICE_GIVE_UP_S,
    NOTICE_RETRY_MAX_S,
    NOTICE_RETRY_S,
    NOTICE_TIMEOUT_S,
    REASON_CHARS,
)
from danshu.ledger import write
from danshu.ledger.follow import Follower
from danshu.ports import registry
from danshu.ports.notice import Account, Event

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import httpx

    from danshu.ledger.leaves import Leaf
    from danshu.ports.notice import Messenger

Connection = psycopg.AsyncConnection[Any]
_log = logging.getLogger("danshu.events")
_REACH: Final = outside.Reach(NOTICE_TIMEOUT_S, NOTICE_BYTES, NOTICE_RETRY_S)
_SUBSCRIBED: Final = """
select s.tenant from notice_settings s where s.events <> '{}' and (select count(*) from (
  select 1 from event_sends e where e.tenant=s.tenant and e.state='due' limit %s) w) < %s
order by 1
"""
_WANTED: Final = "select events from notice_settings where tenant=%s"
_PUT: Final = """
insert into event_sends(tenant,half,position,topic,id,type,body,next_try)
values (%s,%s,%s,%s,%s,%s,%s,now()) on conflict do nothing
"""
_HEADS: Final = """
select tenant from (select distinct on (tenant) tenant, next_try from event_sends
  where state='due' order by tenant, half, position) h where next_try <= %s order by tenant
"""
_NEXT: Final = """
select half, position, id, type, body, tries, (extract(epoch from made)*1000)::int8
from event_sends where tenant=%s and state='due' order by half, position limit %s
"""
_SENT: Final = "delete from event_sends where tenant=%s and half=%s and position=%s"
_LEAVE: Final = """
update event_sends set tries=tries+1, next_try=%s, trouble=%s
where tenant=%s and half=%s and position=%s
"""
_END: Final = """
update event_sends set state=%s, tries=tries+1, next_try=null, trouble=%s
where tenant=%s and half=%s and position=%s
"""
_SWEEP: Final = """
delete from event_sends where state<>'due' and made < now() - make_interval(days => %s)
"""


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room: it reads leaves into the tray and sends what is due."""
    del url  # the room's own connection is all it needs
    follower: Follower[Sequence[Leaf]] | None = None
    known: list[int] = []

    async def step(connection: Connection) -> int:
        nonlocal follower, known
        limit = (EVENTS_WAITING, EVENTS_WAITING)
        rows = await (await connection.execute(_SUBSCRIBED, limit)).fetchall()
        tenants = [row[0] for row in rows]
        if follower is None or tenants != known:
            follower, known = Follower(notices.EVENTS, _take, tenants), tenants
        at_ms = now_ms()
        read = await follower.step(connection, at_ms) if tenants else 0
        return read + await send_due(connection, at_ms)

    return step


async def _take(connection: Connection, leaves: Sequence[Leaf]) -> None:
    """Put the events of one merchant's leaves into the tray."""
    row = await (await connection.execute(_WANTED, (leaves[0].tenant,))).fetchone()
    wanted = set(row[0]) if row else set()
    for leaf in leaves:
        topic = event_forms.group_of(leaf.body)
        if topic not in wanted:
            continue
        event = event_forms.write(leaf.body, leaf.half, leaf.position)
        if event is None:
            continue
        place = (leaf.tenant, leaf.half, leaf.position)
        await connection.execute(_PUT, (*place, topic, event.key, event.type, event.body))


async def send_due(connection: Connection, at_ms: int) -> int:
    """Send what is due, each merchant's in the order of its log; gives how many ended."""
    at = write.instant(at_ms * 1000)
    heads = await (await connection.execute(_HEADS, (at,))).fetchall()
    if not heads:
        return 0
    ended = 0
    async with outside.client() as web:
        for (tenant,) in heads:
            ended += await _send_some(connection, web, tenant, at_ms)
    await connection.execute(_SWEEP, (EVENT_KEEP_DAYS,))
    return ended


async def _send_some(
    connection: Connection, web: httpx.AsyncClient, tenant: int, at_ms: int
) -> int:
    settings = await notices.read_settings(connection, tenant)
    rows = await (await connection.execute(_NEXT, (tenant, EVENTS_AT_ONCE))).fetchall()
    ended = 0
    for half, position, key, kind, body, tries, made_ms in rows:
        place = (tenant, half, position)
        event = Event(key=key, type=kind, body=bytes(body))
        try:
            await _send(web, settings, event, at_ms)
            await connection.execute(_SENT, place)
        except NotAvailable as error:
            trouble = error.detail[:REASON_CHARS]
            if at_ms - made_ms < NOTICE_GIVE_UP_S * 1000:
                wait_s = min(NOTICE_RETRY_MAX_S, NOTICE_RETRY_S << min(tries, 20))
                next_try = write.instant((at_ms + wait_s * 1000) * 1000)
                await connection.execute(_LEAVE, (next_try, trouble, *place))
                return ended
            await connection.execute(_END, ("abandoned", trouble, *place))
        except InputError as error:
            await connection.execute(_END, ("refused", error.detail[:REASON_CHARS], *place))
        ended += 1
    return ended


async def _send(
    web: httpx.AsyncClient, settings: notices.Settings, event: Event, at_ms: int
) -> None:
    """Hand an event over. Raises NotAvailable, InputError `notice_refused`."""
    if not settings.adapter:
        raise NotAvailable(notices.NO_SERVICE, NOTICE_RETRY_MAX_S)
    messenger = cast("Messenger", registry.load("notice", settings.adapter))
    account = Account(url=settings.url, secret=settings.secret)
    lent = outside.sender(web, "the service", _REACH)
    try:
        await messenger.publish(account, lent, event, at_ms)
    except (NotAvailable, InputError):
        raise
    except Exception as error:  # an adapter is somebody else's code
        _log.exception("event %s cannot be sent", event.key)
        raise NotAvailable("program", NOTICE_RETRY_S) from error
