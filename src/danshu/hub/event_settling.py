"""What became of events, written down: the position, what is parked or given up, the log of
deliveries. One short transaction; losing it means that events are sent again, under the same ids.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.weave import backoff
from danshu.capabilities.weave.breaker import Breaker, Phase
from danshu.hub import merchants, meters
from danshu.hub.event_posting import Fate, Meaning
from danshu.hub.event_reading import Placed, Spot
from danshu.hub.subscription_facts import SubscriptionPaused
from danshu.kernel import ids
from danshu.kernel.fact import Actor
from danshu.kernel.limits import (
    DELIVERIES_KEPT,
    EVENT_GIVE_UP_S,
    EVENT_RETRY_MAX_MS,
    EVENT_RETRY_MS,
    EVENT_TRIES,
)
from danshu.ledger import follow

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable

    from danshu.hub.event_posting import Attempt, Delivery

Connection = psycopg.AsyncConnection[Any]
HEAD: Final = "log"
PARKED: Final = "parked"
PING: Final = "ping"
ENGINE: Final = Actor(sub="events", role="system", grade="C")
GONE: Final = "gone"
_AT: Final = "to_timestamp(%s/1000.0)"
_TOUCH: Final = f"""
update subscriptions set breaker=%s, open_until={_AT}, trouble=%s,
trouble_since=case when %s='' then null else coalesce(trouble_since, {_AT}) end,
taken=case when %s then {_AT} else taken end, delivered=delivered+%s, attempts=attempts+%s
where tenant=%s and id=%s returning attempts
"""
_PARK: Final = f"""
insert into parked_events(tenant,subscription,half,position,id,state,event,type,subject,tries,
next_try,status,trouble,parked,died)
values (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,{_AT},%s,%s,{_AT},{_AT}) on conflict do nothing
"""
_TAKEN: Final = """
delete from parked_events where tenant=%s and subscription=%s and half=%s and position=%s
and state='parked'
"""
_AGAIN: Final = f"""
update parked_events set tries=tries+1, status=%s, trouble=%s, state=%s, next_try={_AT}, died={_AT}
where tenant=%s and subscription=%s and half=%s and position=%s and state='parked'
"""
# The first of each subject is what is tried; whoever stood before it may be gone.
_NEXT: Final = f"""
update parked_events p set next_try={_AT} from (
  select distinct on (subject) half, position, next_try from parked_events
  where tenant=%s and subscription=%s and state='parked' order by subject, half, position) h
where p.tenant=%s and p.subscription=%s and p.half=h.half and p.position=h.position
and h.next_try is null
"""
_COUNT: Final = """
update subscriptions s set parked=c.n, next_retry=c.next from (
  select count(*)::int as n, min(next_try) as next from parked_events
  where tenant=%s and subscription=%s and state='parked') c where s.tenant=%s and s.id=%s
"""
_LOG: Final = f"""
insert into deliveries(tenant,subscription,is_good,slot,no,at,kind,half,first,last,events,status,
ms,bytes,trouble) values (%s,%s,%s,%s,%s,{_AT},%s,%s,%s,%s,%s,%s,%s,%s,%s)
on conflict (tenant,subscription,is_good,slot) do update set no=excluded.no, at=excluded.at,
kind=excluded.kind, half=excluded.half, first=excluded.first, last=excluded.last,
events=excluded.events, status=excluded.status, ms=excluded.ms, bytes=excluded.bytes,
trouble=excluded.trouble
"""
_TROUBLE: Final = f"""
update subscriptions set trouble=%s, trouble_since=coalesce(trouble_since, {_AT})
where tenant=%s and id=%s
"""
_PAUSE: Final = """
update subscriptions set state='paused', why=%s, revision=revision+1, changed=now(), changed_by=%s
where tenant=%s and id=%s and state='active'
"""
_encode = msgspec.json.Encoder().encode


class Parked(Struct, frozen=True, kw_only=True):
    """A parked event as it is tried again: where it lies, how often it was, since when."""

    spot: Spot
    tries: int
    since_ms: int


class Moved(Exception):
    """The position is no longer where it was read: somebody set it, or the subscription is gone."""


class Stretch(Struct, frozen=True, kw_only=True):
    """What was taken up of a book: from the stored position to `end`, the events in it that are to
    be handed over, and those that wait behind a parked one of their subject.
    """

    half: str
    before: int
    end: int
    events: Sequence[Placed]
    behind: Sequence[Placed] = ()


def name(id_: uuid.UUID) -> str:
    """Give the name of a subscription's cursors."""
    return f"subscription/{id_}"


