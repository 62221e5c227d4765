"""The tables that skills read: what the hub knows now, in rows that cite where it is from.

Chances and shares are thousandths, money 分, times epoch ms, days ISO dates. A view is read for one
merchant, at most AGENT_VIEW_ROWS rows, the most urgent or dearest first.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from danshu.ports.skill import Cited, Day, Told, Untrusted, Worth


class StockRisk(Struct, frozen=True, kw_only=True):
    """A SKU in a warehouse that may run out. `chances` are (days from now, thousandths)."""

    warehouse: str
    sku: str
    name: Untrusted
    on_hand: int
    reserved: int
    safety: int
    in_transit: int
    daily_milli: int
    """Expected demand a day, in thousandths of a unit."""
    chances: tuple[tuple[int, int], ...]
    out_day: str
    """The day on which it runs out in the middle case; "" within the horizon not."""
    lead_days: int
    cites: tuple[Cited, ...]
    chart: tuple[Day, ...] = ()


class TransferOption(Struct, frozen=True, kw_only=True):
    """A move of stock between two warehouses that the plan of rebalancing asks for."""

    from_warehouse: str
    to_warehouse: str
    sku: str
    name: Untrusted
    quantity: int
    days: int
    truck: str
    cost_fen: int
    worth: Worth
    chance_days: int
    chance_before: int
    chance_after: int
    cites: tuple[Cited, ...]
    others: tuple[tuple[str, int, int, str], ...] = ()
    """Other sources: (warehouse, worth in 分, chance after, why not: `also_short`, `dearer`…)."""
    chart: tuple[Day, ...] = ()


class SafetyGap(Struct, frozen=True, kw_only=True):
    """A row whose safety stock is not what its service level asks for."""

    warehouse: str
    sku: str
    name: Untrusted
    now: int
    advised: int
    service: int
    holding_fen: int
    worth: Worth
    chance_before: int
    chance_after: int
    cites: tuple[Cited, ...]


class SlowMover(Struct, frozen=True, kw_only=True):
    """Stock that sells too slowly for what it costs to keep."""

    warehouse: str
    sku: str
    name: Untrusted
    on_hand: int
    cover_days: int
    value_fen: int
    write_down_fen: int
    markdown: int
    """How far its price should fall, in thousandths."""
    worth: Worth
    cites: tuple[Cited, ...]


class PromotionSplit(Struct, frozen=True, kw_only=True):
    """How a promotion's stock should be shared among channels in a warehouse, units each."""

    promotion: str
    warehouse: str
    sku: str
    name: Untrusted
    now: tuple[tuple[str, int], ...]
    advised: tuple[tuple[str, int], ...]
    worth: Worth
    chance_before: int
    chance_after: int
    cites: tuple[Cited, ...]


class OrderRisk(Struct, frozen=True, kw_only=True):
    """An open order that may break its promise."""

    order: str
    number: str
    warehouse: str
    carrier: str
    state: str
    due_ms: int
    chance: int
    expected_ms: int
    amount_fen: int
    owed_fen: int
    """What the promise's remedy would cost."""
    why: tuple[tuple[Told, int], ...]
    """What features are called, and their push on the chance, thousandths, strongest first."""
    cites: tuple[Cited, ...]
    remark: Untrusted | None = None


class LateLane(Struct, frozen=True, kw_only=True):
    """A carrier on a lane that is later than it used to be. `parcels` are those on the way."""

    carrier: str
    from_warehouse: str
    to_region: str
    parcels: tuple[str, ...]
    late: int
    usual: int
    counted: int
    p_thousandths: int
    worth: Worth
    cites: tuple[Cited, ...]


class ShortRoute(Struct, frozen=True, kw_only=True):
    """Open orders whose warehouse will be short before they leave, and where they could go."""

    sku: str
    warehouse: str
    to_warehouse: str
    orders: tuple[str, ...]
    out_day: str
    extra_fen: int
    worth: Worth
    chance_before: int
    chance_after: int
    cites: tuple[Cited, ...]


class Grievance(Struct, frozen=True, kw_only=True):
    """A broken promise whose buyer has not been made good, nor complained yet."""

    order: str
    number: str
    promise: str
    late_min: int
    advised_fen: int
    worth: Worth
    complains: int
    """How likely a complaint is without doing anything."""
    cites: tuple[Cited, ...]
    remark: Untrusted | None = None


class PolicyKnob(Struct, frozen=True, kw_only=True):
    """A figure in a live policy, and what its simulation says of another value."""

    policy: str
    path: str
    title: str
    now: int
    advised: int
    simulated: str
    """The id of the simulation; without one nothing is proposed."""
    changed_orders: int
    worth: Worth
    kept_before: int
    kept_after: int
    cites: tuple[Cited, ...]


class PolicyWish(Struct, frozen=True, kw_only=True):
    """What a person of the merchant asked for in words, read by rules into a plan."""

    wish: str
    words: Untrusted
    plan: str
    """The policy as canonical JSON; "" where the words were not understood."""
    title: str
    cites: tuple[Cited, ...]


VIEWS: Final[dict[str, type[Struct]]] = {
    "stock_risks": StockRisk,
    "transfer_options": TransferOption,
    "safety_gaps": SafetyGap,
    "slow_movers": SlowMover,
    "promotion_splits": PromotionSplit,
    "order_risks": OrderRisk,
    "late_lanes": LateLane,
    "short_routes": ShortRoute,
    "grievances": Grievance,
    "policy_knobs": PolicyKnob,
    "policy_wishes": PolicyWish,
}
