"""Compensations as people see and decide them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, Literal

import psycopg
from msgspec import Struct

from danshu.capabilities.contract.remedy_facts import CompensationApproved, CompensationRefused
from danshu.hub.changes import Change
from danshu.hub.remedies import NOT_NOW
from danshu.kernel.fact import Said, epoch_ms, rfc3339
from danshu.ledger import write

if TYPE_CHECKING:
    from danshu.hub.changes import Decide, Held
    from danshu.hub.world import World
    from danshu.kernel.errors import Refusal

Connection = psycopg.AsyncConnection[Any]
_COLUMNS: Final = """
select c.id, c.code, c.step, c.state, c.amount, c.base, c.currency,
encode(c.definition,'hex'), c.auto, (extract(epoch from c.pay_by)*1000)::int8,
(extract(epoch from c.proposed)*1000)::int8, (extract(epoch from c.decided)*1000)::int8,
coalesce(p.number, c.by), c.reason, c.receipt, c.tries, c.next_try is null, c.trouble
from compensations c
left join people p on p.tenant=c.tenant and 'person:' || p.id::text = c.by
"""
_OF_ORDER: Final = _COLUMNS + ("where c.tenant=%s and c.id=%s order by c.proposed, c.code, c.step")
_BY_STATE: Final = _COLUMNS + (
    "where c.tenant=%s and c.state=%s and (c.pay_by, c.id, c.code, c.step) > (%s, %s, %s, %s)"
    " order by c.pay_by, c.id, c.code, c.step limit %s"
)
_RETRY: Final = """
update compensations set next_try=%s, trouble=''
where tenant=%s and id=%s and code=%s and step=%s and state='approved'
"""
_WAKE: Final = """
update compensations set next_try=%s where tenant=%s and state='approved' and next_try is not null
"""


class Compensation(Struct, frozen=True, kw_only=True):
    """What a step of a breach chain owes, in minor units.

    `clause` is the digest of the version that the order is pinned to; `by` a person's number, a
    key's name or `policy`. `is_stuck`: approved, and the service will not pay: see `trouble`.
    """

    order: uuid.UUID
    code: str
    step: int
    state: str
    amount: int
    base: int
    currency: str
    clause: str
    auto: bool
    pay_by: str
    proposed: str
    decided: str
    by: str
    reason: str
    receipt: str
    tries: int
    is_stuck: bool
    trouble: str


Place = tuple[int, str, str, int]  # pay_by (epoch ms), order, code, step
FIRST: Final[Place] = (0, str(uuid.UUID(int=0)), "", -1)


def place_of(row: Compensation) -> Place:
    """Give the place of a row."""
    return epoch_ms(row.pay_by), str(row.order), row.code, row.step


async def of_order(connection: Connection, tenant: int, id_: uuid.UUID) -> list[Compensation]:
    """Read the compensations of an order, the oldest first."""
    cursor = await connection.execute(_OF_ORDER, (tenant, id_))
    return [_read(row) for row in await cursor.fetchall()]


async def by_state(
    connection: Connection, tenant: int, state: str, after: Place, limit: int
) -> list[Compensation]:
    """Read compensations in a state after a place, by the time until which they are to be paid."""
    pay_by_ms, id_, code, step = after
    place = (write.instant(pay_by_ms * 1000), uuid.UUID(id_), code, step)
    cursor = await connection.execute(_BY_STATE, (tenant, state, *place, limit))
    return [_read(row) for row in await cursor.fetchall()]


def _read(row: tuple[Any, ...]) -> Compensation:
    (id_, code, step, state, amount, base, currency, clause, auto, pay_by, proposed, decided_ms) = (
        row[:12]
    )
    by, reason, receipt, tries, never, trouble = row[12:]
    return Compensation(
        order=id_,
        code=code,
        step=step,
        state=state,
        amount=amount,
        base=base,
        currency=currency,
        clause=clause,
        auto=auto,
        pay_by=rfc3339(pay_by),
        proposed=rfc3339(proposed),
        decided=rfc3339(decided_ms) if decided_ms else "",
        by=by,
        reason=reason,
        receipt=receipt,
        tries=tries,
        is_stuck=state == "approved" and never,
        trouble=trouble,
    )


def decided(row: Compensation, act: Literal["approve", "refuse"], reason: str) -> Decide:
    """Say what a person decided; that it is still to be decided is checked in the commit."""

    def decide(_: World, held: Held, __: int) -> Change | Refusal:
        data = (
            CompensationApproved(amount=row.amount, by="person", code=row.code, step=row.step)
            if act == "approve"
            else CompensationRefused(code=row.code, reason=reason, step=row.step)
        )
        return Change(order=held.order, said=[Said(data=data)], promises=held.promises)

    return decide


async def retry(connection: Connection, tenant: int, row: Compensation, now_ms: int) -> None:
    """Pay again what is approved and not paid. Raises InputError `not_now`."""
    now = write.instant(now_ms * 1000)
    place = (now, tenant, row.order, row.code, row.step)
    if (await connection.execute(_RETRY, place)).rowcount != 1:
        raise NOT_NOW


async def wake(connection: Connection, tenant: int, now_ms: int) -> None:
    """Let what waits for a service be paid now: another one may be connected."""
    await connection.execute(_WAKE, (write.instant(now_ms * 1000), tenant))