def divide(stretch: Stretch, delivery: Delivery) -> tuple[int, list[int]]:
    """Tell how far the position moves, and which events (by index) are parked or given up.

    Where the receiver was left alone before the end, nothing after the last event that it took is
    parked: the position waits there.
    """
    fates = delivery.fates
    if not delivery.is_held:
        return stretch.end, [n for n, fate in enumerate(fates) if fate is not Fate.TAKEN]
    high = max([n for n, fate in enumerate(fates) if fate is Fate.TAKEN], default=-1)
    high = max([high, *[n for n, fate in enumerate(fates) if fate is Fate.REFUSED]])
    left = [n for n in range(high + 1) if fates[n] is not Fate.TAKEN]
    end = stretch.events[high + 1].position if high + 1 < len(fates) else stretch.end
    return end, left


async def settle(
    connection: Connection,
    place: tuple[int, uuid.UUID],
    stretch: Stretch,
    delivery: Delivery,
    at_ms: int,
) -> int:
    """Write down what became of a stretch; gives the position. Raises Moved."""
    end, left = divide(stretch, delivery)
    tenant, id_ = place
    async with connection.transaction():
        await connection.execute("set local synchronous_commit to off")
        await _touch(connection, place, delivery, at_ms)
        at = (name(id_), tenant, stretch.half, stretch.before, end)
        if not await follow.move(connection, *at):
            raise Moved
        behind = [placed for placed in stretch.behind if placed.position < end]
        if left or behind:
            rows = [_row(place, stretch.half, stretch.events[n], delivery, n, at_ms) for n in left]
            rows += [_row(place, stretch.half, placed, None, 0, at_ms) for placed in behind]
            async with connection.cursor() as cursor:
                await cursor.executemany(_PARK, rows)
            await recount(connection, place, at_ms)
        where = [(stretch.half, placed.position) for placed in stretch.events]
        await _log(connection, place, (HEAD, delivery, where), at_ms)
    return end


async def settle_parked(
    connection: Connection,
    place: tuple[int, uuid.UUID],
    parked: Sequence[Parked],
    delivery: Delivery,
    at_ms: int,
) -> None:
    """Write down what became of parked events that were tried again. Raises Moved."""
    async with connection.transaction():
        await connection.execute("set local synchronous_commit to off")
        await _touch(connection, place, delivery, at_ms)
        for n, each in enumerate(parked):
            key = (*place, each.spot.half, each.spot.position)
            fate, why = delivery.fates[n], delivery.why.get(n)
            if fate is Fate.TAKEN:
                await connection.execute(_TAKEN, key)
            elif fate is not Fate.UNTRIED and why is not None:
                tries = each.tries + 1
                is_dead = fate is Fate.REFUSED or tries >= EVENT_TRIES
                is_dead = is_dead or at_ms - each.since_ms >= EVENT_GIVE_UP_S * 1000
                state = "dead" if is_dead else "parked"
                again = None if is_dead else at_ms + _wait_ms(tries, f"{key}")
                died = at_ms if is_dead else None
                given = (why.status, why.trouble, state, again, died, *key)
                await connection.execute(_AGAIN, given)
        await recount(connection, place, at_ms)
        where = [(each.spot.half, each.spot.position) for each in parked]
        await _log(connection, place, (PARKED, delivery, where), at_ms)


async def recount(connection: Connection, place: tuple[int, uuid.UUID], at_ms: int) -> None:
    """Have the first parked event of each subject tried, and count them."""
    await connection.execute(_NEXT, (at_ms, *place, *place))
    await connection.execute(_COUNT, (*place, *place))


async def note_trouble(
    connection: Connection, place: tuple[int, uuid.UUID], trouble: str, at_ms: int
) -> None:
    """Say what stops a subscription that is no answer of its receiver."""
    await connection.execute(_TROUBLE, (trouble, at_ms, *place))


async def pause_gone(connection: Connection, place: tuple[int, uuid.UUID]) -> None:
    """Pause a subscription whose receiver says that it is gone (410), as a fact."""
    async with connection.transaction():
        done = await connection.execute(_PAUSE, (GONE, ENGINE.sub, *place))
        if done.rowcount == 1:
            said = SubscriptionPaused(reason=GONE, subscription=str(place[1]))
            await merchants.say(connection, place[0], ENGINE, said)


