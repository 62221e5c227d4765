"""The rows beside an order that follows a type: its stage, its group, what its buyer has taken of
the type, and the timers of its windows. Written in the commit of its facts; the audit compares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.order_types import decide
from danshu.hub import order_type_book, presale
from danshu.kernel.errors import InputError
from danshu.ledger import timers, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.orders.model import Order
    from danshu.hub.changes import Change, Held
    from danshu.hub.group import Placement
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
TIMER_STAGE: Final = 33
CAP: Final = "type_buyers_cap"
OVER_CAP: Final = InputError("buyer_cap", "the buyer has taken all that the type allows", "/buyer")
_INSERT: Final = """
insert into typed_orders(tenant,id,code,version,stage,grp,buyer,units,paid,alive)
select tenant,id,code,version,stage,grp,buyer,units,paid<>0,true
from unnest(%b::int4[],%b::uuid[],%b::text[],%b::int4[],%b::text[],%b::text[],%b::text[],
%b::int4[],%b::int2[]) t(tenant,id,code,version,stage,grp,buyer,units,paid)
"""
# In key order, so that two groups lock in one; a buyer above the cap fails the commit by name.
_TAKE: Final = """
insert into type_buyers(tenant,code,buyer,units,cap)
select tenant,code,buyer,sum(units),max(cap) from unnest(%b::int4[],%b::text[],%b::text[],
%b::int4[],%b::int4[]) t(tenant,code,buyer,units,cap) group by 1,2,3 order by 1,2,3
on conflict (tenant,code,buyer) do update set units=type_buyers.units+excluded.units,
cap=excluded.cap
"""
_UPDATE: Final = """
update typed_orders set stage=%s, paid=%s, alive=%s, units=%s where tenant=%s and id=%s
returning code, buyer
"""
_WAS: Final = "select units, alive from typed_orders where tenant=%s and id=%s"
_GIVE_BACK: Final = """
update type_buyers set units=units-%s where tenant=%s and code=%s and buyer=%s
"""
_GROUP: Final = """
select state from order_groups where tenant=%s and type=%s and code=%s for share
"""
_ADD_TIMER: Final = (
    "insert into timers(tenant,due,id,kind) values(%s,%s,%s,%s) on conflict do nothing"
)


def statements(placed: Sequence[Placement]) -> list[write.Statement]:
    """Give the statements that write the rows of placed orders which follow types."""
    w = write
    typed = [(p, p.typed) for p in placed if p.typed is not None]
    rows = (
        w.int4s([p.request.tenant for p, _ in typed]),
        w.uuids([p.id for p, _ in typed]),
        w.texts([p.order.type for p, _ in typed]),
        w.int4s([p.order.type_version for p, _ in typed]),
        w.texts([p.order.phase for p, _ in typed]),
        w.texts([p.order.group for p, _ in typed]),
        w.texts([p.order.buyer for p, _ in typed]),
        w.int4s([t.units for _, t in typed]),
        w.int2s([int(p.order.paid > 0) for p, _ in typed]),
    )
    out = [w.Statement(_INSERT, rows)]
    capped = [(p, t) for p, t in typed if t.cap and p.order.buyer]
    if capped:
        taken = (
            w.int4s([p.request.tenant for p, _ in capped]),
            w.texts([p.order.type for p, _ in capped]),
            w.texts([p.order.buyer for p, _ in capped]),
            w.int4s([t.units for _, t in capped]),
            w.int4s([t.cap for _, t in capped]),
        )
        out.append(w.Statement(_TAKE, taken))
    due = [
        timers.Timer(due_us=t.due_ms * 1000, tenant=p.request.tenant, id=p.id, kind=TIMER_STAGE)
        for p, t in typed
        if t.due_ms
    ]
    return [*out, *([timers.put(due)] if due else [])]


def over_cap(error: psycopg.errors.CheckViolation) -> InputError | None:
    """Give what a buyer hears who has taken all that a type allows; None for another constraint."""
    return OVER_CAP if error.diag.constraint_name == CAP else None


async def follow(connection: Connection, world: World, held: Held, decided: Change) -> None:
    """Bring the rows of an order that follows a type up to date, in the commit of its facts.

    Raises InputError `group_closed` for who pays to join a group that is decided.
    """
    order, tenant = decided.order, world.tenant
    kind = order_type_book.kind_of(world, order)
    if order.phase != held.order.phase and decide.awaited(kind, order.phase) == "group.formed":
        await _still_open(connection, tenant, order)
    is_alive = not order.cancelled
    units = presale.life_of(kind, order).units
    was = await (await connection.execute(_WAS, (tenant, held.id))).fetchone()
    given = (order.phase, order.paid > 0, is_alive, units, tenant, held.id)
    row = await (await connection.execute(_UPDATE, given)).fetchone()
    if was and row and row[1] and kind.buyer_units:
        back = (was[0] if was[1] else 0) - (units if is_alive else 0)
        if back:
            await connection.execute(_GIVE_BACK, (back, tenant, row[0], row[1]))
    due_ms = presale.next_ms(world, order)
    if due_ms and due_ms != presale.next_ms(world, held.order):
        at = write.instant(due_ms * 1000)
        await connection.execute(_ADD_TIMER, (tenant, at, held.id, TIMER_STAGE))


async def _still_open(connection: Connection, tenant: int, order: Order) -> None:
    given = (tenant, order.type, order.group)
    row = await (await connection.execute(_GROUP, given)).fetchone()
    if row is None or row[0] != "open":
        raise InputError("group_closed", "the group has closed: nobody joins it any more", "/group")
