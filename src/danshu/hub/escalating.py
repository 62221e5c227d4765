"""The end of waiting for a person: what the votes held goes on with the plan that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from danshu.capabilities.orders import decide as orders
from danshu.capabilities.routing.scorers.vote import DISAGREE, THIN
from danshu.hub.changes import Change, Held
from danshu.hub.vote_holds import COLD
from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    from danshu.hub.world import World
    from danshu.kernel.fact import Said


def release(world: World, held: Held, now_ms: int) -> Change | Refusal:
    """Let an order go on, nobody having said otherwise; cold goods stay."""
    del now_ms
    order = held.order
    said: list[Said] = []
    skus = (world.skus[line.sku][1] for line in order.lines if line.sku in world.skus)
    if not any(int(sku.storage) & COLD for sku in skus):
        for reason in (DISAGREE, THIN):
            if reason not in order.holds:
                continue
            done = orders.act(order, orders.Command(event="unhold", reason=reason), 0)
            if isinstance(done, Refusal):
                return done
            order = done.order
            said.extend(done.said)
    return Change(order=order, said=said, promises=held.promises)