async def log_ping(
    connection: Connection, place: tuple[int, uuid.UUID], attempt: Attempt, at_ms: int
) -> None:
    """Write a trial into the log of deliveries."""
    row = await (
        await connection.execute(
            "update subscriptions set attempts=attempts+1 where tenant=%s and id=%s"
            " returning attempts",
            place,
        )
    ).fetchone()
    if row is not None:
        await connection.execute(_LOG, _line(place, row[0], PING, ("", 0, 0), attempt, at_ms))


async def _touch(
    connection: Connection, place: tuple[int, uuid.UUID], delivery: Delivery, at_ms: int
) -> None:
    taken = sum([fate is Fate.TAKEN for fate in delivery.fates])
    for one in delivery.attempts:
        ok = one.events if one.meaning is Meaning.TAKEN else 0
        counts = {"ok": ok, "failed": one.events - ok}
        meters.of(connection).note(place[0], f"webhook:{place[1]}", one.ms / 1000, **counts)
    bad = [attempt for attempt in delivery.attempts if attempt.meaning is not Meaning.TAKEN]
    trouble = bad[-1].trouble if bad else ""
    state: Breaker = delivery.breaker
    until = state.until_ms if state.phase is not Phase.CLOSED else None
    lines = len(_sum(delivery.attempts))
    given = (_encode(state), until, trouble, trouble, at_ms, bool(taken), at_ms, taken, lines)
    row = await (await connection.execute(_TOUCH, (*given, *place))).fetchone()
    if row is None:
        raise Moved
    delivery.lines_from = row[0] - lines


def _row(
    place: tuple[int, uuid.UUID],
    half: str,
    placed: Placed,
    delivery: Delivery | None,
    n: int,
    at_ms: int,
) -> tuple[Any, ...]:
    """Give the row of an event that is parked or, refused, given up at once."""
    event, fate = placed.event, delivery.fates[n] if delivery else Fate.UNTRIED
    why = delivery.why.get(n) if delivery and fate is not Fate.UNTRIED else None
    is_dead = fate is Fate.REFUSED
    tries = int(fate is not Fate.UNTRIED)
    next_try = at_ms + _wait_ms(1, event.key) if fate is Fate.FAILED else None
    id_ = ids.uuid7(at_ms, os.urandom(10))
    return (
        *(*place, half, placed.position, id_, "dead" if is_dead else "parked"),
        *(event.key, event.type, event.subject, tries, next_try),
        *(why.status if why else 0, why.trouble if why else ""),
        *(at_ms, at_ms if is_dead else None),
    )


def _wait_ms(tries: int, key: str) -> int:
    return backoff.wait_ms(tries, EVENT_RETRY_MS, EVENT_RETRY_MAX_MS, key)


def _sum(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Give one line for all POSTs that were taken, and one for each that was not."""
    good = [a for a in attempts if a.meaning is Meaning.TAKEN]
    lines = [a for a in attempts if a.meaning is not Meaning.TAKEN]
    if good:
        whole = msgspec.structs.replace(
            good[-1],
            first=min([a.first for a in good]),
            last=max([a.last for a in good]),
            events=sum([a.events for a in good]),
            bytes=sum([a.bytes for a in good]),
            ms=max([a.ms for a in good]),
        )
        lines.append(whole)
    return lines[-DELIVERIES_KEPT:]


async def _log(
    connection: Connection,
    place: tuple[int, uuid.UUID],
    of: tuple[str, Delivery, Sequence[tuple[str, int]]],
    at_ms: int,
) -> None:
    kind, delivery, where = of
    rows = []
    for no, attempt in enumerate(_sum(delivery.attempts), delivery.lines_from + 1):
        half, first = where[attempt.first]
        span = (half, first, where[attempt.last][1])
        rows.append(_line(place, no, kind, span, attempt, at_ms))
    await _put_lines(connection, rows)


async def _put_lines(connection: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    async with connection.cursor() as cursor:
        await cursor.executemany(_LOG, rows)


def _line(
    place: tuple[int, uuid.UUID],
    no: int,
    kind: str,
    span: tuple[str, int, int],
    attempt: Attempt,
    at_ms: int,
) -> tuple[Any, ...]:
    is_good = attempt.meaning is Meaning.TAKEN
    return (
        *(*place, is_good, no % DELIVERIES_KEPT, no, at_ms, kind, *span),
        *(attempt.events, attempt.status, attempt.ms, attempt.bytes, attempt.trouble),
    )
