"""The desk's way into routing: orders become requests, decisions become plans, quotas narrow the
stock.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.routing import decide, facts  # noqa: F401 - registers route.decided
from danshu.capabilities.routing.batch import NO_PROMISE, Request, RequestLine
from danshu.capabilities.routing.closures import COLD
from danshu.capabilities.routing.policy.engine import view_order
from danshu.capabilities.routing.ruling import Ruling
from danshu.capabilities.routing.score import CLASSES
from danshu.capabilities.routing.scorers.vote import Votes
from danshu.capabilities.stock.model import Sku
from danshu.hub import canary, full_zones, line_cutting
from danshu.kernel.fact import Said
from danshu.kernel.limits import CANARY_ORDERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.world import World

_DAY_MIN = 1_440
_UTC8_MIN = 480  # cut-offs are told in China's time, which has no summer time


class Ask(Struct, frozen=True, kw_only=True):
    """What must be routed; `id` is the order's. Lines are (number, SKU number, units, SKU);
    `promise_ms` 0 = no promised delivery; `only` is the warehouse that a person chose.
    """

    id: uuid.UUID
    region: int
    channel: str
    promise_ms: int
    value: int
    lines: list[tuple[int, int, int, Sku]]
    only: str = ""


class Plan(Struct, kw_only=True, eq=False):
    """Where each line goes: (line number, warehouse number, SKU number, units); what could not go
    is left out, and `open` counts those lines. A line that was cut by units goes to several.
    """

    plan: list[tuple[int, int, int, int]]
    said: Said
    open: int = 0
    ruling: Ruling | None = None
    votes: Votes | None = None
    classes: int = 0  # storage bits of the goods
    zones: tuple[canary.Zone, ...] = ()  # watched cold zones that it counts in
    awaits: bool = False  # cold goods found no place but in zones that wait for a temperature


def route(world: World, asks: Sequence[Ask], now_ms: int) -> list[Plan]:
    """Decide all at once, in order; takes what it plans from the world's predicted stock and
    capacity, and counts what it plans for watched cold zones.
    """
    watched = world.snapshot.watched
    if not watched or not any(int(s.storage) & COLD for a in asks for _, _, _, s in a.lines):
        return _route(world, asks, now_ms)
    plans: list[Plan] = []
    while len(plans) < len(asks):
        # what is decided stands up to the order that finds its zone full; the rest is decided anew
        plans += _route_watched(world, asks[len(plans) :], now_ms, watched)
    return plans


def _route_watched(
    world: World, asks: Sequence[Ask], now_ms: int, watched: frozenset[canary.Zone]
) -> list[Plan]:
    """Decide orders without the zones that are full, up to the first that would overfill one."""
    full = full_zones.find_full(world)
    skus = {no: int(sku.storage) for a in asks for _, no, _, sku in a.lines}
    hidden = full_zones.Hidden(world, full, skus)
    awaiting = tuple(sorted({world.warehouses[wh].code for _, wh in full}))
    plans = _route(world, asks, now_ms, awaiting)
    hidden.show()
    for i, (ask, plan) in enumerate(zip(asks, plans, strict=True)):
        zones = canary.zones_of(watched, ((skus[sku], wh) for _, wh, sku, _ in plan.plan))
        # one that is alone too large for a zone cannot be: an order counts once in each
        if any(world.awaiting.get(zone, 0) >= CANARY_ORDERS for zone in zones):
            for undone in plans[i:]:
                give_back(world, ask.channel, undone)
            return plans[:i]
        for zone in zones:
            world.awaiting[zone] = world.awaiting.get(zone, 0) + 1
        plan.zones = tuple(sorted(zones))
        plan.awaits = bool(full) and _awaits(world, ask, plan, full)
    return plans


def _awaits(world: World, ask: Ask, plan: Plan, full: frozenset[canary.Zone]) -> bool:
    """Tell whether a full zone could have taken cold goods that are left behind."""
    tables, done = world.snapshot.tables, {no for no, _, _, _ in plan.plan}
    for no, sku, q, goods in ask.lines:
        if no in done:
            continue
        positions = [p for p in range(len(CLASSES)) if int(goods.storage) >> p & 1]
        for position, wh in full:
            if (
                position in positions
                and world.atp[sku, wh] >= q
                and not tables.lane_bits[ask.region, wh]
                and not any(tables.class_bits[p, wh] for p in positions)
            ):
                return True
    return False


def give_back(world: World, channel: str, plan: Plan) -> None:
    """Give back to the prediction what a plan took that is not used."""
    parcels: dict[int, float] = {}
    for _, wh, sku, q in plan.plan:
        world.atp[sku, wh] += q
        parcels[wh] = parcels.get(wh, 1.0) + 0.5
        left_at = world.quotas.get((sku, channel), {})
        if wh in left_at:
            left_at[wh] += q
    for wh, work in parcels.items():
        world.capacity[wh] += work
    for zone in plan.zones:
        world.awaiting[zone] = max(0, world.awaiting.get(zone, 0) - 1)


def _route(
    world: World, asks: Sequence[Ask], now_ms: int, awaiting: tuple[str, ...] = ()
) -> list[Plan]:
    minute = (now_ms // 60_000 + _UTC8_MIN) % _DAY_MIN
    limited = [_is_limited(world, a) for a in asks]
    plans: list[Plan] = []
    start = 0
    for i, narrow in enumerate([*limited, True]):
        if not narrow:
            continue
        plans.extend(_decide(world, asks[start:i], now_ms, minute, awaiting))
        if i < len(asks):
            plans.extend(_decide_narrowed(world, asks[i], now_ms, minute, awaiting))
        start = i + 1
    return plans


def _is_limited(world: World, ask: Ask) -> bool:
    return bool(world.quotas) and any(
        (sku, ask.channel) in world.quotas for _, sku, _, _ in ask.lines
    )


def _decide_narrowed(
    world: World, ask: Ask, now_ms: int, minute: int, awaiting: tuple[str, ...]
) -> list[Plan]:
    """Decide one order whose channel has quotas: its SKUs' rows show at most what the quota
    leaves.
    """
    skus = sorted({sku for _, sku, _, _ in ask.lines})
    before = world.atp[skus].copy()
    for sku in skus:
        for wh, left in world.quotas.get((sku, ask.channel), {}).items():
            world.atp[sku, wh] = min(world.atp[sku, wh], left)
    narrowed = world.atp[skus].copy()
    plans = _decide(world, [ask], now_ms, minute, awaiting)
    world.atp[skus] = before - (narrowed - world.atp[skus])
    for _, wh, sku, q in plans[0].plan:
        left_at = world.quotas.get((sku, ask.channel), {})
        if wh in left_at:
            left_at[wh] -= q
    return plans


def _decide(
    world: World, asks: Sequence[Ask], now_ms: int, minute: int, awaiting: tuple[str, ...]
) -> list[Plan]:
    if not asks:
        return []
    requests = [
        Request(
            region=world.snapshot.network.regions[a.region],
            promise_min=_promise_min(a, now_ms),
            value_fen=a.value,
            lines=tuple(
                [
                    RequestLine(sku.code, no, q, sku.weight_g, int(sku.storage))
                    for _, no, q, sku in a.lines
                ]
            ),
            ruling=_rule(world, a, now_ms),
            awaiting=_awaited(a, awaiting),
        )
        for a in asks
    ]
    decided = decide.decide_batch(
        world.snapshot, requests, minute, world.atp, world.capacity, budget=world.budget
    )
    chosen = decided.routed.warehouse[0].tolist()
    plans = []
    at = 0
    cuts = world.parcels is not None and world.parcels.rules.split_lines != "never"
    for a, request, decision in zip(asks, requests, decided.decisions, strict=True):
        plan = []
        classes = 0
        for (no, sku, q, _), line in zip(a.lines, request.lines, strict=True):
            classes |= line.storage
            wh = chosen[at]
            at += 1
            if wh >= 0:
                plan.append((no, wh, sku, q))
        left = len(a.lines) - len(plan)
        if left and cuts and not a.only:
            first = chosen[at - len(a.lines) : at]
            cut = _cut(world, a, request, first, minute)
            if cut is not None:
                plan, decision, left = cut.plan, cut.decision, cut.open
        plans.append(
            Plan(
                plan=plan,
                said=Said(data=decision),
                open=left,
                ruling=decision.ruling,
                votes=decision.votes,
                classes=classes,
            )
        )
    return plans


def _cut(
    world: World, ask: Ask, request: Request, first: Sequence[int], minute: int
) -> line_cutting.Cut | None:
    """Decide an order with its lines cut, where the merchant's rules let its channel's be."""
    parcels = line_cutting.parcels_of(world, ask.channel)
    if not parcels:
        return None
    numbers = [no for no, _, _, _ in ask.lines]
    return line_cutting.look_again(world, numbers, request, first, minute, parcels)


def _awaited(ask: Ask, awaiting: tuple[str, ...]) -> tuple[str, ...]:
    """The warehouses of full zones, for an order that has cold goods."""
    if not awaiting or not any(int(sku.storage) & COLD for _, _, _, sku in ask.lines):
        return ()
    return awaiting


def _promise_min(ask: Ask, now_ms: int) -> int:
    return max(0, (ask.promise_ms - now_ms) // 60_000) if ask.promise_ms else NO_PROMISE


def _rule(world: World, ask: Ask, now_ms: int) -> Ruling | None:
    """Ask policy, where there is any; what a person chose stands beside what it says."""
    ruling = _ask_policy(world, ask, now_ms)
    if not ask.only:
        return ruling
    return replace(ruling or Ruling(policy=""), only=ask.only)


def _ask_policy(world: World, ask: Ask, now_ms: int) -> Ruling | None:
    arms = world.arms
    if arms.live is None and arms.canary is None and arms.lost is None:
        return None
    view = view_order(
        ask.channel,
        world.snapshot.network.regions[ask.region],
        ask.value,
        _promise_min(ask, now_ms),
        ((q, sku.weight_g, int(sku.storage)) for _, _, q, sku in ask.lines),
    )
    return arms.ask(ask.id, view, now_ms)
