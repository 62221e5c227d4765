"""Parcels 包裹: what people do to them, decided on the locked order; what opens units routes them.

Each act is one commit: the parcel's fact, the new decision for the units that it opened, stock by
the difference. Where no warehouse has the units they stay open, and wait like a backorder.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from danshu.capabilities.contract import decide as contract
from danshu.capabilities.contract.model import Event
from danshu.capabilities.orders import decide as orders
from danshu.capabilities.orders import intercepts, parcels, rerouting
from danshu.hub import changes
from danshu.hub.changes import Change, Held
from danshu.hub.parcel_settings import WHOLE
from danshu.hub.rerouting import NOWHERE_ELSE, give_back
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import SPLIT_PARTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from danshu.hub.changes import Decide
    from danshu.hub.world import World

ELSEWHERE: Final = "*"
"""A split's `to` that lets the router choose any warehouse but the present one."""


def split(
    no: int, parts: Sequence[Mapping[int, int]], to: str = "", reason: str = "", rule: str = ""
) -> Decide:
    """Cut a fulfilment order; `to` sends the parts to another warehouse, ELSEWHERE to any other.

    Raises InputError for a warehouse or units that are not there. Nothing is split when the router
    finds no stock for all of the parts there.
    """

    def decide(world: World, held: Held, now_ms: int) -> Change | Refusal:
        if to not in ("", ELSEWHERE) and to not in world.warehouse_no:
            raise InputError("unknown_warehouse", f"no warehouse {to!r}", "/to")
        if len(parts) > SPLIT_PARTS:
            raise InputError("too_many_parts", f"at most {SPLIT_PARTS} parts", "/parts")
        if world.parcels and held.order.channel in world.parcels.rules.whole_channels:
            return WHOLE
        done = parcels.split(held.order, no, parts, reason, rule)
        if isinstance(done, Refusal):
            return done
        change = Change(order=done.order, said=[*done.said], promises=held.promises)
        if not to:
            return change
        here = parcels.find(held.order, no).warehouse
        if to == here:
            raise InputError("same_warehouse", "it is in that warehouse already", "/to")
        wanted = [to] if to != ELSEWHERE else [w for w in world.warehouse_no if w != here]
        new = range(len(held.order.fulfilments) + 1, len(done.order.fulfilments) + 1)
        moved = _move_away(world, replace(held, order=done.order), set(new), wanted, now_ms)
        if isinstance(moved, Refusal):
            return moved
        return replace(moved, said=[*change.said, *moved.said])

    return decide


def pick_short(no: int, found: Mapping[str, int]) -> Decide:
    """Pick what was found, and decide what was missing again in the other warehouses."""

    def decide(world: World, held: Held, now_ms: int) -> Change | Refusal:
        done = parcels.pick_short(held.order, no, found)
        if isinstance(done, Refusal):
            return done
        here = parcels.find(held.order, no).warehouse
        others = [w for w in world.warehouse_no if w != here]
        return _open_again(world, held, done, others, now_ms)

    return decide


def reship(no: int, units: Mapping[int, int], cause: str) -> Decide:
    """Send units once more, free of charge, from where there is stock."""

    def decide(world: World, held: Held, now_ms: int) -> Change | Refusal:
        done = parcels.reship(held.order, no, units, cause)
        if isinstance(done, Refusal):
            return done
        return _open_again(world, held, done, list(world.warehouse_no), now_ms)

    return decide


def answer(no: int, told: str, by: str, detail: str = "", receipt: str = "") -> Decide:
    """Take an answer to an intercept; what was stopped is cancelled once the last one is there."""

    def decide(world: World, held: Held, now_ms: int) -> Change | Refusal:
        del world
        done = intercepts.answer(
            held.order, no, told, now_ms, by=by, detail=detail, receipt=receipt
        )
        return done if isinstance(done, Refusal) else hear(held, done, by, now_ms)

    return decide


def hear(held: Held, done: orders.Done, by: str, now_ms: int) -> Change:
    """Give the change of what was decided, with what the promises make of it."""
    events = [
        Event(name=name, occurred_ms=at_ms, recorded_ms=now_ms, source=by)
        for name, at_ms in done.heard
    ]
    promises, said = contract.hear(held.promises, events, now_ms)
    return Change(order=done.order, said=[*done.said, *said], promises=promises)


def _open_again(
    world: World, held: Held, done: orders.Done, among: Sequence[str], now_ms: int
) -> Change:
    """Decide units that are open again among warehouses; without any they wait."""
    opened = Change(order=done.order, said=[*done.said], promises=held.promises)
    with only_in(world, held, among):
        routed = changes.allocate(world, replace(held, order=done.order), now_ms)
    if isinstance(routed, Refusal):
        return opened
    return replace(routed, said=[*opened.said, *routed.said])


def _move_away(
    world: World, held: Held, nos: set[int], wanted: Sequence[str], now_ms: int
) -> Change | Refusal:
    """Take fulfilment orders back and decide them in other warehouses, all of them or none."""
    withdrawn = rerouting.withdraw(held.order, "split", (), nos)
    if isinstance(withdrawn, Refusal):
        return withdrawn
    before = sum(orders.open_units(n) for n in held.order.lines)
    skus = sorted({world.skus[n.sku][0] for n in held.order.lines if n.sku in world.skus})
    atp, capacity = world.atp[skus].copy(), world.capacity.copy()
    quotas = {k: dict(v) for k, v in world.quotas.items() if k[0] in skus}
    give_back(world, held.order.channel, withdrawn)
    with only_in(world, held, wanted):
        routed = changes.allocate(world, replace(held, order=withdrawn.order), now_ms)
    if isinstance(routed, Change) and (
        sum(orders.open_units(n) for n in routed.order.lines) <= before
    ):
        return replace(routed, said=[*withdrawn.said, *routed.said])
    world.atp[skus] = atp
    world.capacity[:] = capacity
    world.quotas.update(quotas)
    return routed if isinstance(routed, Refusal) and routed != orders.BACKORDER else NOWHERE_ELSE


@contextlib.contextmanager
def only_in(world: World, held: Held, among: Iterable[str]) -> Iterator[None]:
    """Hide the predicted stock of all other warehouses while something is decided."""
    skus = sorted({world.skus[n.sku][0] for n in held.order.lines if n.sku in world.skus})
    kept = {world.warehouse_no[w] for w in among}
    hidden = {
        wh: world.atp[skus, wh].copy() for wh in range(len(world.warehouses)) if wh not in kept
    }
    for wh in hidden:
        world.atp[skus, wh] = 0
    try:
        yield
    finally:
        for wh, units in hidden.items():
            world.atp[skus, wh] = units
