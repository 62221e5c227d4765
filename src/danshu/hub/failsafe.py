"""The breaker at work 熔断: the room `failsafe` counts where cold orders go, stops a class whose
shares left their band, and a person takes it again. It also decides orders again that waited for a
cold zone, and tells people of incidents.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.routing import breaker
from danshu.capabilities.routing.score import CHILLED, CLASSES, FROZEN
from danshu.hub import alerts, canary_release, incident_rows, incidents, lists, merchants, pictures
from danshu.hub.failsafe_facts import RoutingResumed, RoutingStopped
from danshu.hub.worlds import Worlds, now_ms
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Actor, rfc3339
from danshu.kernel.limits import BREAKER_LOOK_MS, BREAKER_ORDERS, BREAKER_PAST_H, BREAKER_WINDOW_MIN

if TYPE_CHECKING:
    import datetime
    from collections.abc import Awaitable, Callable, Mapping

Connection = psycopg.AsyncConnection[Any]
ACTOR: Final = Actor(sub="hub", role="failsafe")
NOWHERE: Final = ""
COLD: Final = {CLASSES[CHILLED]: 1 << CHILLED, CLASSES[FROZEN]: 1 << FROZEN}
NOT_STOPPED: Final = InputError("not_now", "this class is not stopped")
_TENANTS: Final = "select distinct tenant from skus where storage & 6 <> 0 order by 1"
_COLD_SKUS: Final = "select code, storage from skus where tenant=%s and storage & 6 <> 0"
_ORDERS: Final = (
    "select doc from orders where tenant=%s and id >= %s and id < %s order by id desc limit %s"
)
_RESUMED: Final = "select class, max(resumed) from class_stops where tenant=%s group by class"
_STOPPED: Final = "select class from class_stops where tenant=%s and resumed is null"
_STOP: Final = """
insert into class_stops(tenant,no,class,cause,place,count,total,usual_ppm)
select %s, coalesce(max(no),0)+1, %s, 'share', %s, %s, %s, %s from class_stops where tenant=%s
on conflict do nothing returning no
"""
_RESUME: Final = """
update class_stops set resumed=now(), reason=%s, by=%s
where tenant=%s and class=%s and resumed is null returning no
"""
_LIST: Final = """
select no,class,cause,place,count,total,usual_ppm,stopped,resumed,reason,by from class_stops
where tenant=%s and no < %s order by no desc limit %s
"""
_MINUTE_MS: Final = 60_000


class ClassStop(Struct, frozen=True, kw_only=True):
    """A storage class that the breaker stopped. `place` is the warehouse whose share left its band,
    "" = orders that no warehouse could take; `resumed` is "" while it is stopped.
    """

    no: int
    storage: str
    cause: str
    place: str
    count: int
    total: int
    usual_ppm: int
    stopped: str
    resumed: str
    reason: str
    by: str


class _Line(Struct, frozen=True):
    sku: str


class _Part(Struct, frozen=True):
    warehouse: str
    shares: tuple[_Line, ...]
    state: str = "allocated"


class _Order(Struct, frozen=True):
    lines: tuple[_Line, ...]
    fulfilments: tuple[_Part, ...] = ()
    kind: str = "order"


_decode = msgspec.json.Decoder(_Order).decode


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room."""
    worlds = Worlds(url)
    looked_ms = 0

    async def step(connection: Connection) -> int:
        nonlocal looked_ms
        at_ms = now_ms()
        await canary_release.release(connection, worlds, at_ms)
        await incidents.send_due(connection, at_ms)
        await alerts.send_due(connection, at_ms)
        if at_ms - looked_ms >= BREAKER_LOOK_MS:
            looked_ms = at_ms
            await look(connection, at_ms)
        return 0

    return step


async def look(connection: Connection, at_ms: int) -> int:
    """Judge the cold classes of every merchant; gives how many were stopped."""
    stopped = 0
    for (tenant,) in await (await connection.execute(_TENANTS)).fetchall():
        stopped += await judge(connection, tenant, at_ms)
    return stopped


async def judge(connection: Connection, tenant: int, at_ms: int) -> int:
    """Count a merchant's cold orders of the window and of the time before; stop what left its band.

    After a person has taken a class again, only what came since then counts as recent.
    """
    rows = await (await connection.execute(_COLD_SKUS, (tenant,))).fetchall()
    skus: dict[str, int] = dict(rows)
    from_ms = at_ms - BREAKER_WINDOW_MIN * _MINUTE_MS
    resumed = dict(await (await connection.execute(_RESUMED, (tenant,))).fetchall())
    is_stopped = {r[0] for r in await (await connection.execute(_STOPPED, (tenant,))).fetchall()}
    past = await _count(connection, tenant, skus, at_ms - BREAKER_PAST_H * 3_600_000, from_ms)
    if not any(sum(counts.values()) >= breaker.USUAL for counts in past.values()):
        return 0
    closed = await _closed(connection, tenant)
    stopped = 0
    for storage in COLD:
        since = resumed.get(storage)
        since_ms = max(from_ms, round(since.timestamp() * 1000) if since else 0)
        recent = (await _count(connection, tenant, skus, since_ms, at_ms + 1))[storage]
        trip = breaker.judge(recent, past[storage], closed[storage])
        if trip is not None and storage not in is_stopped:
            stopped += await stop(connection, tenant, storage, trip)
    return stopped


