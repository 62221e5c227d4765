"""Why this warehouse, and why not the others: a decision in words and figures."""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.routing.batch import PART_NAMES, build_batch
from danshu.capabilities.routing.closures import COLD
from danshu.capabilities.routing.decide import Decision, PlanTotal, read_inputs
from danshu.capabilities.routing.reasons import Reason, ReasonText, read_reasons
from danshu.capabilities.routing.reference import OneOrder
from danshu.capabilities.routing.reference_plan import weigh_kg
from danshu.capabilities.routing.score import CLASSES
from danshu.capabilities.routing.scorers.vote import Votes
from danshu.capabilities.routing.signals import Field, Status
from danshu.capabilities.routing.variables import VARIABLES, ZONES, Per, Variable
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.routing.snapshot import Snapshot

_STATUS: Final = {
    Status.DECLARED: "declared_default",
    Status.FRESH: "fresh",
    Status.STALE: "stale",
    Status.DISAGREE: "disagree",
}


class WarehouseView(Struct, frozen=True, kw_only=True):
    """One warehouse beside the chosen plan.

    `bits` joins the order's reasons, those of every line, and stock for all lines together; 0 means
    that it could have shipped the whole order. `alone_fen` is the cost of that in one parcel, by
    part, whatever the reasons; empty where no lane exists. `more_fen` is its difference to the
    chosen plan.
    """

    code: str
    chosen: bool
    bits: int
    order_bits: int
    line_bits: tuple[int, ...]
    reasons: tuple[ReasonText, ...]
    alone_fen: dict[str, int]
    more_fen: dict[str, int]


class VariableView(Struct, frozen=True, kw_only=True):
    """One variable as the decision saw it. `age_s` is None for what was never observed."""

    number: int
    key: str
    zh: str
    en: str
    unit: str
    subject: str
    value: float
    source: str
    status: str
    age_s: int | None = None


class Explanation(Struct, frozen=True, kw_only=True):
    """A decision explained: cost parts, other plans, every warehouse, every variable."""

    snapshot: str
    plan: tuple[tuple[int, str], ...]
    parts_fen: dict[str, int]
    plans: tuple[PlanTotal, ...]
    margin_fen: int
    warehouses: tuple[WarehouseView, ...]
    variables: tuple[VariableView, ...]
    votes: Votes | None = None


def explain(decision: Decision, snapshot: Snapshot, warehouse: str = "") -> Explanation:
    """Explain a decision; the variables are those of `warehouse`, else of the first one chosen.

    Raises InputError `explain` when `snapshot` is not the one that the decision names.
    """
    if snapshot.digest != decision.snapshot:
        raise InputError("explain", f"the decision was made on snapshot {decision.snapshot}")
    request, atp, capacity = read_inputs(decision, snapshot)
    if request.ruling is not None and request.ruling.only:  # a choice is no reason against others
        request = replace(request, ruling=replace(request.ruling, only=""))
    batch = build_batch(snapshot, [request])
    order = OneOrder(snapshot, batch, decision.minute, 0, atp, capacity)
    chosen = {code for _, code in decision.plan if code}
    codes = snapshot.network.codes
    focus = warehouse or next((code for _, code in decision.plan if code), codes[0])
    if focus not in snapshot.network.warehouse_index:
        raise InputError("explain", f"no warehouse {focus!r} in the snapshot")
    return Explanation(
        snapshot=decision.snapshot,
        plan=decision.plan,
        parts_fen=name_parts(decision.parts_fen),
        plans=decision.plans,
        margin_fen=decision.margin_fen,
        warehouses=tuple(
            _view_warehouse(decision, order, w, code in chosen) for w, code in enumerate(codes)
        ),
        variables=_view_variables(order, snapshot.network.warehouse_index[focus]),
        votes=decision.votes,
    )


def name_parts(parts_fen: Sequence[int]) -> dict[str, int]:
    """Name a record's cost parts; the last is left out of records that policy cost nothing."""
    return dict(zip(PART_NAMES, chain(parts_fen, repeat(0)), strict=False))


def order_reasons(order: OneOrder, w: int) -> int:
    """Reason bits that hold for the whole order at warehouse w."""
    snapshot = order.snapshot
    if order.region < 0:
        return int(Reason.LANE)
    bits = int(snapshot.tables.lane_bits[order.region, w])
    if not order.room >> w & 1:
        bits |= Reason.CAPACITY
    if order.shut >> w & 1:
        bits |= Reason.POLICY
    if order.minute + order.promise <= 1_440 and order.minute >= snapshot.network.cutoff_min[w]:
        bits |= Reason.CUTOFF
    soon = order.promise < snapshot.figures.saturation_promise_min
    if soon and snapshot.tables.crowded[order.region]:
        bits |= Reason.CARRIER
    return bits


def line_reasons(order: OneOrder, w: int) -> tuple[int, ...]:
    """Reason bits of each line at warehouse w."""
    found = []
    for line in order.lines:
        bits = 0 if line.can >> w & 1 else int(Reason.STOCK)
        positions = [p for p in range(len(CLASSES)) if line.storage >> p & 1]
        if not positions or line.storage >> len(CLASSES):
            bits |= Reason.STORAGE
        for position in positions:
            bits |= int(order.snapshot.tables.class_bits[position, w])
        found.append(bits)
    return tuple(found)


