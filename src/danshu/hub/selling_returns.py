"""What orders give back of limited gifts 限量赠品 and announced goods 预订, and take more of.

An order uses up as many units as its lines still are: cancelled and amended away ones go back in
the commit that says so, and who has had a gift once may have it again when none of it is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from danshu.capabilities.orders.amend_facts import OrderAmended
from danshu.capabilities.orders.facts import OrderCancelled
from danshu.hub.selling import GIFT, PREORDER
from danshu.hub.selling_facts import AllowanceChange, AllowancesChanged
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Said

if TYPE_CHECKING:
    from danshu.capabilities.orders.model import Line, Order
    from danshu.hub.changes import Change, Held
    from danshu.hub.world import World

Connection = Any
USED_UP: Final = InputError(
    "allowance_used_up", "fewer units are left than the amendment asks for", "/lines"
)
_MOVE: Final = """
update allowances set used=used+%s where tenant=%s and name=%s and (%s < 0 or used+%s <= cap)
returning cap-used
"""
_FORGET: Final = "delete from gift_buyers where tenant=%s and code=any(%s) and id=%s returning code"


def allowance_of(line: Line) -> str:
    """Name the allowance that a line came out of, "" for none."""
    if line.arrives:
        return PREORDER + line.sku
    return GIFT + line.gift if line.limited else ""


def changed(before: Order, after: Order) -> list[AllowanceChange]:
    """Give by line how many more units of its allowance it uses, negative = given back."""
    was = {n.no: n.quantity - n.cancelled for n in before.lines}
    told = [
        (n, allowance_of(n), n.quantity - n.cancelled - was[n.no])
        for n in after.lines
        if n.no in was
    ]
    return [AllowanceChange(line=n.no, name=name, used=d) for n, name, d in told if name and d]


def gone(before: Order, after: Order) -> list[str]:
    """Name the gift rules of which the order had something, and has nothing any more."""
    had = {n.gift for n in before.lines if n.gift and n.quantity > n.cancelled}
    return sorted(had - {n.gift for n in after.lines if n.quantity > n.cancelled})


async def attend(connection: Connection, world: World, held: Held, decided: Change) -> Change:
    """Move allowances by what a change cancels or amends, and say so; in the commit of the change.

    Raises InputError `allowance_used_up` where an amendment wants more than is left.
    """
    if not any(isinstance(s.data, OrderCancelled | OrderAmended) for s in decided.said):
        return decided
    changes = changed(held.order, decided.order)
    rules = gone(held.order, decided.order)
    again: list[str] = []
    if rules:
        cursor = await connection.execute(_FORGET, (world.tenant, rules, held.id))
        again = sorted(code for (code,) in await cursor.fetchall())
    units: dict[str, int] = {}
    for one in changes:
        units[one.name] = units.get(one.name, 0) + one.used
    for name, used in sorted(units.items()):  # in key order, as placing takes them
        cursor = await connection.execute(_MOVE, (used, world.tenant, name, used, used))
        row = await cursor.fetchone()
        if row is None:
            raise USED_UP
        if world.selling is not None:
            world.selling.left[name] = row[0]
    if not changes and not again:
        return decided
    said = Said(data=AllowancesChanged(again=tuple(again), changes=tuple(changes)))
    return replace(decided, said=[*decided.said, said])
