"""What an act decides: the order as it will be, what to say, what to reserve; how it is routed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.contract import decide as contract
from danshu.capabilities.contract.model import Promise
from danshu.capabilities.orders import decide as orders
from danshu.capabilities.orders import holding, model
from danshu.hub import order_type_book, policy_calls, policy_holds, routing, vote_holds
from danshu.hub.world import World, goods_of
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import Said


class Held(Struct, kw_only=True, eq=False):
    """An order whose row is locked by this transaction. `released`: a person has let it go on, so
    that policy does not hold it again.
    """

    id: uuid.UUID
    order: model.Order
    promises: tuple[Promise, ...]
    seq: int
    head: bytes
    wh: int
    due_ms: int
    released: bool = False


class Change(Struct, kw_only=True, eq=False):
    """What an act decided: the new state, what to say, what the promises hear, what to reserve.

    `is_due`: time has passed, so that what waits for it is looked at though nothing is said.
    """

    order: model.Order
    said: list[Said]
    promises: tuple[Promise, ...]
    reserved: list[tuple[int, int, int]] = []  # (warehouse, SKU, units)
    is_due: bool = False
    default_ms: int = 0  # when it goes on without the person that its votes ask for, 0 = never
    zones: tuple[tuple[int, int], ...] = ()  # (class, warehouse) of watched cold zones
    hold_ms: int = 0  # when the next hold ends by itself, 0 = never
    call_ms: int = 0  # when the call that policy wants is opened, 0 = never


Decide = Callable[[World, Held, int], Change | Refusal]


def allocate(world: World, held: Held, now_ms: int) -> Change | Refusal:
    """Route what no warehouse has yet, after stock came in or a hold's cause was mended."""
    order = held.order
    if order.kind != "order" or order.cancelled or order.completed:
        return orders.ENDED
    if not any(orders.open_units(n) for n in order.lines):
        return orders.ALLOCATED
    if order.rules and holding.frees(order):
        return holding.FREED
    within: tuple[str, ...] = ()
    if order.type:
        stage = order_type_book.reserving(world, order)
        if stage is None:
            return order_type_book.NOT_NOW
        within = stage.warehouses
    missing = [n.sku for n in order.lines if n.sku not in world.skus]
    region = world.regions.get(order.region, -1)
    if missing or region < 0:
        return Refusal(
            code="not_aligned",
            reason=f"主数据里还没有: {'、'.join(missing) or '收货区域'}",
            reason_en="Master data does not hold the SKU or the region",
            clause="intake.alignment",
        )
    ask = routing.Ask(
        id=held.id,
        region=region,
        channel=order.channel,
        promise_ms=contract.delivery_due_ms(held.promises),
        value=order.total,
        lines=[
            (n.no, world.skus[n.sku][0], orders.open_units(n), goods_of(world, n))
            for n in order.lines
            if orders.open_units(n)
        ],
    )
    hidden = order_type_book.hide(world, within, ask) if within else None
    (routed,) = routing.route(world, [ask], now_ms)
    if hidden is not None:
        order_type_book.show(world, hidden)
    done = orders.allocate(
        order, [(no, world.warehouses[w].code, q) for no, w, _, q in routed.plan]
    )
    if isinstance(done, Refusal):
        return done
    ruling = None if held.released else routed.ruling
    after, stopped = policy_holds.heed(done.order, ruling)
    votes = None if held.released else routed.votes
    after, doubted, default_ms = vote_holds.heed(after, votes, routed.classes, now_ms)
    return Change(
        order=after,
        said=[routed.said, *done.said, *stopped, *doubted],
        default_ms=default_ms,
        call_ms=policy_calls.heed(routed.ruling, now_ms),
        promises=held.promises,
        reserved=sum_units((w, sku, q) for _, w, sku, q in routed.plan),
        zones=routed.zones,
    )


def caused(decided: Change | Refusal, cause: str) -> Change | Refusal:
    """Say of every fact what it was done for, where it does not say so itself."""
    if isinstance(decided, Refusal):
        return decided
    said = [s if s.cause else replace(s, cause=cause) for s in decided.said]
    return replace(decided, said=said)


def sum_units(parts: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Add up units by (warehouse, SKU): two lines may take from one row."""
    units: dict[tuple[int, int], int] = {}
    for wh, sku, q in parts:
        units[wh, sku] = units.get((wh, sku), 0) + q
    return [(wh, sku, q) for (wh, sku), q in sorted(units.items())]
