"""Orders that found only full cold zones, decided again when a temperature has confirmed those
before: the longest waiting first, each in a commit of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from danshu.capabilities.orders import decide as orders
from danshu.hub import acts, canary
from danshu.hub.changes import Change, allocate, caused
from danshu.kernel.errors import DanshuError, Refusal
from danshu.kernel.fact import Actor
from danshu.kernel.limits import CANARY_RELEASES
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid

    from danshu.hub.changes import Held
    from danshu.hub.world import World
    from danshu.hub.worlds import Worlds

Connection = Any
ACTOR: Final = Actor(sub="canary", role="system", grade="C")
CAUSE: Final = "canary"
_REFUSED: Final = 3  # one after the other: the zones are full still
_TENANTS: Final = "select distinct tenant from cold_waits order by 1"
_OLDEST: Final = "select id from cold_waits where tenant=%s order by since, id limit %s"
_OVER: Final = "delete from cold_waits where tenant=%s and id=%s"
_LATER: Final = "update cold_waits set since=now() where tenant=%s and id=%s"


async def release(connection: Connection, worlds: Worlds, now_ms: int) -> int:
    """Decide what waits again; gives how many orders wait no longer."""
    tenants = await (await connection.execute(_TENANTS)).fetchall()
    if tenants:
        await worlds.look()
    released = 0
    for (tenant,) in tenants:
        rows = await (await connection.execute(_OLDEST, (tenant, CANARY_RELEASES))).fetchall()
        refused = 0
        for (id_,) in rows:
            world = await worlds.ensure(tenant)
            is_over = await _try(connection, world, worlds, id_, now_ms)
            released += is_over
            refused = 0 if is_over else refused + 1
            if refused == _REFUSED:
                break
    return released


async def _try(
    connection: Connection, world: World, worlds: Worlds, id_: uuid.UUID, now_ms: int
) -> bool:
    """Decide one again; gives whether it waits no longer."""
    tenant = world.tenant
    try:
        async with connection.transaction():
            told = await acts.change(connection, world, id_, ACTOR, now_ms, _again)
            is_over = not isinstance(told, Refusal) or told != orders.BACKORDER
            await connection.execute(_OVER if is_over else _LATER, (tenant, id_))
            return is_over
    except (DanshuError, write.GuardFailed):
        worlds.distrust({tenant})
        return False


def _again(world: World, held: Held, now_ms: int) -> Change | Refusal:
    """Give the order its cold zone and let it go on; BACKORDER while it has to wait."""
    if canary.HOLD not in held.order.holds:  # a person has decided
        return Change(order=held.order, said=[], promises=held.promises)
    decided = allocate(world, held, now_ms)
    if isinstance(decided, Refusal) and decided != orders.ALLOCATED:
        return decided
    if isinstance(decided, Refusal):
        decided = Change(order=held.order, said=[], promises=held.promises)
    if any(orders.open_units(n) for n in decided.order.lines):
        return orders.BACKORDER
    told = orders.Command(event="unhold", reason=canary.HOLD, by=ACTOR.sub)
    done = orders.act(decided.order, told, now_ms)
    if isinstance(done, Refusal):
        return done
    said = [*decided.said, *done.said]
    return caused(replace(decided, order=done.order, said=said), CAUSE)
