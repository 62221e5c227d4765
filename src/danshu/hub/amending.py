"""Amendment 改单: the order says otherwise, what is open is decided again, stock moves by the
difference; one commit.

What is given up leaves its warehouse and what is new is decided in the same breath, so that no unit
is ever free in between. Where deciding all of it together would leave more open than deciding the
new units alone, what waits stays where it is. What nobody can give stays open, and the answer says
how much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from danshu.capabilities.contract import decide as contract
from danshu.capabilities.contract.model import Event
from danshu.capabilities.orders import amending
from danshu.capabilities.orders import decide as orders
from danshu.capabilities.orders.amend_facts import OrderAmended
from danshu.hub import changes, order_type_book, presale
from danshu.hub.changes import Change, Held
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import Said, epoch_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.contract.model import Promise
    from danshu.capabilities.orders.amending import Wish
    from danshu.capabilities.orders.model import Order
    from danshu.hub.world import World
    from danshu.kernel.fact import Evidence

_WHOLE = (("shipped", "carrier.accepted"), ("delivered", "shipment.delivered"))


def amend(
    world: World, held: Held, wish: Wish, evidence: tuple[Evidence, ...], now_ms: int
) -> Change | Refusal:
    """Decide an amendment and, by it, what is open; takes from the prediction what it reserves.

    Raises InputError for what cannot be said of the order.
    """
    closed = presale.door(world, held.order, "amend")
    if closed is not None:
        return closed
    before = _Predicted(world, held.order, wish)
    alone = _decide(world, held, wish, evidence, now_ms, regroup=False)
    if isinstance(alone, Refusal) or not (_grows(held.order, alone.order) or wish.wanted):
        return alone
    taken = _Predicted(world, held.order, wish)
    before.restore()
    together = _decide(world, held, wish, evidence, now_ms, regroup=True)
    if isinstance(together, Change) and open_units(together.order) <= open_units(alone.order):
        return together
    taken.restore()
    return alone


def open_units(order: Order) -> int:
    """Give the units of an order that no warehouse has."""
    return sum(orders.open_units(n) for n in order.lines)


def _grows(before: Order, after: Order) -> bool:
    units = {n.no: n.quantity for n in before.lines}
    return any(n.quantity > units.get(n.no, 0) for n in after.lines)


def _decide(
    world: World,
    held: Held,
    wish: Wish,
    evidence: tuple[Evidence, ...],
    now_ms: int,
    *,
    regroup: bool,
) -> Change | Refusal:
    done = amending.amend(held.order, wish, regroup=regroup)
    if isinstance(done, Refusal):
        return done
    first, *others = done.said
    said = [replace(first, evidence=evidence, cause=wish.consent), *others]
    assert isinstance(first.data, OrderAmended)
    _give_back(world, held.order.channel, first.data)
    promises, more = _tell_promises(held, done.order, wish, now_ms)
    change = Change(order=done.order, said=[*said, *more], promises=promises)
    if not open_units(done.order) or not orders.routable(done.order):
        return change
    if done.order.type and order_type_book.reserving(world, done.order) is None:
        return change  # its stage reserves nothing yet
    anew = replace(held, order=done.order, promises=promises)
    routed = changes.allocate(world, anew, now_ms)
    if isinstance(routed, Refusal):
        return change
    return replace(routed, said=[*change.said, *routed.said])


def _tell_promises(
    held: Held, after: Order, wish: Wish, now_ms: int
) -> tuple[tuple[Promise, ...], Sequence[Said]]:
    """Move the deadlines that the buyer agreed to move; what is left may have left already."""
    promises, said = held.promises, list[Said]()
    if wish.wanted and wish.consent:
        promises, said = contract.amend(promises, end_of_day_ms(wish.wanted), wish.consent)
    events = [
        Event(name=event, occurred_ms=now_ms, recorded_ms=now_ms, source=wish.by)
        for counter, event in _WHOLE
        if _is_whole(after, counter) and not _is_whole(held.order, counter)
    ]
    if events:
        promises, heard = contract.hear(promises, events, now_ms)
        said += heard
    return promises, said


def _is_whole(order: Order, counter: str) -> bool:
    return all(getattr(n, counter) >= n.quantity - n.cancelled for n in order.lines)


def end_of_day_ms(day: str) -> int:
    """Give the last instant of a day in Shanghai, epoch ms."""
    return epoch_ms(f"{day}T15:59:59.999Z")


def _give_back(world: World, channel: str, amended: OrderAmended) -> None:
    """Let the prediction have what is freed."""
    for part in amended.freed:
        wh = world.warehouse_no[part.warehouse]
        for share in part.shares:
            sku = world.skus[share.sku][0]
            world.atp[sku, wh] += share.quantity
            left = world.quotas.get((sku, channel), {})
            if wh in left:
                left[wh] += share.quantity


class _Predicted:
    """What deciding changes of a world's prediction, to be put back."""

    def __init__(self, world: World, order: Order, wish: Wish) -> None:
        codes = {n.sku for n in order.lines} | {n.sku for n in wish.lines if n.sku}
        self._world = world
        self._skus = sorted({world.skus[c][0] for c in codes if c in world.skus})
        self._atp: Any = world.atp[self._skus].copy()
        self._capacity = world.capacity.copy()
        self._quotas = {k: dict(v) for k, v in world.quotas.items() if k[0] in self._skus}
        self._awaiting = dict(world.awaiting)

    def restore(self) -> None:
        """Put it back."""
        world = self._world
        world.atp[self._skus] = self._atp
        world.capacity[:] = self._capacity
        world.quotas.update({k: dict(v) for k, v in self._quotas.items()})
        world.awaiting = dict(self._awaiting)

    def __enter__(self) -> _Predicted:
        return self

    def __exit__(self, *_: object) -> None:
        self.restore()


def untouched(world: World, order: Order, wish: Wish) -> _Predicted:
    """Give back what deciding takes from the prediction, when the block ends."""
    return _Predicted(world, order, wish)
