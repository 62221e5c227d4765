"""What holds with rules do to stock, and what ends them: time, payment, stock that came in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from danshu.capabilities.orders import decide as orders
from danshu.capabilities.orders import facts, holding, rerouting
from danshu.capabilities.orders.commands import conclude
from danshu.hub import changes
from danshu.hub import rerouting as rerouter
from danshu.hub.changes import Change, Held
from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    from danshu.hub.world import World

TIMER_HOLD: Final = 31


def follow(world: World, held: Held, change: Change, now_ms: int) -> Change:
    """Let an act's change have what its holds ask for: what is freed, what is reserved again, when
    the next hold ends by itself. Nothing where no hold has a rule.
    """
    before, after = held.order, change.order
    if not (before.rules or after.rules):
        return change
    ended = holding.over(after, now_ms)
    if ended:
        done = conclude(after, ended, 0)
        change = replace(change, order=done.order, said=[*change.said, *done.said])
    if holding.frees(change.order) and not holding.frees(before):
        change = _free(world, change)
    elif holding.frees(before) and not holding.frees(change.order):
        change = _reserve(world, held, change, now_ms)
    until_ms = holding.next_ms(change.order)
    is_new = until_ms and until_ms != holding.next_ms(before)
    return replace(change, hold_ms=until_ms) if is_new else change


def _free(world: World, change: Change) -> Change:
    """Give back what no warehouse has begun and nobody has pinned."""
    done = rerouting.withdraw(change.order, "hold", ())
    if isinstance(done, Refusal) or not done.said:
        return change
    rerouter.give_back(world, change.order.channel, done)
    return replace(change, order=done.order, said=[*change.said, *done.said])


def _reserve(world: World, held: Held, change: Change, now_ms: int) -> Change:
    """Reserve again what was given back; what is gone by now waits for stock."""
    if not orders.routable(change.order):
        return change
    anew = replace(held, order=change.order, promises=change.promises)
    routed = changes.allocate(world, anew, now_ms)
    if isinstance(routed, Refusal):
        return change
    return replace(routed, said=[*change.said, *routed.said])


def ring(world: World, held: Held, now_ms: int) -> Change | Refusal:
    """End the holds whose time has come."""
    change = Change(order=held.order, said=[], promises=held.promises)
    return follow(world, held, change, now_ms)


def allocate(world: World, held: Held, now_ms: int) -> Change | Refusal:
    """Allocate what an order waits for; a hold that awaits stock ends where all of it came."""
    awaiting = [r for r in held.order.rules if r.awaits == holding.STOCK]
    if not awaiting:
        return changes.allocate(world, held, now_ms)
    done = conclude(held.order, [facts.OrderUnheld(reason=r.reason) for r in awaiting], 0)
    if holding.frees(done.order):
        return holding.FREED
    codes = {n.sku for n in held.order.lines if n.sku in world.skus}
    skus = sorted({world.skus[c][0] for c in codes})
    atp, capacity = world.atp[skus].copy(), world.capacity.copy()
    quotas = {k: dict(v) for k, v in world.quotas.items() if k[0] in skus}
    routed = changes.allocate(world, replace(held, order=done.order), now_ms)
    if isinstance(routed, Refusal):
        return routed
    if any(orders.open_units(n) for n in routed.order.lines):
        world.atp[skus] = atp
        world.capacity[:] = capacity
        world.quotas.update(quotas)
        return orders.BACKORDER
    return replace(routed, said=[*done.said, *routed.said])
