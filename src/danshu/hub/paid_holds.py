"""What payment does to an order whose merchant asks others first: it is held in the same commit.

The parties are asked by the room `paid` once the fact has its place in the log; until they have
agreed, no warehouse begins. Who asks nobody pays for one comparison.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.orders import reviews
from danshu.capabilities.orders.evolve import evolve
from danshu.capabilities.orders.facts import OrderCancelled, OrderPaid
from danshu.capabilities.orders.model import State, stage
from danshu.kernel.fact import Said

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from danshu.capabilities.orders.model import Order
    from danshu.hub.changes import Change, Held
    from danshu.hub.group import Placement
    from danshu.hub.world import World


def is_paid(said: Iterable[Said]) -> bool:
    """Tell whether this is the payment that the parties are asked about."""
    return any(isinstance(s.data, OrderPaid) and s.data.stage in reviews.STAGES for s in said)


def heed(world: World, placement: Placement) -> None:
    """Hold an order that is placed paid."""
    parties = world.reviews or ()
    if any(p.required for p in parties) and is_paid(placement.said):
        placement.order, said = _say(
            placement.order, reviews.hold(placement.order, reviews.WAITING)
        )
        placement.said.extend(said)


def attend(world: World, held: Held, decided: Change) -> Change:
    """Hold what was paid now; undo what was agreed to for an order that was cancelled now."""
    order, datas = decided.order, list[Struct]()
    parties = world.reviews or ()
    if order.review is None and any(p.required for p in parties) and is_paid(decided.said):
        datas = reviews.hold(order, reviews.WAITING)
    if order.review is not None and stage(order) is State.CANCELLED:
        cause = next((s.data for s in decided.said if isinstance(s.data, OrderCancelled)), None)
        datas = reviews.end(order, "order", cause.reason) if cause is not None else []
    if not datas:
        return decided
    order, said = _say(order, datas)
    return replace(decided, order=order, said=[*decided.said, *said])


def _say(order: Order, datas: Sequence[Struct]) -> tuple[Order, list[Said]]:
    for data in datas:
        order = evolve(order, data)
    return order, [Said(data=data) for data in datas]
