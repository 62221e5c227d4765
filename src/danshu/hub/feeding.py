"""Feeds that a merchant connected: asked every so often by the room `feeds`, or believed by the
signature of their webhook. What a feed can't tell in time grows stale by itself.
"""

from __future__ import annotations

import hmac
import logging
import time
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from danshu.hub import merchants, meters, outside, signal_feeds, woven_book
from danshu.hub.readings import Readings, Taken
from danshu.hub.signal_facts import SignalFeedChanged
from danshu.hub.weaving import Tokens, Weaver
from danshu.hub.worlds import Worlds, now_ms
from danshu.hub.woven_connector import WOVEN
from danshu.kernel.errors import DanshuError, InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import FEED_RETRY_S, FEED_TIMEOUT_S, FEEDS, SIGNAL_BODY_BYTES
from danshu.ledger.write import instant
from danshu.ports.signal import Fault, Message, Pulled, Reading, Signed

if TYPE_CHECKING:
    import datetime
    from collections.abc import Awaitable, Callable

    import httpx

    from danshu.hub.signal_feeds import Lend
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

Connection = Any
_REACH: Final = outside.Reach(FEED_TIMEOUT_S, SIGNAL_BODY_BYTES, FEED_RETRY_S)
_PUT: Final = """
insert into signal_feeds(tenant,name,feed,url,place,key,secret,every_s)
values(%s,%s,%s,%s,%s,%s,%s,%s) on conflict (tenant,name) do update set feed=excluded.feed,
url=excluded.url, place=excluded.place, key=excluded.key, secret=excluded.secret,
every_s=excluded.every_s, asked=null, trouble=''
"""
_LIST: Final = """
select name,feed,url,place,every_s,key<>'',secret<>'',asked,trouble from signal_feeds
where tenant=%s order by name
"""
_DROP: Final = "delete from signal_feeds where tenant=%s and name=%s returning feed,place"
_FIND: Final = "select feed,secret from signal_feeds where tenant=%s and name=%s and secret<>''"
# Who takes a due feed up moves it on at once, so that of two workers one asks.
_DUE: Final = """
update signal_feeds set asked=%(now)s where (tenant,name) in (
  select tenant,name from signal_feeds where every_s > 0
  and (asked is null or asked <= %(now)s - every_s * interval '1 second')
  order by asked nulls first limit 20 for update skip locked)
returning tenant,name,feed,url,place,key
"""
_SAID: Final = "update signal_feeds set trouble=%s where tenant=%s and name=%s"
_log = logging.getLogger("danshu.feeds")


class FeedItem(Struct, frozen=True, kw_only=True):
    """A connected feed. `every_s` 0: it is not asked. Keys and secrets never go out."""

    name: str
    feed: str
    url: str
    place: str
    every_s: int
    has_key: bool
    has_secret: bool
    asked: str
    trouble: str


class NewFeed(Struct, frozen=True, kw_only=True):
    """What connects a feed: where it is asked, of which place, how often; its webhook's secret."""

    name: str
    feed: str
    url: str = ""
    place: str = ""
    key: str = ""
    secret: str = ""
    every_s: int = 0


async def put(connection: Connection, tenant: int, new: NewFeed, actor: Actor) -> None:
    """Connect a feed, or connect it anew.

    Raises InputError `no_feed`, `bad_url`, `feed` when the adapter can't be asked or believed so.
    """
    adapter = None
    if new.feed.startswith(WOVEN):
        await _check_woven(connection, tenant, new)
    else:
        adapter = signal_feeds.find_feed(new.feed)
    if new.every_s and adapter is not None:
        if not isinstance(adapter, Pulled):
            raise InputError("feed", f"{new.feed} is not asked: it tells by itself", "/every_s")
        outside.check_url(new.url)
        adapter.ask(new.url, new.place, new.key, (0.0, 0.0))
    if new.secret and not isinstance(adapter, Signed):
        raise InputError("feed", f"{new.feed} has no webhook of its own", "/secret")
    async with connection.transaction():
        rows = await (await connection.execute(_LIST, (tenant,))).fetchall()
        if len(rows) >= FEEDS and new.name not in {row[0] for row in rows}:
            raise InputError("too_many", f"a merchant connects at most {FEEDS} feeds")
        told = (new.feed, new.url, new.place, new.key, new.secret, new.every_s)
        await connection.execute(_PUT, (tenant, new.name, *told))
        said = SignalFeedChanged(
            every_s=new.every_s, feed=new.feed, name=new.name, place=new.place, state="connected"
        )
        await merchants.say(connection, tenant, actor, said)


async def _check_woven(connection: Connection, tenant: int, new: NewFeed) -> None:
    """Raise InputError `no_woven`, or `feed` where a capability says nothing of any variable."""
    woven = await woven_book.read(connection, tenant, new.feed.removeprefix(WOVEN), 0)
    if not woven.readings:
        raise InputError("feed", f"{new.feed} gives no readings", "/feed")
    if not new.every_s:
        raise InputError("feed", f"{new.feed} is asked, it does not tell by itself", "/every_s")


async def drop(connection: Connection, tenant: int, name: str, actor: Actor) -> None:
    """Disconnect a feed; its sources stay, and grow stale. Raises InputError `no_feed`."""
    async with connection.transaction():
        row = await (await connection.execute(_DROP, (tenant, name))).fetchone()
        if row is None:
            raise InputError("no_feed", "no such feed is connected")
        said = SignalFeedChanged(
            every_s=0, feed=row[0], name=name, place=row[1], state="disconnected"
        )
        await merchants.say(connection, tenant, actor, said)


