"""The nightly replay 夜间重放: one decision in a hundred of the day before is decided again from
its record; a difference is an incident.

Which orders are asked is told by their ids, so that whoever asks again asks the same ones.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub import decision_parts, decision_views, incident_rows, lists, merchants
from danshu.hub.replay_facts import ReplayChecked, ReplayDiffered
from danshu.hub.worlds import now_ms
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.fact import Actor
from danshu.kernel.limits import REPLAY_ONE_IN, REPLAY_ORDERS

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable

Connection = psycopg.AsyncConnection[Any]
ACTOR: Final = Actor(sub="hub", role="replay")
DAY_MS: Final = 86_400_000
_AFTER_MS: Final = 2 * 3_600_000  # of the new UTC day: its night in China is over by then, or quiet
_LOOK_MS: Final = 60_000
_DUE: Final = """
select t.id from tenants t where not exists
(select 1 from replays r where r.tenant=t.id and r.day=%s) order by t.id
"""
# The last four bytes of an id are random.
_SAMPLE: Final = """
select id from orders where tenant=%s and id >= %s and id < %s
and get_byte(uuid_send(id),15) * 256 + get_byte(uuid_send(id),14) < %s order by id limit %s
"""
_DONE: Final = """
insert into replays(tenant,day,asked,equal,differed) values(%s,%s,%s,%s,%s) on conflict do nothing
returning 1
"""


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room: once a day and merchant."""
    del url
    looked_ms = 0

    async def step(connection: Connection) -> int:
        nonlocal looked_ms
        at_ms = now_ms()
        if at_ms - looked_ms < _LOOK_MS:
            return 0
        looked_ms = at_ms
        day_ms = (at_ms - _AFTER_MS) // DAY_MS * DAY_MS - DAY_MS
        day = datetime.datetime.fromtimestamp(day_ms / 1000, datetime.UTC).date()
        due = await (await connection.execute(_DUE, (day,))).fetchall()
        for (tenant,) in due:
            await check_day(connection, tenant, day)
        return 0

    return step


async def check_day(
    connection: Connection, tenant: int, day: datetime.date, one_in: int = REPLAY_ONE_IN
) -> ReplayChecked:
    """Decide one in `one_in` of a day's decisions again; says what came of it, once a day."""
    from_ms = int(datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC).timestamp())
    low, high = lists.id_at(from_ms * 1000), lists.id_at(from_ms * 1000 + DAY_MS)
    asked = (tenant, low, high, 65_536 // one_in, REPLAY_ORDERS)
    ids = [r[0] for r in await (await connection.execute(_SAMPLE, asked)).fetchall()]
    equal = 0
    differed: list[ReplayDiffered] = []
    for id_ in ids:
        same, others = await _check(connection, tenant, id_)
        equal += same
        differed += others
    told = ReplayChecked(
        asked=equal + len(differed), day=day.isoformat(), differed=len(differed), equal=equal
    )
    async with connection.transaction():
        row = (tenant, day, told.asked, told.equal, told.differed)
        if await (await connection.execute(_DONE, row)).fetchone() is not None:
            await merchants.say(connection, tenant, ACTOR, *differed, told)
            if differed:
                detail = f"{told.differed}/{told.asked} {differed[0].decision} {differed[0].why}"
                key = told.day
                await incident_rows.tell(connection, tenant, incident_rows.DIFFERED, key, detail)
    return told


async def _check(
    connection: Connection, tenant: int, id_: uuid.UUID
) -> tuple[int, list[ReplayDiffered]]:
    """Decide an order's decisions again: how many are equal, and those that are not."""
    equal, differed = 0, []
    for recorded in await decision_views.read_recorded(connection, tenant, id_):
        decision = recorded.decision
        try:
            snapshot = await decision_views.read_snapshot(connection, tenant, decision.snapshot)
            again = decision_parts.decide_again(recorded, snapshot)
        except (InputError, NotAvailable) as error:
            differed.append(_differ(recorded.fact, str(error), "", ""))
            continue
        if again.equal:
            equal += 1
        else:
            told = (again.recorded_sha256, again.replayed_sha256)
            differed.append(_differ(recorded.fact, "bytes", *told))
    return equal, differed


def _differ(fact: str, why: str, recorded: str, replayed: str) -> ReplayDiffered:
    return ReplayDiffered(decision=fact, recorded=recorded, replayed=replayed, why=why[:200])
