"""Dead letters 死信: events that were given up, kept until somebody has them delivered again or
drops them. They hold no body: an event is made again from its leaf.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.hub import event_reading, event_settling, jobs, merchants
from danshu.hub.event_reading import Spot
from danshu.hub.subscription_facts import DeadLettersDropped, DeadLettersReplayed
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Actor, rfc3339
from danshu.kernel.limits import DEAD_LETTER_DAYS, DEAD_LETTERS_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from danshu.hub.compose import Hub
    from danshu.hub.jobs import Job
    from danshu.hub.rights import Seated

Connection = psycopg.AsyncConnection[Any]
KIND: Final = "dead_letters"
RIGHT: Final = "subscription.write"
NO_LETTER: Final = InputError("no_dead_letter", "there is no such dead letter", "/id")
LAST: Final = uuid.UUID(int=2**128 - 1)
_WHERE: Final = """
tenant=%(tenant)s and state='dead' and id < %(before)s
and (%(subscription)s::uuid is null or subscription=%(subscription)s)
and (%(type)s='' or type=%(type)s) and (%(subject)s='' or subject=%(subject)s)
and (%(status)s::int is null or status=%(status)s)
"""
_LIST: Final = f"""
select id, subscription, half, position, event, type, subject, tries, status, trouble,
(extract(epoch from parked)*1000)::int8, (extract(epoch from died)*1000)::int8
from parked_events where {_WHERE} order by id desc limit %(limit)s
"""
_COUNT: Final = f"""
select status, trouble, count(*) from parked_events where {_WHERE} group by 1, 2
order by 3 desc, 1, 2 limit 50
"""
_IDS: Final = f"""
select id, subscription, event from parked_events where {_WHERE}
order by id desc limit %(limit)s for update skip locked
"""
_CHOSEN: Final = """
select id, subscription, event from parked_events
where tenant=%s and state='dead' and id = any(%s) order by id desc for update
"""
_BACK: Final = """
update parked_events set state='parked', tries=0, next_try=now(), parked=now(), died=null
where tenant=%s and id = any(%s) and state='dead'
"""
_DROP: Final = "delete from parked_events where tenant=%s and id = any(%s) and state='dead'"
_OLD: Final = """
select tenant, id, subscription, event from parked_events
where state='dead' and died < now() - make_interval(days => %s) order by tenant, id limit %s
for update skip locked
"""
_encode = msgspec.json.Encoder().encode


class Which(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which dead letters: those that meet all that is given, or the ones that were chosen."""

    subscription: uuid.UUID | None = None
    type: str = ""
    subject: str = ""
    status: int | None = None
    ids: tuple[uuid.UUID, ...] = ()