def _view_warehouse(decision: Decision, order: OneOrder, w: int, chosen: bool) -> WarehouseView:
    order_bits, line_bits = order_reasons(order, w), line_reasons(order, w)
    if order.snapshot.network.codes[w] in decision.awaiting:
        line_bits = tuple(_await(order.lines[n].storage, b) for n, b in enumerate(line_bits))
    bits = order_bits
    for each in line_bits:
        bits |= each
    if order.oversells(list(range(len(order.lines))), w):
        bits |= Reason.STOCK
    alone = _cost_alone(order, w)
    parts = name_parts(decision.parts_fen)
    return WarehouseView(
        code=order.snapshot.network.codes[w],
        chosen=chosen,
        bits=bits,
        order_bits=order_bits,
        line_bits=line_bits,
        reasons=read_reasons(bits),
        alone_fen=alone,
        more_fen={name: fen - parts[name] for name, fen in alone.items()},
    )


def _await(storage: int, bits: int) -> int:
    """Of a cold line whose zone waits for a temperature nobody knows whether stock was there."""
    if not storage & COLD or not bits & Reason.STOCK:
        return bits
    return bits & ~Reason.STOCK | Reason.CANARY


def _cost_alone(order: OneOrder, w: int) -> dict[str, int]:
    """Cost by part of the whole order in one parcel from warehouse w; empty without a lane."""
    network, tables, region = order.snapshot.network, order.snapshot.tables, order.region
    if region < 0 or not network.lane_open[region, w]:
        return {}
    kg = weigh_kg(sum(line.grams for line in order.lines))
    fixed = int(tables.fixed_fen[region, w])
    prices = sum(order.price_lines((n,), w) for n in range(len(order.lines)))
    figures = (
        int(network.first_kg_fen[region, w]),
        int(network.extra_kg_fen[region, w]) * kg,
        int(network.handling_fen[w]),
        order.offer.opening[w] - fixed - order.surcharge[w],
        int(tables.risk_fen[w]),
        0,
        int(tables.mu_fen[w]) + prices,
        0,
        order.surcharge[w],
    )
    return dict(zip(PART_NAMES, figures, strict=True))


def _view_variables(order: OneOrder, w: int) -> tuple[VariableView, ...]:
    views: list[VariableView] = []
    for variable in VARIABLES:
        if variable.per:
            for per in variable.per:
                views.extend(_view_signal(order, variable, per, w))
        else:
            views.append(_view_counter(order, variable, w))
    return tuple(views)


def _view_counter(order: OneOrder, variable: Variable, w: int) -> VariableView:
    """What is no signal: live counters at the decision, and the tariff."""
    network = order.snapshot.network
    subject, value, status = f"wh:{network.codes[w]}", 0.0, "live"
    if variable.key == "capacity_left":
        value = float(order.room >> w & 1)
        unit = "1 = room for the whole order"
    elif variable.key == "stock_atp":
        value = float(sum(line.can >> w & 1 for line in order.lines))
        unit = f"of {len(order.lines)} lines in stock"
    else:
        unit, status = variable.unit, "tariff"
        if order.region >= 0:
            subject = f"ln:{network.codes[w]}>{network.regions[order.region]}"
            value = float(sum(_cost_alone(order, w).values()))
    return VariableView(
        number=variable.number,
        key=variable.key,
        zh=variable.zh,
        en=variable.en,
        unit=unit,
        subject=subject,
        value=value,
        source=variable.feed,
        status=status,
    )


def _view_signal(order: OneOrder, variable: Variable, per: Per, w: int) -> list[VariableView]:
    """A signal at each of its cells that concern warehouse w and the order's region."""
    snapshot, region = order.snapshot, order.region
    code = snapshot.network.codes[w]
    goal = snapshot.network.regions[region] if region >= 0 else ""
    cells: list[tuple[str, tuple[int, ...]]]
    if per is Per.WAREHOUSE:
        cells = [(f"wh:{code}", (w,))]
    elif per is Per.ZONE:
        cells = [(f"zn:{code}/{zone}", (row, w)) for row, zone in enumerate(ZONES)]
    elif region < 0:
        return []
    elif per is Per.REGION:
        cells = [(f"rg:{goal}", (region,))]
    else:
        cells = [(f"ln:{code}>{goal}", (region, w))]
    field = snapshot.signals.field(variable.key, per, snapshot.network)
    return [_view_cell(snapshot, variable, field, subject, cell) for subject, cell in cells]


def _view_cell(
    snapshot: Snapshot, variable: Variable, field: Field, subject: str, cell: tuple[int, ...]
) -> VariableView:
    observed_ms = int(field.observed_ms[cell])
    age_s = (snapshot.signals.taken_ms - observed_ms) // 1_000 if observed_ms else None
    return VariableView(
        number=variable.number,
        key=variable.key,
        zh=variable.zh,
        en=variable.en,
        unit=variable.unit,
        subject=subject,
        value=float(field.value[cell]),
        source=snapshot.signals.sources[int(field.source[cell])],
        status=_STATUS[Status(int(field.status[cell]))],
        age_s=age_s,
    )
