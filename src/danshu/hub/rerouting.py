"""Re-route 改派: what no warehouse has begun is taken back and decided again, in one commit.

The units come back to the prediction before the new decision, so that it may choose among all
warehouses but those that a person left out. If it finds nothing else, nothing changes.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from danshu.capabilities.orders import decide as orders
from danshu.capabilities.orders import rerouting
from danshu.hub import changes, policy_holds
from danshu.hub.changes import Change, Held
from danshu.kernel.errors import InputError, Refusal

if TYPE_CHECKING:
    from danshu.capabilities.orders.model import Order
    from danshu.hub.world import World

NOWHERE_ELSE: Final = Refusal(
    code="nowhere_else",
    reason="别处凑不齐,原分仓不变",
    reason_en="No other warehouses can give it all: it stays where it is",
    clause="routing.reroute",
)
SAME_PLAN: Final = Refusal(
    code="same_plan",
    reason="重新选仓仍是原仓",
    reason_en="Decided again, it is the same warehouses",
    clause="routing.reroute",
)


def reroute(world: World, held: Held, told: orders.Command, now_ms: int) -> Change | Refusal:
    """Decide the fulfilment orders that no warehouse has begun again, without `told.exclude`.

    Takes from the predicted stock what the new plan reserves. Raises InputError for a warehouse
    that is not there.
    """
    order = held.order
    unknown = [w for w in told.exclude if w not in world.warehouse_no]
    if unknown:
        raise InputError("unknown_warehouse", f"no warehouse {unknown[0]!r}", "/exclude")
    withdrawn = rerouting.withdraw(order, told.reason, told.exclude)
    if isinstance(withdrawn, Refusal):
        return withdrawn
    skus = sorted({world.skus[n.sku][0] for n in order.lines if n.sku in world.skus})
    atp, capacity = world.atp[skus].copy(), world.capacity.copy()
    quotas = {k: dict(v) for k, v in world.quotas.items() if k[0] in skus}
    give_back(world, order.channel, withdrawn)
    out = [world.warehouse_no[w] for w in told.exclude]
    hidden = {wh: world.atp[skus, wh].copy() for wh in out}
    for wh in out:
        world.atp[skus, wh] = 0
    routed = changes.allocate(world, replace(held, order=withdrawn.order), now_ms)
    for wh, units in hidden.items():
        world.atp[skus, wh] = units
    refusal = _refuse(order, withdrawn, routed)
    if refusal is not None:
        world.atp[skus] = atp
        world.capacity[:] = capacity
        world.quotas.update(quotas)
        return refusal
    assert isinstance(routed, Change)
    return replace(routed, said=[*withdrawn.said, *routed.said])


def decide_anew(world: World, held: Held, released: Change, now_ms: int) -> Change:
    """Decide an order again that a person let go on after policy held it; policy still says where.

    Where nothing can be taken back, or nothing else is found, it is let go on as it is.
    """
    told = orders.Command(event="reroute", reason=policy_holds.RELEASED)
    anew = replace(held, order=released.order, promises=released.promises, released=True)
    routed = reroute(world, anew, told, now_ms)
    if isinstance(routed, Refusal):
        return released
    return replace(routed, said=[*released.said, *routed.said])


def give_back(world: World, channel: str, withdrawn: orders.Done) -> None:
    """Let the prediction have what is taken back."""
    for code, shares in rerouting.freed(withdrawn):
        wh = world.warehouse_no[code]
        for share in shares:
            sku = world.skus[share.sku][0]
            world.atp[sku, wh] += share.quantity
            left = world.quotas.get((sku, channel), {})
            if wh in left:
                left[wh] += share.quantity


def _refuse(before: Order, withdrawn: orders.Done, routed: Change | Refusal) -> Refusal | None:
    """Say why the new plan is none, None when it is one."""
    if isinstance(routed, Refusal):
        return NOWHERE_ELSE if withdrawn.said and routed == orders.BACKORDER else routed
    if not withdrawn.said:
        return None
    if _open_units(routed.order) > _open_units(before):
        return NOWHERE_ELSE
    old = Counter((code, s.line, s.quantity) for code, n in rerouting.freed(withdrawn) for s in n)
    new = Counter(
        (f.warehouse, s.line, s.quantity)
        for f in routed.order.fulfilments[len(before.fulfilments) :]
        for s in f.shares
    )
    return SAME_PLAN if old == new else None


def _open_units(order: Order) -> int:
    return sum(orders.open_units(n) for n in order.lines)
