"""Timers: what becomes due, claimed by whoever is free and deleted in the commit of what it causes.

A timer is its own key (tenant, due, id, kind): setting it twice is setting it once. A claim holds
only as long as the caller's transaction: if that fails, or its process dies, the timers are there
again for the next; so whatever a timer does is written in the transaction that claimed it, and
happens exactly once.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.kernel import limits
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

# One look at the front of each tenant's own timers: the key begins with the tenant.
_CLAIM: Final = (
    "with due as materialized (select d.* from (select id from tenants order by id) t cross join"
    " lateral (select * from timers x where x.tenant = t.id and x.due <= %b order by x.due, x.id,"
    " x.kind limit %b for update skip locked) d order by d.due limit %b)"
    " delete from timers t using due d where t.tenant = d.tenant and t.due = d.due and t.id = d.id"
    " and t.kind = d.kind"
    " returning t.tenant, (extract(epoch from t.due) * 1000000)::int8, t.id, t.kind"
)
_NEXT: Final = (
    "select (extract(epoch from min(d.due)) * 1000000)::int8 from tenants t cross join lateral"
    " (select due from timers x where x.tenant = t.id order by due limit 1) d"
)
_WITHDRAW: Final = (
    "delete from timers t using unnest(%b::int4[],%b::timestamptz[],%b::uuid[],%b::int4[])"
    " as w(tenant,due,id,kind) where t.tenant = w.tenant and t.due = w.due and t.id = w.id"
    " and t.kind = w.kind"
)


class Timer(Struct, frozen=True, kw_only=True, order=True):
    """A moment (epoch microseconds) at which something of `kind` is to be looked at for `id`."""

    due_us: int
    tenant: int
    id: uuid.UUID
    kind: int


def put(timers: Sequence[Timer]) -> write.Statement:
    """Set timers in the caller's commit; those that are set already stay as they are."""
    return write.Statement(write.INSERT_TIMERS, _columns(timers))


def withdraw(timers: Sequence[Timer]) -> write.Statement:
    """Delete timers in the caller's commit; those that are gone already are no error."""
    return write.Statement(_WITHDRAW, _columns(timers))


async def claim(
    connection: psycopg.AsyncConnection[Any],
    now_us: int,
    limit: int = limits.TIMERS_CLAIMED,
) -> list[Timer]:
    """Take up to `limit` timers due by `now_us`, earliest first, and delete them.

    Call it inside the transaction that writes what the timers cause. Timers that another claim
    holds at the moment are passed over, never waited for.
    """
    cursor = connection.cursor(binary=True)
    await cursor.execute(_CLAIM, (write.instant(now_us), limit, limit))
    rows = await cursor.fetchall()
    return sorted(Timer(tenant=t, due_us=due, id=id_, kind=kind) for t, due, id_, kind in rows)


async def next_due_us(connection: psycopg.AsyncConnection[Any]) -> int | None:
    """Tell when the earliest timer is due, epoch microseconds; None when there is none."""
    row = await (await connection.execute(_NEXT)).fetchone()
    return row[0] if row else None


def _columns(timers: Sequence[Timer]) -> tuple[write.Array, ...]:
    # sorted, so that two writers lock in one order
    rows = sorted(timers, key=lambda each: (each.tenant, each.due_us, each.id.bytes, each.kind))
    return (
        write.int4s([each.tenant for each in rows]),
        write.times([each.due_us for each in rows]),
        write.uuids([each.id for each in rows]),
        write.int4s([each.kind for each in rows]),
    )