async def read(connection: Connection, tenant: int) -> tuple[FeedItem, ...]:
    """List a merchant's feeds by name."""
    rows = await (await connection.execute(_LIST, (tenant,))).fetchall()
    return tuple(
        FeedItem(
            name=name,
            feed=feed,
            url=url,
            place=place,
            every_s=every_s,
            has_key=has_key,
            has_secret=has_secret,
            asked=_time(asked),
            trouble=trouble,
        )
        for name, feed, url, place, every_s, has_key, has_secret, asked, trouble in rows
    )


def _time(moment: datetime.datetime | None) -> str:
    return rfc3339(int(moment.timestamp() * 1000)) if moment else ""


async def believe(lend: Lend, door: Readings, account: str, feed: str, message: Message) -> Taken:
    """Take a webhook's message whose signature is that of the account `TENANT.NAME`.

    Raises InputError `unauthenticated` when there is no such account, or it did not sign this.
    """
    number, _, name = account.partition(".")
    row = None
    if number.isascii() and number.isdigit() and len(number) < 10 and "\0" not in name:
        async with lend() as connection:
            row = await (await connection.execute(_FIND, (int(number), name))).fetchone()
    adapter = signal_feeds.find_feed(feed)
    is_ours = row is not None and hmac.compare_digest(row[0].encode(), adapter.name.encode())
    if row is None or not is_ours or not isinstance(adapter, Signed):
        raise InputError("unauthenticated", "the signature is not valid")
    if not adapter.verify(message, row[1]):
        raise InputError("unauthenticated", "the signature is not valid")
    return await signal_feeds.take(lend, door, int(number), feed, message)


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room."""
    worlds = Worlds(url)
    door = Readings(url, worlds, now_ms)
    web = outside.client()
    tokens: Tokens = {}

    async def step(connection: Connection) -> int:
        weaver = Weaver(_lender(connection), tokens)
        try:
            return await ask_due(connection, worlds, door, web, now_ms(), weaver)
        finally:
            await weaver.close()

    return step


async def ask_due(
    connection: Connection,
    worlds: Worlds,
    door: Readings,
    web: httpx.AsyncClient,
    at_ms: int,
    weaver: Weaver,
) -> int:
    """Ask the feeds that are due, one after the other; gives how many were."""
    asked = {"now": instant(at_ms * 1000)}
    rows = await (await connection.execute(_DUE, asked)).fetchall()
    for tenant, name, feed, url, place, key in rows:
        trouble, began_s = "", time.perf_counter()
        try:
            if feed.startswith(WOVEN):
                taken = await _sound(connection, door, tenant, feed, weaver)
            else:
                world = await worlds.ensure(tenant)
                body = await _fetch(web, world, feed, (url, place, key))
                message = Message(body=body, received_ms=now_ms(), place=place)
                taken = await signal_feeds.take(_lender(connection), door, tenant, feed, message)
            trouble = "; ".join(f"{f.at} {f.code}" for f in taken.faults)[:500]
        except DanshuError as error:
            trouble = str(error)[:500]
            _log.warning("feed %s of merchant %s: %s", name, tenant, error)
        took_s = time.perf_counter() - began_s
        counts = {"ok": int(not trouble), "failed": int(bool(trouble))}
        meters.of(connection).note(tenant, f"feed:{name}", took_s, **counts)
        await connection.execute(_SAID, (trouble, tenant, name))
    return len(rows)


async def _sound(
    connection: Connection, door: Readings, tenant: int, feed: str, weaver: Weaver
) -> Taken:
    """Ask a woven capability, and take what its answer says of routing variables."""
    woven = await woven_book.read(connection, tenant, feed.removeprefix(WOVEN), 0)
    at_ms = now_ms()
    told, wrong = await weaver.sound(tenant, woven, at_ms)
    readings = [
        Reading(key=said.key, subject=said.subject, value=said.value, observed_ms=at_ms)
        for said in told
    ]
    taken = await door.take(tenant, feed, readings, at_ms) if readings else Taken()
    faults = [Fault(at=fault.pointer, code="expression", detail=fault.detail) for fault in wrong]
    return replace(taken, faults=(*faults, *taken.faults))


async def _fetch(
    web: httpx.AsyncClient, world: World, feed: str, told: tuple[str, str, str]
) -> bytes:
    adapter = signal_feeds.find_feed(feed)
    if not isinstance(adapter, Pulled):
        raise InputError("feed", f"{feed} is not asked")
    url, place, key = told
    query = adapter.ask(url, place, key, point_of(world, place))
    send = outside.sender(web, feed, _REACH)
    status, body = await send("GET", query.url, query.headers, b"")
    if status != 200:
        raise InputError("feed", f"{feed} answers {status}")
    return body


def point_of(world: World, place: str) -> tuple[float, float]:
    """Give (lng, lat) of a place `ad:CODE`: of a warehouse that stands there, else its centre.

    Raises InputError `place` where neither is known.
    """
    code = place.partition(":")[2]
    for prefix in (code, code[:4] + "00", code[:2] + "0000"):
        spots = [(w.lng_udeg, w.lat_udeg) for w in world.warehouses if w.region == prefix]
        spots += [(r.lng_udeg, r.lat_udeg) for r in world.region_rows if r.code == prefix]
        for lng, lat in spots:
            if lng or lat:
                return lng / 1e6, lat / 1e6
    raise InputError("place", f"{place} is not in the network", "/place")


def _lender(connection: Connection) -> Lend:
    return lambda: signal_feeds.lent(connection)
