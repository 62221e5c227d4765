"""The outbox `connector_calls`: taken up, handed over, recorded, each in one statement for many.

`handed` says that the far side may have a call; it is written before anything is sent. Such a call
stays with its connector until it has answered, or has said that the call never came.
"""

from __future__ import annotations

import uuid
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.hub.connecting import Told
from danshu.kernel.limits import CALLS_ROUTED
from danshu.ledger import write
from danshu.ports.connector import Reply, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

Connection = psycopg.AsyncConnection[Any]
DUE, PENDING, DONE, REFUSED, HELD = "due", "pending", "done", "refused", "held"
OPEN: Final = (DUE, PENDING, HELD)
_IS_DUE: Final = "select 1 from connector_calls where next_try<=%s limit 1"
_UNROUTED: Final = """
select tenant, id, capability, subject, warehouse, channel from connector_calls
where next_try<=%s and connector is null order by next_try limit %s for update skip locked
"""
_ROUTE: Final = """
update connector_calls c set connector=d.connector, route=d.route,
  next_try=coalesce(d.again, c.next_try), trouble=case when d.again is null then '' else %s end
from unnest(%s::int4[],%s::uuid[],%s::uuid[],%s::int4[],%s::timestamptz[])
  as d(tenant,id,connector,route,again)
where c.tenant=d.tenant and c.id=d.id
"""
_COLUMNS: Final = (
    "tenant,id,capability,operation,purpose,key,subject,body,context,trial,state,connector,route,"
    "handed,tries,sought,asked,tried"
)
_DUE_AT: Final = f"""
select w.probe, c.* from unnest(%s::int4[],%s::uuid[],%s::int4[],%s::bool[],%s::bool[])
  as w(tenant,connector,free,probe,trial_only)
cross join lateral (select {_COLUMNS} from connector_calls o
  where o.tenant=w.tenant and o.connector=w.connector and o.state in ('due','pending','held')
    and o.next_try<=%s and (o.trial or not w.trial_only)
  order by o.next_try limit w.free for update skip locked) c
"""
_HAND: Final = """
update connector_calls c set handed=true, tries=c.tries+1, next_try=d.until
from unnest(%s::int4[],%s::uuid[],%s::timestamptz[]) as d(tenant,id,until)
where c.tenant=d.tenant and c.id=d.id
"""
_RECORD: Final = """
update connector_calls c set state=d.state, handed=d.handed, sought=d.sought,
  connector=case when d.moves then null else c.connector end,
  route=case when d.moves then 0 else c.route end,
  next_try=d.again, answered=d.answered, reference=coalesce(nullif(d.reference,''), c.reference),
  code=d.code, reason=d.reason, reply=coalesce(d.reply, c.reply), trouble=d.trouble,
  tried=coalesce(d.tried, c.tried)
from unnest(%s::int4[],%s::uuid[],%s::int4[],%s::text[],%s::bool[],%s::int4[],%s::bool[],
  %s::timestamptz[],%s::timestamptz[],%s::text[],%s::text[],%s::text[],%s::bytea[],%s::text[],
  %s::timestamptz[])
  as d(tenant,id,tries,state,handed,sought,moves,again,answered,reference,code,reason,reply,
    trouble,tried)
where c.tenant=d.tenant and c.id=d.id and c.tries=d.tries and c.state in ('due','pending')
returning c.tenant, c.id
"""


class End(StrEnum):
    """How a try ended."""

    DONE = "done"
    REFUSED = "refused"
    PENDING = "pending"
    NOT_TAKEN = "not_taken"  # the far side certainly has not got it
    UNKNOWN = "unknown"
    ABSENT = "absent"  # the far side says that it never came
    HELD = "held"  # not understood: a person looks
    WAITS = "waits"  # nothing was sent: it is too soon to ask whether the call came


class Taken(Struct, frozen=True, kw_only=True):
    """A call that this process asks now; `tries` counts this one, `handed` is what was so before.

    `sought` counts how often the far side said that it never came; `tried_ms` is when the last try
    before this one ended.
    """

    tenant: int
    id: uuid.UUID
    capability: str
    operation: str
    purpose: str
    key: str
    subject: str
    body: bytes
    context: bytes
    trial: bool
    state: str
    connector: uuid.UUID
    route: int
    handed: bool
    tries: int
    sought: int
    asked_ms: int
    tried_ms: int


