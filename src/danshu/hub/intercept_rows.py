"""What an act does to the row of an order that an intercept rule had stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.hub.intercept_facts import OrderLetPass
from danshu.hub.intercepts import CODES
from danshu.ledger import write

if TYPE_CHECKING:
    from danshu.hub.changes import Change, Held
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

_END: Final = """
update intercept_stops set state=%b, ended=%b, by=%b, reason=%b, note=%b
where tenant=%b and id=%b and state='held'
"""


async def follow(
    connection: Any, world: World, held: Held, decided: Change, actor: Actor, now_ms: int
) -> None:
    """End the row where the act lifted the last hold of a rule, or cancelled the order."""
    if CODES.isdisjoint(held.order.holds):
        return
    gone = bool(decided.order.cancelled) and not held.order.cancelled
    if not gone and not CODES.isdisjoint(decided.order.holds):
        return
    told = next((s.data for s in decided.said if isinstance(s.data, OrderLetPass)), None)
    state = "cancelled" if gone else "released"
    reason, note = (told.reason, told.note) if told is not None else ("", "")
    at = write.instant(now_ms * 1000)
    row = (state, at, actor.sub, reason, note, world.tenant, held.id)
    await connection.execute(_END, row, binary=True)
