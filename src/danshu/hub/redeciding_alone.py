"""One order of a re-decision by the door of a person's re-route: where its channel has quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from danshu.capabilities.orders import decide as orders
from danshu.hub import acts, redeciding_group, rerouting
from danshu.hub.changes import Change
from danshu.hub.redeciding_group import MOVED, REASON, UNTOUCHED
from danshu.hub.redeciding_rows import ACTOR
from danshu.kernel.fact import Said

if TYPE_CHECKING:
    from danshu.hub.changes import Held
    from danshu.hub.redeciding_group import Row, Run
    from danshu.hub.world import World
    from danshu.kernel.errors import Refusal

Connection = Any


async def decide(connection: Connection, world: World, run: Run, row: Row, now_ms: int) -> str:
    """Decide an order again, in the caller's transaction; gives what became of it."""
    found, is_cold, _ = redeciding_group.closed_for(world, run, row)
    closed = tuple(each for named in found.values() for each in named)
    if not closed:
        return UNTOUCHED
    outcome = MOVED

    def turn(world: World, held: Held, now_ms: int) -> Change | Refusal:
        nonlocal outcome
        out = tuple(sorted({c.warehouse for c in closed}))
        told = orders.Command(event="reroute", reason=REASON, exclude=out, by=ACTOR.sub)
        decided = rerouting.reroute(world, held, told, now_ms)
        if isinstance(decided, Change):
            first = Said(data=redeciding_group.tell(run, closed, MOVED))
            said = redeciding_group.caused([first, *decided.said], run)
            return replace(decided, said=said)
        stays = redeciding_group.stay(run, row, closed, is_cold=is_cold, now_ms=now_ms)
        outcome = stays.outcome
        return Change(order=stays.order, said=stays.said, promises=held.promises)

    await acts.change(connection, world, row.id, ACTOR, now_ms, turn)
    return outcome
