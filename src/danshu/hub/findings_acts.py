"""What people do about findings: assign, close, suppress with a reason, open again; one by one or
many at once. Each act is a fact, in the commit that changes rows and counts.
"""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from danshu.hub import findings, merchants
from danshu.hub.finding_facts import FindingHandled
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.kernel.fact import Actor

Connection = Any
Act = Literal["assign", "close", "suppress", "reopen"]
PERSON: Final = "person"
REMEDY: Final = "remedy"
NO_REASON: Final = InputError("reason", "say why", "/reason")
_FROM: Final[dict[str, tuple[str, ...]]] = {
    "assign": ("open", "assigned"),
    "close": ("open", "assigned", "suppressed"),
    "suppress": ("open", "assigned"),
    "reopen": ("suppressed", "done"),
}
_ROWS: Final = """
select no, class, subject, state, channel, wh, risk_fen, incident, cause, place, how, at
from findings where tenant=%s and no = any(%s) order by no for update
"""
_IS_COLLEAGUE: Final = "select 1 from people where tenant=%s and id=%s and state='active'"
_ASSIGN: Final = "update findings set state='assigned', owner=%s where tenant=%s and no=%s"
_SUPPRESS: Final = """
update findings set state='suppressed', until=%s, reason=%s, by=%s, how='' where tenant=%s and no=%s
"""
_REOPEN: Final = """
update findings set state='open', until=null, ended=null, how='', reason='', by='', owner=null
where tenant=%s and no=%s
"""
_DUE: Final = """
select no, class, subject, state, channel, wh, risk_fen, incident, cause, place, how, at
from findings where tenant=%s and state='suppressed' and until <= %s order by no limit 200
for update
"""


class Handling(Struct, frozen=True, kw_only=True):
    """What is done to findings: `owner` for assign, `until` for suppress, `reason` for all but
    assign.
    """

    act: Act
    owner: uuid.UUID | None = None
    reason: str = ""
    until: datetime.datetime | None = None


class _Row(Struct, frozen=True):
    no: int
    kind: str
    subject: str
    state: str
    channel: str
    wh: int
    risk: int
    incident: str
    cause: str
    place: str
    how: str
    at: datetime.datetime

    @property
    def counted(self) -> str:
        """The state as it is counted."""
        return f"done_{self.how}" if self.state == "done" else self.state


async def handle(
    connection: Connection,
    tenant: int,
    numbers: Sequence[int],
    told: Handling,
    actor: Actor,
    at_ms: int,
    how: str = PERSON,
) -> int:
    """Do it to those that allow it, in one commit; gives how many did.

    Raises InputError `reason`, `no_person`, `until` when the act says too little.
    """
    await _check(connection, tenant, told, at_ms)
    if told.until is not None:  # to the millisecond, as its fact says it
        told = replace(told, until=write.instant(round(told.until.timestamp() * 1000) * 1000))
    async with connection.transaction():
        await findings.be_alone(connection, tenant)
        found = await (await connection.execute(_ROWS, (tenant, sorted(set(numbers))))).fetchall()
        rows = [r for r in (_Row(*f) for f in found) if r.state in _FROM[told.act]]
        if not rows:
            return 0
        tally = findings.Tally()
        for row in rows:
            await _change(connection, tenant, row, told, tally)
        if told.act == "close":
            keys = [(r.kind, r.subject) for r in rows]
            await findings.end(
                connection, tenant, at_ms, keys, tally, how=how, reason=told.reason, by=actor.sub
            )
        await tally.write(connection, tenant, at_ms)
        said = [
            FindingHandled(
                act=told.act,
                kind=row.kind,
                no=row.no,
                owner=str(told.owner or ""),
                reason=told.reason,
                subject=row.subject,
                until=rfc3339(round(told.until.timestamp() * 1000)) if told.until else "",
            )
            for row in rows
        ]
        await merchants.say(connection, tenant, actor, *said)
    return len(rows)


async def _check(connection: Connection, tenant: int, told: Handling, at_ms: int) -> None:
    if told.act == "assign":
        row = None
        if told.owner is not None:
            asked = (tenant, told.owner)
            row = await (await connection.execute(_IS_COLLEAGUE, asked)).fetchone()
        if row is None:
            raise InputError("no_person", "assign to a colleague who is active", "/owner")
    elif not told.reason.strip():
        raise NO_REASON
    if told.act == "suppress" and (
        told.until is None or told.until.tzinfo is None or told.until.timestamp() * 1000 <= at_ms
    ):
        raise InputError("until", "suppress until a time to come, with its offset", "/until")


async def _change(
    connection: Connection, tenant: int, row: _Row, told: Handling, tally: findings.Tally
) -> None:
    of = (row.incident, row.cause, row.place)
    if told.act == "assign":
        await connection.execute(_ASSIGN, (told.owner, tenant, row.no))
        tally.move(row.kind, row.channel, row.wh, row.risk, row.state, "assigned")
    elif told.act == "suppress":
        given = (told.until, told.reason, "", tenant, row.no)
        await connection.execute(_SUPPRESS, given)
        tally.move(row.kind, row.channel, row.wh, row.risk, row.state, "suppressed")
        tally.ease(row.incident, row.risk)
    elif told.act == "reopen":
        await connection.execute(_REOPEN, (tenant, row.no))
        tally.move(row.kind, row.channel, row.wh, row.risk, row.counted, "open")
        tally.join(row.kind, row.risk, of, row.at)
    elif row.state == "suppressed":  # it has left its incident, and is about to again
        tally.join(row.kind, row.risk, of, row.at)


async def wake(connection: Connection, tenant: int, at_ms: int) -> int:
    """Open what was suppressed until now; gives how many."""
    async with connection.transaction():
        await findings.be_alone(connection, tenant)
        due = (tenant, write.instant(at_ms * 1000))
        found = await (await connection.execute(_DUE, due)).fetchall()
        tally = findings.Tally()
        for row in (_Row(*f) for f in found):
            await _change(connection, tenant, row, Handling(act="reopen"), tally)
        await tally.write(connection, tenant, at_ms)
    return len(found)
