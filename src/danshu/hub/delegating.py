"""Delegations 授权代办: a person lets another do an action in their place, for a time.

The other acts under their own name and by their own proof; the fact of the act names who lent it.
What is lent is a role of the giver's, so it holds only while the giver has it.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.people import facts
from danshu.capabilities.people.model import ACTIVE
from danshu.hub import people
from danshu.hub.saying import say_next
from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import NO_HEAD, rfc3339
from danshu.kernel.limits import DELEGATION_S, DELEGATIONS
from danshu.ledger import write

if TYPE_CHECKING:
    from danshu.capabilities.contract.actions.model import Action
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
NO_DELEGATION: Final = InputError("no_delegation", "there is no such delegation")
NOT_YOURS: Final = Refusal(
    code="not_yours_to_lend",
    reason="自己不能做的动作,不能授权别人代办",
    reason_en="What you may not do yourself you cannot delegate",
    clause="delegation.right",
)
SELF: Final = Refusal(
    code="delegation_to_self",
    reason="不能授权给自己",
    reason_en="Nobody delegates to themselves",
    clause="delegation.to",
)
OVER: Final = Refusal(
    code="delegation_over",
    reason="这项授权已到期或已收回",
    reason_en="The delegation has ended already",
    clause="delegation.ends",
)
TOO_MANY: Final = Refusal(
    code="too_many_delegations",
    reason=f"最多同时有 {DELEGATIONS} 项授权",
    reason_en=f"At most {DELEGATIONS} delegations hold at a time",
    clause="delegation.limit",
)
_FIND: Final = (
    "select d.action, d.giver, p.roles from delegations d join people p"
    " on p.tenant=d.tenant and p.id=d.giver"
    " where d.tenant=%s and d.taker=%s and d.withdrawn is null"
    " and d.begins<=%s and d.ends>%s and p.state=%s order by d.ends desc"
)
_LIST: Final = (
    "select d.id, d.action, d.giver, g.number, d.taker, t.number, d.reason, d.begins, d.ends,"
    " d.withdrawn from delegations d join people g on g.tenant=d.tenant and g.id=d.giver"
    " join people t on t.tenant=d.tenant and t.id=d.taker where d.tenant=%s"
    " and (%s::uuid is null or d.giver=%s or d.taker=%s) and d.id<%s order by d.id desc limit %s"
)
_LOCK: Final = (
    "select giver, taker, ends, withdrawn, seq, head from delegations where tenant=%s and id=%s"
    " for update"
)
_COUNT: Final = "select count(*) from delegations where tenant=%s and withdrawn is null and ends>%s"
_INSERT: Final = (
    "insert into delegations(tenant,id,action,giver,taker,reason,begins,ends,seq,head)"
    " values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)"
)
_WITHDRAW: Final = "update delegations set withdrawn=%s, seq=%s, head=%s where tenant=%s and id=%s"


class Delegation(Struct, frozen=True, kw_only=True):
    """A delegation in a list. People by number; times in epoch ms, `withdrawn_ms` 0 = never."""

    id: uuid.UUID
    action: str
    giver: uuid.UUID
    giver_number: str
    taker: uuid.UUID
    taker_number: str
    reason: str
    begins_ms: int
    ends_ms: int
    withdrawn_ms: int


async def find(
    connection: Connection, tenant: int, taker: uuid.UUID, now_ms: int
) -> dict[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    """Give what was lent to somebody and holds now: by action, the givers with their roles."""
    now = write.instant(now_ms * 1000)
    cursor = await connection.execute(_FIND, (tenant, taker, now, now, ACTIVE))
    found: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {}
    for action, giver, roles in await cursor.fetchall():
        found[action] = (*found.get(action, ()), (f"person:{giver}", tuple(roles)))
    return found


async def give(
    connection: Connection,
    tenant: int,
    giver: people.Row,
    action: Action,
    taker: uuid.UUID,
    *,
    ends_ms: int,
    reason: str,
    actor: Actor,
    now_ms: int,
) -> uuid.UUID | Refusal:
    """Lend an action until `ends_ms`. Raises InputError `no_person`, `delegation_ends`."""
    if not now_ms < ends_ms <= now_ms + DELEGATION_S * 1000:
        raise InputError(
            "delegation_ends", f"a delegation ends within {DELEGATION_S // 86_400} days", "/ends"
        )
    if not set(action.who.roles) & set(giver.person.roles):
        return NOT_YOURS
    if taker == giver.id:
        return SELF
    async with connection.transaction():
        other = await people.find(connection, tenant, taker)
        if other.person.state != ACTIVE:
            raise people.NO_PERSON
        cursor = await connection.execute(_COUNT, (tenant, write.instant(now_ms * 1000)))
        row = await cursor.fetchone()
        if row is not None and row[0] >= DELEGATIONS:
            return TOO_MANY
        id_ = ids.uuid7(now_ms, os.urandom(10))
        said = facts.DelegationGiven(
            action=action.action,
            begins=rfc3339(now_ms),
            ends=rfc3339(ends_ms),
            giver=f"person:{giver.id}",
            reason=reason,
            to=f"person:{taker}",
        )
        seq, head = await say_next(connection, tenant, id_, (0, NO_HEAD), actor, now_ms, said)
        begins, ends = write.instant(now_ms * 1000), write.instant(ends_ms * 1000)
        values = (tenant, id_, action.action, giver.id, taker, reason, begins, ends, seq, head)
        await connection.execute(_INSERT, values)
    return id_


async def withdraw(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    *,
    giver: uuid.UUID | None,
    reason: str,
    actor: Actor,
    now_ms: int,
) -> Refusal | None:
    """Take a delegation back; `giver` None lets an admin do it for anybody.

    Raises InputError `no_delegation`, also for one of somebody else's.
    """
    async with connection.transaction():
        row = await (await connection.execute(_LOCK, (tenant, id_), binary=True)).fetchone()
        if row is None or (giver is not None and giver not in (row[0], row[1])):
            raise NO_DELEGATION
        if row[3] is not None or row[2].timestamp() * 1000 <= now_ms:
            return OVER
        said = facts.DelegationWithdrawn(reason=reason)
        end = row[4], bytes(row[5])
        seq, head = await say_next(connection, tenant, id_, end, actor, now_ms, said)
        now = write.instant(now_ms * 1000)
        await connection.execute(_WITHDRAW, (now, seq, head, tenant, id_))
    return None


async def page(
    connection: Connection, tenant: int, person: uuid.UUID | None, before: uuid.UUID, limit: int
) -> list[Delegation]:
    """List delegations, the newest first; those of one person, or all."""
    values = (tenant, person, person, person, before, limit)
    cursor = await connection.execute(_LIST, values)
    return [
        Delegation(
            id=id_,
            action=action,
            giver=giver,
            giver_number=giver_number,
            taker=taker,
            taker_number=taker_number,
            reason=reason,
            begins_ms=round(begins.timestamp() * 1000),
            ends_ms=round(ends.timestamp() * 1000),
            withdrawn_ms=round(withdrawn.timestamp() * 1000) if withdrawn else 0,
        )
        for (
            id_,
            action,
            giver,
            giver_number,
            taker,
            taker_number,
            reason,
            begins,
            ends,
            withdrawn,
        ) in await cursor.fetchall()
    ]
