"""The plans of a decision, each with its cost by parts, its arrival and its chance to be on time.

A record keeps the parts of the chosen plan only; those of the others are worked out again from the
recorded inputs, by the same engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from danshu.capabilities.routing.batch import PART_NAMES, PLANS, build_batch
from danshu.capabilities.routing.decide import ENGINE, Decision, decide_batch, read_inputs
from danshu.capabilities.routing.reference import OneOrder
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from danshu.capabilities.routing.snapshot import Snapshot


class ParcelView(Struct, frozen=True, kw_only=True):
    """A parcel of a plan: minutes to the door and their spread; the chance to be on time in
    permille, None without a promised delivery.
    """

    warehouse: str
    arrive_min: int
    sd_min: int
    on_time_permille: int | None


class PlanView(Struct, frozen=True, kw_only=True):
    """A plan, cost in 分. `lines` are (line number from 1, warehouse, "" = unfulfilled)."""

    total_fen: int
    lines: tuple[tuple[int, str], ...]
    parts_fen: dict[str, int]
    parcels: tuple[ParcelView, ...]


def view_plans(decision: Decision, snapshot: Snapshot) -> tuple[PlanView, ...]:
    """Give the plans of a decision, the chosen first.

    Raises InputError `explain` when `snapshot` is not the one that the decision names.
    """
    if snapshot.digest != decision.snapshot:
        raise InputError("explain", f"the decision was made on snapshot {decision.snapshot}")
    request, atp, capacity = read_inputs(decision, snapshot)
    order = OneOrder(
        snapshot, build_batch(snapshot, [request]), decision.minute, 0, atp.copy(), capacity.copy()
    )
    decided = decide_batch(snapshot, [request], decision.minute, atp, capacity, ENGINE)
    totals = decided.routed.totals_fen[0].tolist()
    return tuple(
        _view(order, total, decided.routed.warehouse[k].tolist())
        for k, total in zip(range(PLANS), totals, strict=True)
        if total >= 0
    )


def _view(order: OneOrder, total_fen: int, plan: list[int]) -> PlanView:
    codes = order.snapshot.network.code_at
    return PlanView(
        total_fen=total_fen,
        lines=tuple(enumerate([codes[w] for w in plan], 1)),
        parts_fen=dict(zip(PART_NAMES, order.break_down(plan), strict=True)),
        parcels=tuple(_parcel(order, w) for w in sorted({w for w in plan if w >= 0})),
    )


def _parcel(order: OneOrder, w: int) -> ParcelView:
    arrive, spread = order.arrive_min(w)
    late = order.late_odds_of(w)
    return ParcelView(
        warehouse=order.snapshot.network.codes[w],
        arrive_min=int(arrive + 0.5),
        sd_min=int(spread + 0.5),
        on_time_permille=None if late is None else int((1.0 - late) * 1000 + 0.5),
    )