class Question(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a job does with dead letters: replay, or drop for a reason. Only those up to `upto`,
    the newest when it was asked, so that what dies again is not taken twice.
    """

    act: str
    which: Which
    upto: uuid.UUID
    reason: str = ""


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A dead letter: the event by id, type and subject, its place in the log, how often it was
    tried, the last answer's status (0 = none) and why, since when it waited and when it was given
    up.
    """

    id: uuid.UUID
    subscription: uuid.UUID
    place: str
    event: str
    type: str
    subject: str
    tries: int
    status: int
    trouble: str
    parked: str
    died: str


class Reason(Struct, frozen=True, kw_only=True):
    """How many dead letters have one reason."""

    status: int
    trouble: str
    count: int


decode_question = msgspec.json.Decoder(Question).decode
encode = _encode


async def read(
    connection: Connection, tenant: int, which: Which, before: uuid.UUID, limit: int
) -> list[DeadLetter]:
    """List dead letters, the newest first."""
    cursor = await connection.execute(_LIST, _asked(tenant, which, before, limit))
    return [
        DeadLetter(
            id=row[0],
            subscription=row[1],
            place=str(Spot(half=row[2], position=row[3])),
            event=row[4],
            type=row[5],
            subject=row[6],
            tries=row[7],
            status=row[8],
            trouble=row[9],
            parked=rfc3339(row[10]),
            died=rfc3339(row[11]),
        )
        for row in await cursor.fetchall()
    ]


async def count(connection: Connection, tenant: int, which: Which) -> list[Reason]:
    """Count dead letters by reason, the most frequent first."""
    cursor = await connection.execute(_COUNT, _asked(tenant, which, LAST, 0))
    return [Reason(status=r[0], trouble=r[1], count=r[2]) for r in await cursor.fetchall()]


async def read_event(connection: Connection, tenant: int, id_: uuid.UUID) -> bytes:
    """Make the event of a dead letter again from its leaf. Raises InputError `no_dead_letter`."""
    cursor = await connection.execute(
        "select half, position from parked_events where tenant=%s and id=%s", (tenant, id_)
    )
    row = await cursor.fetchone()
    if row is None:
        raise NO_LETTER
    spot = Spot(half=row[0], position=row[1])
    found = await event_reading.read_at(connection, tenant, [spot])
    if spot not in found:
        raise NO_LETTER
    return found[spot].body


async def act(
    connection: Connection,
    tenant: int,
    actor: Actor,
    asked: tuple[str, str],
    rows: Sequence[tuple[uuid.UUID, uuid.UUID, str]],
    at_ms: int,
) -> int:
    """Replay or drop dead letters (id, subscription, event) that the caller's transaction locked;
    `asked` is act and reason. A fact for each subscription.
    """
    by: dict[uuid.UUID, list[str]] = {}
    for _, subscription, event in rows:
        by.setdefault(subscription, []).append(event)
    statement = _BACK if asked[0] == "replay" else _DROP
    done = (await connection.execute(statement, (tenant, [row[0] for row in rows]))).rowcount
    for subscription, events in by.items():
        said: Struct = DeadLettersReplayed(events=tuple(events), subscription=str(subscription))
        if asked[0] == "replay":
            await event_settling.recount(connection, (tenant, subscription), at_ms)
        else:
            said = DeadLettersDropped(
                count=len(events),
                events=tuple(events),
                reason=asked[1],
                subscription=str(subscription),
            )
        await merchants.say(connection, tenant, actor, said)
    return done


async def act_chosen(
    connection: Connection,
    tenant: int,
    actor: Actor,
    asked: tuple[str, str],
    ids: Sequence[uuid.UUID],
    at_ms: int,
) -> int:
    """Replay or drop chosen dead letters; gives how many there still were."""
    async with connection.transaction():
        rows = await (await connection.execute(_CHOSEN, (tenant, list(ids)))).fetchall()
        return await act(connection, tenant, actor, asked, rows, at_ms) if rows else 0


async def work(hub: Hub, job: Job, holder: uuid.UUID, seat: Callable[[], Any]) -> None:
    """Work on a job over all dead letters that match, some at a time, under the rights of whoever
    asked. Raises InputError `forbidden`.
    """
    question = decode_question(job.question)
    before, done, state = job.place or question.upto, job.done, jobs.DONE
    while True:
        seated: Seated = await seat()
        if not seated.ask(RIGHT, {}).allowed:
            raise InputError("forbidden", f"you may not {RIGHT}")
        async with hub.connection() as connection, connection.transaction():
            asked = _asked(job.tenant, question.which, before, DEAD_LETTERS_AT_ONCE)
            rows = await (await connection.execute(_IDS, asked)).fetchall()
            if rows:
                told = (question.act, question.reason)
                done += await act(connection, job.tenant, job.actor, told, rows, hub.clock())
                before = rows[-1][0]
            goes_on = await jobs.step(connection, job, holder, before, done, 0)
        if goes_on is None:
            return
        if not rows or not goes_on:
            state = jobs.DONE if not rows else jobs.CANCELLED
            break
    async with hub.connection() as connection:
        await jobs.end(connection, job, holder, state)


async def sweep(connection: Connection) -> int:
    """Drop what was given up DEAD_LETTER_DAYS ago, some at a time, as facts; gives how many."""
    async with connection.transaction():
        given = (DEAD_LETTER_DAYS, DEAD_LETTERS_AT_ONCE)
        rows = await (await connection.execute(_OLD, given)).fetchall()
        for tenant in sorted({row[0] for row in rows}):
            of = [row[1:] for row in rows if row[0] == tenant]
            told = ("drop", "too_old")
            await act(connection, tenant, event_settling.ENGINE, told, of, 0)
    return len(rows)


def _asked(tenant: int, which: Which, before: uuid.UUID, limit: int) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "before": before,
        "subscription": which.subscription,
        "type": which.type,
        "subject": which.subject,
        "status": which.status,
        "limit": limit,
    }