class Outcome(Struct, frozen=True, kw_only=True):
    """What a try gave: when it ended (epoch ms), how long it took, when it is tried again (0:
    never), and whether it goes where the route leads by then.
    """

    call: Taken
    end: End
    at_ms: int
    took_ms: int
    reply: Reply | None = None
    trouble: str = ""
    again_ms: int = 0
    handed: bool = True
    moves: bool = False

    @property
    def is_final(self) -> bool:
        """Whether whoever asked is told."""
        return self.end in (End.DONE, End.REFUSED)

    @property
    def told(self) -> Told:
        """The answer as whoever asked is told of it."""
        assert self.reply is not None
        call = self.call
        return Told(
            tenant=call.tenant,
            id=call.id,
            capability=call.capability,
            operation=call.operation,
            key=call.key,
            subject=call.subject,
            connector=call.connector,
            data=call.context,
            reply=self.reply,
            at_ms=self.at_ms,
        )


class Window(Struct, frozen=True, kw_only=True):
    """How many calls of a connector may be taken now; `probes`: one, to see whether it is back."""

    tenant: int
    connector: uuid.UUID
    free: int
    probes: bool = False
    trial_only: bool = False


Placed = tuple[int, uuid.UUID, uuid.UUID | None, int]
"""Where an unrouted call goes: tenant, call, connector (None: nowhere yet), route's version."""


async def is_due(connection: Connection, at_ms: int) -> bool:
    """Tell whether anything is to be asked."""
    row = await (await connection.execute(_IS_DUE, (write.instant(at_ms * 1000),))).fetchone()
    return row is not None


async def read_unrouted(connection: Connection, at_ms: int) -> list[tuple[Any, ...]]:
    """Lock calls without a connector: tenant, id, capability, subject, warehouse, channel."""
    at = write.instant(at_ms * 1000)
    return await (await connection.execute(_UNROUTED, (at, CALLS_ROUTED))).fetchall()


async def place(
    connection: Connection, placed: Sequence[Placed], again_ms: int, trouble: str
) -> None:
    """Write where calls go; one that goes nowhere is looked at again later, and says why."""
    again = write.instant(again_ms * 1000)
    await connection.execute(
        _ROUTE,
        (
            trouble,
            [one[0] for one in placed],
            [one[1] for one in placed],
            [one[2] for one in placed],
            [one[3] for one in placed],
            [None if one[2] else again for one in placed],
        ),
    )


async def take(
    connection: Connection, windows: Sequence[Window], at_ms: int, lease_ms: int
) -> list[Taken]:
    """Take up what is due within the windows, and write that it is being handed over.

    In the caller's transaction, whose commit comes before anything is sent.
    """
    at = write.instant(at_ms * 1000)
    cursor = await connection.execute(
        _DUE_AT,
        (
            [window.tenant for window in windows],
            [window.connector for window in windows],
            [window.free for window in windows],
            [window.probes for window in windows],
            [window.trial_only for window in windows],
            at,
        ),
    )
    taken = [_taken(row[1:]) for row in await cursor.fetchall()]
    if taken:
        until = write.instant((at_ms + lease_ms) * 1000)
        ids = [call.id for call in taken]
        tenants = [call.tenant for call in taken]
        await connection.execute(_HAND, (tenants, ids, [until] * len(taken)))
    return taken


async def record(connection: Connection, outcomes: Sequence[Outcome]) -> set[uuid.UUID]:
    """Write what tries gave; gives the calls that were still waiting for it.

    One that was answered meanwhile, by a callback, or taken up by another process, stays as it is.
    """
    if not outcomes:
        return set()
    columns = [list(column) for column in zip(*map(_row, outcomes), strict=True)]
    cursor = await connection.execute(_RECORD, columns)
    return {row[1] for row in await cursor.fetchall()}


def _row(outcome: Outcome) -> tuple[Any, ...]:
    call, reply = outcome.call, outcome.reply or Reply(verdict=Verdict.PENDING)
    states = {End.DONE: DONE, End.REFUSED: REFUSED, End.PENDING: PENDING, End.HELD: HELD}
    state = states.get(outcome.end, DUE if outcome.end is End.ABSENT else call.state)
    again = write.instant(outcome.again_ms * 1000) if outcome.again_ms else None
    answered = write.instant(outcome.at_ms * 1000) if outcome.is_final else None
    return (
        *(call.tenant, call.id, call.tries, state, outcome.handed),
        *(call.sought + (outcome.end is End.ABSENT), outcome.moves, again, answered),
        *(reply.reference, reply.code, reply.reason),
        *(reply.body if outcome.is_final else None, outcome.trouble),
        None if outcome.end is End.WAITS else write.instant(outcome.at_ms * 1000),
    )


def _taken(row: Sequence[Any]) -> Taken:
    *_, tries, sought, asked, tried = row
    named = dict(zip(_COLUMNS.split(",")[:-4], row[:-4], strict=True))
    named |= {"body": bytes(named["body"]), "context": bytes(named["context"])}
    return Taken(
        **named,
        tries=tries + 1,
        sought=sought,
        asked_ms=round(asked.timestamp() * 1000),
        tried_ms=round(tried.timestamp() * 1000) if tried else 0,
    )
