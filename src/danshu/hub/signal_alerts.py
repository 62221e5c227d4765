"""Weather warnings that are open, by feed and place; together they are one level of the place.

A feed that tells single alerts (a webhook) opens and closes them here; one that tells all of a
place's alerts closes those that it no longer names. An alert's own end closes it by itself. An
older word never undoes a newer one, so that messages may come in any order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.routing.signals import alert_level
from danshu.ports.signal import Alert, AlertState, Reading, Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.signal_places import Places

Connection = Any
FOREVER_MS: Final = 2**62
_PUT: Final = """
insert into signal_alerts as a (tenant,source,alert,place,value,issued,expires,closed)
values(%s,%s,%s,%s,%s,%s,%s,%s) on conflict (tenant,source,alert,place) do update set
value=excluded.value, issued=excluded.issued, expires=excluded.expires, closed=excluded.closed
where excluded.issued > a.issued or (excluded.issued = a.issued and excluded.closed)
"""
_CLOSE: Final = """
insert into signal_alerts as a (tenant,source,alert,place,value,issued,expires,closed)
select %s,%s,x,%s,0,%s,%s,true from unnest(%s::text[]) x
on conflict (tenant,source,alert,place) do update set closed=true where a.issued <= excluded.issued
"""
_CLOSE_OTHERS: Final = """
update signal_alerts set closed=true where tenant=%s and source=%s and place=%s and not closed
and issued <= %s and alert <> all(%s::text[])
"""
_OPEN: Final = """
select place, value from signal_alerts where tenant=%s and source=%s and not closed and expires > %s
"""
_SWEEP: Final = "delete from signal_alerts where tenant=%s and source=%s and expires < %s"
_KEPT_MS: Final = 7 * 86_400_000


async def fold(
    connection: Connection, tenant: int, source: str, told: Told, at_ms: int, places: Places
) -> list[Reading]:
    """Bring the open alerts up to date; give the level of each subject that they speak of.

    A subject is as bad as the worst of its places: a district's all-clear leaves its neighbour's
    warning. A place that is not in the network gives a reading of its own, which the door names.
    """
    spoken = sorted({alert.place for alert in told.alerts} | set(told.whole))
    async with connection.transaction():
        # one at a time for a merchant's feed: a level must see every alert that is committed
        lock = "select pg_advisory_xact_lock(hashtextextended(%s, %s))"
        await connection.execute(lock, (source, tenant))
        for alert in sorted(told.alerts, key=lambda a: (a.issued_ms, a.id)):
            await _put(connection, tenant, source, alert)
        for place in told.whole:
            named = [a.id for a in told.alerts if a.place == place]
            asked = (tenant, source, place, at_ms, named)
            await connection.execute(_CLOSE_OTHERS, asked)
        await connection.execute(_SWEEP, (tenant, source, at_ms - _KEPT_MS))
        rows = await (await connection.execute(_OPEN, (tenant, source, at_ms))).fetchall()
    worst: dict[str, list[int]] = {}
    for place in spoken:
        for subject in places.find("wx_alert", place) or (place,):
            worst[subject] = []
    for place, value in rows:
        for subject in places.find("wx_alert", place) or (place,):
            if subject in worst:
                worst[subject].append(value)
    return [
        Reading(key="wx_alert", subject=subject, value=float(strongest(values)), observed_ms=at_ms)
        for subject, values in worst.items()
    ]


def strongest(values: Sequence[int]) -> int:
    """Give the value (type * 100 + level) with the highest level, 0 of none; of equals the one
    with the lower type, and a known type before an unknown one.
    """
    return min(values, key=lambda v: (-alert_level(v), v // 100 == 0, v // 100), default=0)


async def _put(connection: Connection, tenant: int, source: str, alert: Alert) -> None:
    value = alert.type * 100 + alert.level
    expires_ms = alert.expires_ms or FOREVER_MS
    is_closed = alert.state is AlertState.CLOSED
    if is_closed:  # kept for a while, so that an older word that comes late opens nothing
        expires_ms = alert.issued_ms + _KEPT_MS
    row = (tenant, source, alert.id, alert.place, value, alert.issued_ms, expires_ms, is_closed)
    await connection.execute(_PUT, row)
    if alert.supersedes:
        until_ms = alert.issued_ms + _KEPT_MS
        told = (tenant, source, alert.place, alert.issued_ms, until_ms, list(alert.supersedes))
        await connection.execute(_CLOSE, told)
