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
from danshu.capabilities.routing.policy.engine import view_order
from danshu.capabilities.routing.ruling import Ruling
from danshu.capabilities.routing.scorers.vote import Votes
from danshu.capabilities.stock.model import Sku
from danshu.kernel.fact import Said

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


class Plan(Struct, frozen=True, kw_only=True):
    """Where each line goes: (line number, warehouse number, SKU number, units); what could not go
    only: str = ""
    is left out.
    """

    plan: list[tuple[int, int, int, int]]
    said: Said
    ruling: Ruling | None = None
    votes: Votes | None = None
    classes: int = 0  # storage bits of the goods


def route(world: World, asks: Sequence[Ask], now_ms: int) -> list[Plan]:
    """Decide all at once, in order; takes what it plans from the world's predicted stock and
    capacity.
    """
    minute = (now_ms // 60_000 + _UTC8_MIN) % _DAY_MIN
    limited = [_is_limited(world, a) for a in asks]
    plans: list[Plan] = []
    start = 0
    for i, narrow in enumerate([*limited, True]):
        if not narrow:
            continue
        plans.extend(_decide(world, asks[start:i], now_ms, minute))
        if i < len(asks):
            plans.extend(_decide_narrowed(world, asks[i], now_ms, minute))
        start = i + 1
    return plans


def _is_limited(world: World, ask: Ask) -> bool:
    return bool(world.quotas) and any(
        (sku, ask.channel) in world.quotas for _, sku, _, _ in ask.lines
    )


def _decide_narrowed(world: World, ask: Ask, now_ms: int, minute: int) -> list[Plan]:
    """Decide one order whose channel has quotas: its SKUs' rows show at most what the quota
    leaves.
    """
    skus = sorted({sku for _, sku, _, _ in ask.lines})
    before = world.atp[skus].copy()
    for sku in skus:
        for wh, left in world.quotas.get((sku, ask.channel), {}).items():
            world.atp[sku, wh] = min(world.atp[sku, wh], left)
    narrowed = world.atp[skus].copy()
    plans = _decide(world, [ask], now_ms, minute)
    world.atp[skus] = before - (narrowed - world.atp[skus])
    for _, wh, sku, q in plans[0].plan:
        left_at = world.quotas.get((sku, ask.channel), {})
        if wh in left_at:
            left_at[wh] -= q
    return plans


def _decide(world: World, asks: Sequence[Ask], now_ms: int, minute: int) -> list[Plan]:
    if not asks:
        return []
    requests = [
        Request(
            region=world.snapshot.network.regions[a.region],
            promise_min=_promise_min(a, now_ms),
            value_fen=a.value,
            lines=tuple(
                RequestLine(sku.code, no, q, sku.weight_g, int(sku.storage))
                for _, no, q, sku in a.lines
            ),
            ruling=_rule(world, a, now_ms),
        )
        for a in asks
    ]
    decided = decide.decide_batch(
        world.snapshot, requests, minute, world.atp, world.capacity, budget=world.budget
    )
    chosen = decided.routed.warehouse[0].tolist()
    plans = []
    at = 0
    for a, decision in zip(asks, decided.decisions, strict=True):
        plan = []
        for no, sku, q, _ in a.lines:
            wh = chosen[at]
            at += 1
            if wh >= 0:
                plan.append((no, wh, sku, q))
        classes = 0
        for _, _, _, goods in a.lines:
            classes |= int(goods.storage)
        plans.append(
            Plan(
                plan=plan,
                said=Said(data=decision),
                ruling=decision.ruling,
                votes=decision.votes,
                classes=classes,
            )
        )
    return plans


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
    if arms.live is None and arms.canary is None:
        return None
    view = view_order(
        ask.channel,
        world.snapshot.network.regions[ask.region],
        ask.value,
        _promise_min(ask, now_ms),
        ((q, sku.weight_g, int(sku.storage)) for _, _, q, sku in ask.lines),
    )
    return arms.ask(ask.id, view, now_ms)
