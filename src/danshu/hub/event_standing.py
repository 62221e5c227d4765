"""How subscriptions stand in the database: what each has read, what of it is parked and due."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.weave.breaker import Breaker
from danshu.hub import event_reading
from danshu.hub.event_settling import Parked
from danshu.kernel.limits import EVENT_SINGLES

if TYPE_CHECKING:
    from danshu.hub.event_forms import Event

Connection = psycopg.AsyncConnection[Any]
Place = tuple[int, uuid.UUID]
"""A subscription: its merchant and id."""
_ROWS: Final = """
select s.tenant, s.id, s.revision, s.breaker, s.parked,
coalesce((extract(epoch from s.next_retry)*1000)::int8, 0), b.half, b.size, b.position
from subscriptions s left join lateral (
  select b.half, b.size, coalesce(c.position, 0) as position from books b left join cursors c
  on c.name='subscription/' || s.id and c.tenant=b.tenant and c.half=b.half
  where b.tenant=s.tenant and b.size > coalesce(c.position, 0) order by b.half limit 1) b on true
where s.state='active' order by s.tenant, s.id
"""
_SUBJECTS: Final = """
select distinct subject from parked_events where tenant=%s and subscription=%s and state='parked'
"""
_DUE: Final = """
with due as (select subject from parked_events where tenant=%s and subscription=%s
  and state='parked' and next_try <= to_timestamp(%s/1000.0) order by next_try limit %s)
select half, position, tries, (extract(epoch from parked)*1000)::int8 from parked_events
where tenant=%s and subscription=%s and state='parked' and subject in (select subject from due)
order by half, position limit %s
"""
_decode_breaker = msgspec.json.Decoder(Breaker).decode


class Row(Struct, frozen=True, eq=False):
    """How a subscription stands in the database; `half` is "" when it has read all there is."""

    place: Place
    revision: int
    breaker: Breaker
    parked: int
    retry_ms: int
    half: str
    size: int
    position: int


async def read_rows(connection: Connection) -> dict[Place, Row]:
    """Read all subscriptions that are not paused."""
    rows = await (await connection.execute(_ROWS)).fetchall()
    return {
        (row[0], row[1]): Row(
            (row[0], row[1]),
            row[2],
            _decode_breaker(bytes(row[3])),
            row[4],
            row[5],
            row[6] or "",
            row[7] or 0,
            row[8] or 0,
        )
        for row in rows
    }


async def read_subjects(connection: Connection, place: Place) -> set[str]:
    """Read the subjects of which events are parked."""
    cursor = await connection.execute(_SUBJECTS, place)
    return {subject for (subject,) in await cursor.fetchall()}


async def read_due(
    connection: Connection, place: Place, at_ms: int
) -> tuple[tuple[Parked, ...], list[Event]]:
    """Read what is parked of subjects that are to be tried again, in the order of the log."""
    given = (*place, at_ms, EVENT_SINGLES, *place, EVENT_SINGLES)
    rows = await (await connection.execute(_DUE, given)).fetchall()
    due = [
        Parked(spot=event_reading.Spot(half=half, position=position), tries=tries, since_ms=since)
        for half, position, tries, since in rows
    ]
    events = await event_reading.read_at(connection, place[0], [each.spot for each in due])
    known = tuple([each for each in due if each.spot in events])
    return known, [events[each.spot] for each in known]
