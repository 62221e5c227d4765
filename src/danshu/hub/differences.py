"""Acts on a difference 差异: given to somebody, closed with a reason, by two persons above an
amount, opened again. Each is one commit with its fact on the difference's own stream.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, Literal

import psycopg
from msgspec import Struct

from danshu.capabilities.settlement import differences as states
from danshu.capabilities.settlement.differences import Standing
from danshu.hub import marks, reconcile
from danshu.hub.bill_facts import (
    DifferenceAssigned,
    DifferenceClosed,
    DifferenceDeclined,
    DifferenceProposed,
    DifferenceReopened,
)
from danshu.hub.saying import say_next
from danshu.kernel.errors import InputError, Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
Word = Literal["assign", "close", "confirm", "decline", "reopen"]
NO_DIFFERENCE: Final = InputError("no_difference", "there is no such difference")
_LOCK: Final = """
select id, class, book, key, state, expected, actual, owner, reason, note, asked, second, seq, head
from differences where tenant=%s and id=any(%s) order by id for update
"""
_WRITE: Final = """
update differences set state=%s, owner=%s, reason=%s, note=%s, asked=%s, second=%s, seq=%s, head=%s,
changed=now() where tenant=%s and id=%s
"""


class Told(Struct, frozen=True, kw_only=True):
    """What somebody wants done. `who` is their subject (person:…, key:…), `owner` whom it is given
    to, "" nobody.
    """

    act: Word
    who: str
    owner: str = ""
    reason: str = ""
    note: str = ""


class Failed(Struct, frozen=True, kw_only=True):
    """A difference that an act could not be done to, and why."""

    id: uuid.UUID
    refusal: Refusal


async def act(
    connection: Connection,
    tenant: int,
    ids: Sequence[uuid.UUID],
    told: Told,
    actor: Actor,
    now_ms: int,
) -> list[Failed]:
    """Act on differences in one commit; gives those that it could not be done to.

    Raises InputError: `no_difference`, `unknown_person`, `reason`.
    """
    if told.act == "close" and told.reason not in states.REASONS:
        listed = ", ".join(states.REASONS)
        raise InputError("reason", f"a reason is one of {listed}", "/reason")
    if told.act == "assign" and told.owner not in ("", told.who):
        staff = await marks.staff(connection, tenant)
        if told.owner not in [colleague.person for colleague in staff]:
            raise InputError("unknown_person", f"nobody is {told.owner[:64]!r} here", "/owner")
    failed: list[Failed] = []
    async with connection.transaction():
        _, rules = await reconcile.read_rules(connection, tenant)
        rows = await (await connection.execute(_LOCK, (tenant, list(ids)))).fetchall()
        if len(rows) < len(set(ids)):
            raise NO_DIFFERENCE
        for row in rows:
            at = Standing(
                state=row[4],
                expected=row[5],
                actual=row[6],
                owner=row[7],
                reason=row[8],
                note=row[9],
                asked=row[10],
                second=row[11],
            )
            after = _decide(at, told, rules.second_fen)
            if isinstance(after, Refusal):
                failed.append(Failed(id=row[0], refusal=after))
                continue
            subject = f"{states.CLASSES[row[1] - 1]}/{row[2]}/{row[3]}"
            said = _say(told, at, after, subject)
            end = (row[12], bytes(row[13]))
            seq, head = await say_next(connection, tenant, row[0], end, actor, now_ms, said)
            await connection.execute(
                _WRITE,
                (
                    *(after.state, after.owner, after.reason, after.note, after.asked),
                    *(after.second, seq, head, tenant, row[0]),
                ),
            )
    return failed


def _decide(at: Standing, told: Told, second_fen: int) -> Standing | Refusal:
    match told.act:
        case "assign":
            return states.assign(at, told.owner)
        case "close":
            return states.close(at, told.reason, told.note, told.who, second_fen)
        case "confirm":
            return states.confirm(at, told.who)
        case "decline":
            return states.decline(at, told.note)
        case "reopen":
            return states.reopen(at, told.note)


def _say(told: Told, before: Standing, after: Standing, subject: str) -> Struct:
    of: dict[str, Any] = {
        "actual": before.actual,
        "expected": before.expected,
        "subject": subject,
    }
    if told.act == "assign":
        return DifferenceAssigned(owner=after.owner, **of)
    if told.act == "decline":
        return DifferenceDeclined(note=told.note.strip(), **of)
    if told.act == "reopen":
        return DifferenceReopened(note=told.note.strip(), **of)
    if after.state == states.PROPOSED:
        return DifferenceProposed(note=after.note, reason=after.reason, **of)
    return DifferenceClosed(note=after.note, reason=after.reason, second=after.second, **of)
