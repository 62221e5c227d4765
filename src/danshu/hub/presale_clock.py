"""The clock of orders that follow a type: windows open and close, groups are decided. A timer is
deleted in the commit of what it causes, so that each happens once, whoever is killed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub import acts, presale
from danshu.hub.changes import Change
from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    import uuid

    from danshu.hub.changes import Held
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_FATE: Final = """
select g.state from typed_orders t join order_groups g on g.tenant=t.tenant and g.type=t.code
and g.code=t.grp where t.tenant=%s and t.id=%s
"""


async def ring(
    connection: Connection, world: World, id_: uuid.UUID, actor: Actor, now_ms: int
) -> None:
    """Let time pass over an order's stage, in the transaction that claimed its timer."""
    row = await (await connection.execute(_FATE, (world.tenant, id_))).fetchone()
    fate = row[0] if row and row[0] != "open" else ""

    def decide(world: World, held: Held, now_ms: int) -> Change | Refusal:
        done = presale.pass_time(world, held.order, now_ms, fate)
        if done is None:
            nothing = Change(order=held.order, said=[], promises=held.promises)
            return presale.catch_up(world, held, nothing, now_ms) if held.order.type else nothing
        if isinstance(done, Refusal):
            return done
        return presale.change(world, held, done, now_ms, actor.sub)

    await acts.change(connection, world, id_, actor, now_ms, decide)
