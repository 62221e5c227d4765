"""Past decisions made again under a policy set: what it would have cost, moved and left behind.

Inputs, stock and capacity are those that the record of a decision keeps, the world is the snapshot
that it names: so both sets are asked the same question, and nothing of today gets in.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.routing.decide import Decision, decide_batch, read_inputs
from danshu.capabilities.routing.plans import PlanView, view_plans
from danshu.capabilities.routing.policy.engine import OrderView, view_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.capabilities.routing.ruling import Ruling
    from danshu.capabilities.routing.snapshot import Snapshot

MONEY: Final = ("freight_first_fen", "freight_extra_fen", "handling_fen")
ROAD_FACTOR: Final = 1.3  # roads are longer than great circles
_EARTH_KM: Final = 6_371.0
_MICRO: Final = 1e6

Places = dict[str, tuple[float, float]]  # code -> longitude, latitude in degrees


class Outcome(Struct, frozen=True, kw_only=True):
    """What one set makes of one order. Money in 分 (freight and handling, no surcharges), lateness
    in 1/1000 of an order, CO2 in g; `warehouses` of the lines in order, "" = unfulfilled.
    """

    warehouses: tuple[str, ...]
    cost_fen: int
    late_permille: int
    parcels: int
    unfulfilled: int
    co2_g: int
    held: str
    rules: tuple[str, ...]


class TrialPair(Struct, kw_only=True):
    """A figure under the set that rules, and under the one that is tried."""

    before: int = 0
    after: int = 0

    def add(self, before: int, after: int) -> None:
        """Add one order's figures."""
        self.before += before
        self.after += after


class TrialFigures(Struct, kw_only=True):
    """Sums over the orders that were decided again. `late_permille`: expected late orders x 1000;
    `by_warehouse` counts orders that a warehouse has a part of.
    """

    orders: int = 0
    changed: int = 0
    cost_fen: TrialPair
    late_permille: TrialPair
    parcels: TrialPair
    split_orders: TrialPair
    unfulfilled: TrialPair
    co2_g: TrialPair
    held: TrialPair
    by_warehouse: dict[str, TrialPair] = {}

    def add(self, before: Outcome, after: Outcome) -> None:
        """Count one order."""
        self.orders += 1
        self.changed += is_changed(before, after)
        self.cost_fen.add(before.cost_fen, after.cost_fen)
        self.late_permille.add(before.late_permille, after.late_permille)
        self.parcels.add(before.parcels, after.parcels)
        self.split_orders.add(before.parcels > 1, after.parcels > 1)
        self.unfulfilled.add(before.unfulfilled, after.unfulfilled)
        self.co2_g.add(before.co2_g, after.co2_g)
        self.held.add(bool(before.held), bool(after.held))
        for code in {*before.warehouses, *after.warehouses} - {""}:
            pair = self.by_warehouse.setdefault(code, TrialPair())
            pair.add(code in before.warehouses, code in after.warehouses)


def no_figures() -> TrialFigures:
    """Give figures of no order at all."""
    return TrialFigures(
        cost_fen=TrialPair(),
        late_permille=TrialPair(),
        parcels=TrialPair(),
        split_orders=TrialPair(),
        unfulfilled=TrialPair(),
        co2_g=TrialPair(),
        held=TrialPair(),
        by_warehouse={},
    )


def is_changed(before: Outcome, after: Outcome) -> bool:
    """Tell whether an order goes elsewhere, or is held or let go."""
    return before.warehouses != after.warehouses or bool(before.held) != bool(after.held)


def view_decision(decision: Decision, channel: str) -> OrderView:
    """Look at the order of a recorded decision as policies do."""
    return view_order(
        channel,
        decision.region,
        decision.value_fen,
        decision.promise_min,
        ((line.qty, line.weight_g, line.storage) for line in decision.lines),
    )


def decide_under(decision: Decision, snapshot: Snapshot, ruling: Ruling | None) -> Decision:
    """Decide the recorded order again under another ruling; everything else is as recorded."""
    request, atp, capacity = read_inputs(decision, snapshot)
    asked = [replace(request, ruling=ruling)]
    return decide_batch(snapshot, asked, decision.minute, atp, capacity).decisions[0]


class Judge:
    """Makes outcomes of decisions on one snapshot."""

    def __init__(self, snapshot: Snapshot, places: Places, co2_g_tkm: int) -> None:
        self.snapshot = snapshot
        self._places = places
        self._co2_g_tkm = co2_g_tkm

    def compare(
        self, decision: Decision, was: Ruling | None, becomes: Ruling | None
    ) -> tuple[Outcome, Outcome]:
        """Decide an order under both rulings; once where they steer alike."""
        first = self.judge(decision, was)
        if _steers_alike(was, becomes):
            held = _held(becomes)
            return first, replace(first, held=held, rules=becomes.rules if becomes else ())
        return first, self.judge(decision, becomes)

    def judge(self, decision: Decision, ruling: Ruling | None) -> Outcome:
        """Decide an order under a ruling, and say what that comes to."""
        made = decide_under(decision, self.snapshot, ruling)
        plan = view_plans(made, self.snapshot)[0]
        on_time = [p.on_time_permille for p in plan.parcels if p.on_time_permille is not None]
        return Outcome(
            warehouses=tuple(code for _, code in plan.lines),
            cost_fen=sum(plan.parts_fen[name] for name in MONEY),
            late_permille=1000 - min(on_time) if on_time else 0,
            parcels=len(plan.parcels),
            unfulfilled=sum(1 for _, code in plan.lines if not code),
            co2_g=self._weigh_co2(made, plan),
            held=_held(ruling),
            rules=ruling.rules if ruling else (),
        )

    def _weigh_co2(self, decision: Decision, plan: PlanView) -> int:
        there = self._places.get(decision.region)
        total = 0.0
        for no, code in plan.lines:
            here = self._places.get(f"wh:{code}")
            if here is None or there is None:
                continue
            line = decision.lines[no - 1]
            tonnes = line.qty * line.weight_g / 1e6
            total += self._co2_g_tkm * tonnes * measure_km(here, there) * ROAD_FACTOR
        return round(total)


def _held(ruling: Ruling | None) -> str:
    return (ruling.hold or ruling.review) if ruling is not None else ""


def _steers_alike(one: Ruling | None, other: Ruling | None) -> bool:
    return _steering(one) == _steering(other)


def _steering(ruling: Ruling | None) -> tuple[object, ...]:
    return (ruling.forbid, ruling.prefer, ruling.parcels_max) if ruling else ((), (), 0)


def measure_km(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Measure the great circle between two places in degrees, in km."""
    (x1, y1), (x2, y2) = here, there
    a, b = math.radians(y1), math.radians(y2)
    half = (
        math.sin((b - a) / 2) ** 2
        + math.cos(a) * math.cos(b) * math.sin(math.radians(x2 - x1) / 2) ** 2
    )
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, half)))


def place_all(
    warehouses: Mapping[str, tuple[int, int]], regions: Mapping[str, tuple[int, int]]
) -> Places:
    """Lay out coordinates of warehouses (as wh:CODE) and regions, given in micro-degrees."""
    out = {code: (x / _MICRO, y / _MICRO) for code, (x, y) in regions.items()}
    for code, (x, y) in warehouses.items():
        out[f"wh:{code}"] = (x / _MICRO, y / _MICRO)
    return out