async def _count(
    connection: Connection, tenant: int, skus: Mapping[str, int], from_ms: int, to_ms: int
) -> dict[str, Counter[str]]:
    """Count decisions by class and warehouse, the newest BREAKER_ORDERS orders of a time."""
    counts: dict[str, Counter[str]] = {storage: Counter() for storage in COLD}
    if to_ms <= from_ms:
        return counts
    asked = (tenant, lists.id_at(from_ms), lists.id_at(to_ms), BREAKER_ORDERS)
    cursor = await connection.execute(_ORDERS, asked, binary=True)
    for (doc,) in await cursor.fetchall():
        order = _decode(bytes(doc))
        if order.kind != "order":
            continue
        for storage, bit in COLD.items():
            if not any(skus.get(line.sku, 0) & bit for line in order.lines):
                continue
            places = {
                f.warehouse
                for f in order.fulfilments
                if f.state != "cancelled" and any(skus.get(s.sku, 0) & bit for s in f.shares)
            }
            for place in places or {NOWHERE}:
                counts[storage][place] += 1
    return counts


async def _closed(connection: Connection, tenant: int) -> dict[str, set[str]]:
    """Give the warehouses that the newest snapshot closes to each cold class."""
    none: dict[str, set[str]] = {storage: set() for storage in COLD}
    head = await pictures.read_head(connection, tenant)
    snapshot = await pictures.read_snapshot(connection, tenant, head.digest) if head else None
    if snapshot is None:
        return none
    codes = snapshot.network.codes
    for storage in COLD:
        shut = snapshot.tables.class_bits[CLASSES.index(storage)] != 0
        shut = shut | (snapshot.tables.lane_bits != 0).all(axis=0)
        none[storage] = {code for code, is_shut in zip(codes, shut, strict=True) if is_shut}
    return none


async def stop(connection: Connection, tenant: int, storage: str, trip: breaker.Trip) -> int:
    """Stop a class everywhere: row, fact and the next snapshot's cause in one commit; 1 if it was
    not stopped before.
    """
    async with connection.transaction():
        row = (tenant, storage, trip.place, trip.count, trip.total, trip.usual_ppm, tenant)
        found = await (await connection.execute(_STOP, row)).fetchone()
        if found is None:
            return 0
        said = RoutingStopped(
            cause="share",
            count=trip.count,
            no=found[0],
            place=trip.place,
            storage=storage,
            total=trip.total,
            usual_ppm=trip.usual_ppm,
        )
        await merchants.say(connection, tenant, ACTOR, said)
        detail = f"{storage} {trip.place or '-'} {trip.count}/{trip.total}"
        key = f"{storage}-{found[0]}"
        await incident_rows.tell(connection, tenant, incident_rows.STOPPED, key, detail)
        await pictures.touch(connection, tenant)
    return 1


async def resume(
    connection: Connection, tenant: int, storage: str, reason: str, actor: Actor
) -> None:
    """Take a class again, with a reason. Raises InputError `not_now` when it is not stopped."""
    async with connection.transaction():
        asked = (reason, actor.sub, tenant, storage)
        row = await (await connection.execute(_RESUME, asked)).fetchone()
        if row is None:
            raise NOT_STOPPED
        said = RoutingResumed(no=row[0], reason=reason, storage=storage)
        await merchants.say(connection, tenant, actor, said)
        await pictures.touch(connection, tenant)


async def list_stops(
    connection: Connection, tenant: int, before: int, limit: int
) -> list[ClassStop]:
    """List stops, newest first."""
    rows = await (await connection.execute(_LIST, (tenant, before, limit))).fetchall()
    return [
        ClassStop(
            no=r[0], storage=r[1], cause=r[2], place=r[3], count=r[4], total=r[5],
            usual_ppm=r[6], stopped=_time(r[7]), resumed=_time(r[8]), reason=r[9], by=r[10],
        )
        for r in rows
    ]  # fmt: skip


def _time(at: datetime.datetime | None) -> str:
    return rfc3339(round(at.timestamp() * 1000)) if at else ""
