"""Subscriptions as people see them: what fails, since when, how far behind, when it is tried next;
and the log of deliveries.
"""

from __future__ import annotations

import uuid
from typing import Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import DELIVERIES_KEPT, EVENTS_PARKED, SECRET_OVERLAP_S

Connection = psycopg.AsyncConnection[Any]


def _ms(column: str) -> str:
    return f"coalesce((extract(epoch from {column})*1000)::int8,0)"


_LIST: Final = f"""
select s.id, s.name, s.url, s.mode, s.batch, s.width, s.timeout_s, s.types, s.filters, s.state,
s.why, s.trouble, {_ms("s.trouble_since")}, {_ms("s.taken")}, s.delivered, s.parked,
(select count(*) from parked_events p where p.tenant=s.tenant and p.subscription=s.id
  and p.state='dead'),
{_ms("s.open_until")}, {_ms("s.next_retry")}, {_ms("s.rotated")}, {_ms("s.made")}, s.made_by,
{_ms("s.changed")}, s.changed_by, coalesce(b.behind, 0), {_ms("b.since")}
from subscriptions s left join lateral (
  select sum(b.size - coalesce(c.position,0))::int8 as behind, min((select signed from checkpoints k
    where k.tenant=b.tenant and k.half=b.half and k.size > coalesce(c.position,0)
    order by k.size limit 1)) as since
  from books b left join cursors c
  on c.name='subscription/' || s.id and c.tenant=b.tenant and c.half=b.half
  where b.tenant=s.tenant and b.size > coalesce(c.position,0)) b on true
where s.tenant=%s and (%s::uuid is null or s.id=%s) order by s.id
"""
_DELIVERIES: Final = f"""
select no, {_ms("at")}, kind, half, first, last, events, status, ms, bytes, trouble, is_good
from deliveries where tenant=%s and subscription=%s and no < %s and (%s or not is_good)
order by no desc limit %s
"""
_decode = msgspec.json.Decoder(list[Any]).decode


class SubscriptionView(Struct, frozen=True, kw_only=True):
    """A subscription. `state` is active, paused (`why`: a person's reason, or `gone` for a 410) or
    broken: its receiver is left alone until `next_try`. `behind` counts places of the log that it
    has not read, the oldest sealed at `behind_since`; `failing_since` is when the last run of
    failures began, `trouble` what came last; `parked` events wait, `dead` were given up. `former`
    says until when the former secret signs too. Instants are "" where there is none.
    """

    id: uuid.UUID
    name: str
    url: str
    mode: str
    batch: int
    width: int
    timeout_s: int
    types: tuple[str, ...]
    filters: tuple[Any, ...]
    state: str
    why: str
    trouble: str
    failing_since: str
    taken: str
    delivered: int
    parked: int
    dead: int
    next_try: str
    former: str
    made: str
    made_by: str
    changed: str
    changed_by: str
    behind: int
    behind_since: str


class Delivered(Struct, frozen=True, kw_only=True):
    """A line of the log of deliveries: what was taken together, or one try that was not.

    `kind` is log, parked (tried again) or ping; `events` from `first` to `last` of the book `half`;
    `status` 0 where no answer came; `ms` the slowest of its answers, `bytes` all that was sent.
    """

    no: int
    at: str
    kind: str
    half: str
    first: int
    last: int
    events: int
    status: int
    ms: int
    bytes: int
    trouble: str
    is_good: bool


def _at(ms: int) -> str:
    return rfc3339(ms) if ms else ""


async def read(
    connection: Connection, tenant: int, id_: uuid.UUID | None, now_ms: int
) -> list[SubscriptionView]:
    """List a merchant's subscriptions, or one. Raises InputError `no_subscription`."""
    cursor = await connection.execute(_LIST, (tenant, id_, id_))
    rows = await cursor.fetchall()
    if id_ is not None and not rows:
        raise InputError("no_subscription", "there is no such subscription", "/id")
    return [_view(row, now_ms) for row in rows]


def _view(row: tuple[Any, ...], now_ms: int) -> SubscriptionView:
    open_ms, retry_ms, rotated_ms = row[17:20]
    is_open = open_ms > now_ms or row[15] >= EVENTS_PARKED
    state = "broken" if row[9] == "active" and (is_open or open_ms) else row[9]
    next_ms = 0 if row[9] == "paused" else open_ms or retry_ms
    former_ms = rotated_ms + SECRET_OVERLAP_S * 1000 if rotated_ms else 0
    return SubscriptionView(
        id=row[0],
        name=row[1],
        url=row[2],
        mode=row[3],
        batch=row[4],
        width=row[5],
        timeout_s=row[6],
        types=tuple(row[7]),
        filters=tuple(_decode(bytes(row[8]))),
        state=state,
        why=row[10],
        trouble=row[11],
        failing_since=_at(row[12]),
        taken=_at(row[13]),
        delivered=row[14],
        parked=row[15],
        dead=row[16],
        next_try=_at(next_ms),
        former=_at(former_ms) if former_ms > now_ms else "",
        made=_at(row[20]),
        made_by=row[21],
        changed=_at(row[22]),
        changed_by=row[23],
        behind=row[24],
        behind_since=_at(row[25]),
    )


async def read_deliveries(
    connection: Connection, place: tuple[int, uuid.UUID], before: int, limit: int, *, failed: bool
) -> list[Delivered]:
    """List the log of deliveries, the newest first; at most DELIVERIES_KEPT of each outcome."""
    asked = (*place, before, not failed, min(limit, 2 * DELIVERIES_KEPT))
    rows = await (await connection.execute(_DELIVERIES, asked)).fetchall()
    return [
        Delivered(
            no=row[0],
            at=_at(row[1]),
            kind=row[2],
            half=row[3],
            first=row[4],
            last=row[5],
            events=row[6],
            status=row[7],
            ms=row[8],
            bytes=row[9],
            trouble=row[10],
            is_good=row[11],
        )
        for row in rows
    ]
