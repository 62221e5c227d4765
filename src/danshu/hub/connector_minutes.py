"""How connectors are, by the minute: tries, how they ended, how long they took, what waits.

Rows of `connector_minutes` are of a connector, a minute and the version of the route by which its
calls came, so that a canary is judged by its own calls alone.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.weave.canary import BUCKETS, Sample
from danshu.kernel.limits import CALL_KEEP_DAYS, CALLS_SWEPT, CONNECTOR_MINUTES_DAYS
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

Connection = psycopg.AsyncConnection[Any]
MINUTE_MS: Final = 60_000
SHOWN_MS: Final = 24 * 60 * MINUTE_MS  # of a canary, to people
_ADD: Final = """
insert into connector_minutes as m
  (tenant,connector,minute,route,calls,done,refused,failed,latency)
values(%s,%s,%s,%s,%s,%s,%s,%s,%s) on conflict (tenant,connector,minute,route) do update
set calls=m.calls+excluded.calls, done=m.done+excluded.done, refused=m.refused+excluded.refused,
  failed=m.failed+excluded.failed, latency=(select array_agg(a+b order by n) from
    unnest(m.latency, excluded.latency) with ordinality as t(a,b,n))
"""
_BACKLOG: Final = """
insert into connector_minutes as m
  (tenant,connector,minute,calls,done,refused,failed,latency,backlog)
select c.tenant, c.connector, %s, 0, 0, 0, 0, %s, count(*) from connector_calls c
where c.state in ('due','pending') and c.connector is not null group by 1, 2
on conflict (tenant,connector,minute,route) do update
set backlog=greatest(m.backlog, excluded.backlog)
"""
_SINCE: Final = """
select connector::text, sum(done), sum(refused), sum(failed),
  (select array_agg(s order by n) from (select n, sum(v) s from connector_minutes k,
     unnest(k.latency) with ordinality as u(v,n) where k.tenant=m.tenant and k.connector=m.connector
     and k.route>=%(began)s and k.minute>=%(since)s group by n) g)
from connector_minutes m where tenant=%(tenant)s and connector = any(%(connectors)s)
  and route>=%(began)s and minute>=%(since)s group by tenant, connector
"""
_OLD_MINUTES: Final = "delete from connector_minutes where minute < now() - make_interval(days=>%s)"
_OLD_CALLS: Final = """
delete from connector_calls c using (select tenant, id from connector_calls
  where state in ('done','refused') and answered < now() - make_interval(days=>%s) limit %s) o
where c.tenant=o.tenant and c.id=o.id
"""
Place = tuple[int, uuid.UUID]


class Minutes:
    """What was counted in this process and is not written yet."""

    def __init__(self) -> None:
        self._counts: dict[tuple[Place, int, int], list[Any]] = {}

    def add(self, place: Place, at_ms: int, route: int, sample: Sample) -> None:
        """Count one try."""
        key = (place, at_ms // MINUTE_MS, route)
        row = self._counts.setdefault(key, [0, 0, 0, [0] * BUCKETS])
        row[0] += sample.done
        row[1] += sample.refused
        row[2] += sample.failed
        row[3][sample.latency.index(1)] += 1

    async def flush(self, connection: Connection) -> None:
        """Write what was counted."""
        counts, self._counts = self._counts, {}
        for (place, minute, route), (done, refused, failed, latency) in counts.items():
            at = write.instant(minute * MINUTE_MS * 1000)
            ends = (done + refused + failed, done, refused, failed, latency)
            await connection.execute(_ADD, (*place, at, route, *ends))


async def read_since(
    connection: Connection, tenant: int, ids: Sequence[str], began: int, since_ms: int
) -> dict[str, Sample]:
    """Sum what connectors did by the versions of a route from `began` on."""
    at = write.instant(since_ms // MINUTE_MS * MINUTE_MS * 1000)
    asked = {
        "tenant": tenant,
        "connectors": [uuid.UUID(id_) for id_ in ids],
        "began": began,
        "since": at,
    }
    found = {id_: Sample() for id_ in ids}
    for id_, done, refused, failed, latency in await (
        await connection.execute(_SINCE, asked)
    ).fetchall():
        found[id_] = Sample(
            done=int(done),
            refused=int(refused),
            failed=int(failed),
            latency=tuple(int(count) for count in latency),
        )
    return found


async def write_backlog(connection: Connection, at_ms: int) -> None:
    """Write how much waits at each connector."""
    at = write.instant(at_ms // MINUTE_MS * MINUTE_MS * 1000)
    await connection.execute(_BACKLOG, (at, [0] * BUCKETS))


async def sweep(connection: Connection) -> None:
    """Forget minutes and answered calls that were kept long enough."""
    await connection.execute(_OLD_MINUTES, (CONNECTOR_MINUTES_DAYS,))
    await connection.execute(_OLD_CALLS, (CALL_KEEP_DAYS, CALLS_SWEPT))
