"""Open orders as arrays, and what each could cost at each warehouse by the online engine's tables.

An order of one unit is a unit order: many of them are alike, so they are counted in cells of
(region, SKU, promise, warehouse that has it now). All others are compound orders and stay one by
one. Costs are int32 分 without prices, CLOSED where a hard constraint speaks against the warehouse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from danshu.capabilities.routing.score import wait_to_wave
from danshu.kernel.errors import ProgramError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from danshu.capabilities.routing.snapshot import Snapshot

    Ints = NDArray[np.int64]
    Costs = NDArray[np.int32]

CLOSED: Final = np.int32(2**30)
UNSTEERED: Final = np.zeros((0, 0), np.int64)
UNIT_WORK: Final = 1.5  # a parcel, and half a unit for its line
BUCKET_MIN: Final = 240  # promises this near one another are decided alike
_DAY_MIN: Final = 1_440
_NO_PROMISE: Final = 1 << 20


class Orders(NamedTuple):
    """Open orders n and their lines m, as batch.Batch has them; an order names a SKU once.

    `was` is the warehouse that has the line now, -1 for none; bit w of `shut` says that policy
    forbids warehouse w to the order, `favour` is its row of Problem.surcharge_fen (FREE: none),
    `parcels_max` the most parcels that policy lets it have, 0 = any (see ruling.Steering).
    """

    region: NDArray[np.int32]  # [n]
    promise_min: NDArray[np.float64]  # [n], inf = none
    value_fen: Ints  # [n]
    shut: Ints  # [n]
    favour: NDArray[np.int32]  # [n]
    parcels_max: NDArray[np.int32]  # [n]
    line_start: NDArray[np.int32]  # [n+1]
    sku: NDArray[np.int32]  # [m]
    qty: NDArray[np.int32]  # [m]
    weight_g: NDArray[np.int32]  # [m]
    storage: NDArray[np.int32]  # [m]
    was: NDArray[np.int16]  # [m]


class Problem(NamedTuple):
    """What is open at `minute` of the local day, over W warehouses and S SKUs.

    `atp` and `capacity` are what is free when all of these orders are taken back. `switching_fen`
    is what it costs to move an order that some warehouse has, `surcharge_fen` what policy asks
    for a parcel of a warehouse, by the orders' `favour`.
    """

    orders: Orders
    minute: int
    atp: NDArray[np.int32]  # [S, W]
    capacity: NDArray[np.float64]  # [W], work units
    switching_fen: int = 0
    surcharge_fen: Ints = UNSTEERED  # [k, W]


class Cells(NamedTuple):
    """C cells of unit orders; `member` are orders by cell, those of cell c from start[c] on."""

    region: NDArray[np.int32]  # [C]
    sku: NDArray[np.int32]  # [C]
    was: NDArray[np.int16]  # [C]
    size: Ints  # [C], orders in the cell
    penalty_fen: Ints  # [C], of leaving one order of the cell behind
    cost_fen: Costs  # [C, W]
    member: Ints  # [unit orders]
    start: Ints  # [C+1]


class Compounds(NamedTuple):
    """K orders that are more than one unit, and their lines; `order` are their numbers."""

    order: Ints  # [K]
    line_start: Ints  # [K+1]
    line: Ints  # [lines], numbers in the batch
    sku: NDArray[np.int32]  # [lines]
    qty: NDArray[np.int32]  # [lines]
    grams: Ints  # [lines], of all its units
    penalty_fen: Ints  # [lines]
    was: NDArray[np.int16]  # [lines]
    region: NDArray[np.int32]  # [K]
    most: NDArray[np.int32]  # [K], parcels that it may have, 0 = any
    opening_fen: Costs  # [K, W], first parcel's nuisance included
    can: Ints  # [lines], bit w: class allows and something is in stock


def split_orders(problem: Problem) -> tuple[Ints, Ints]:
    """Tell the unit orders from the compound ones, by number."""
    told = problem.orders
    if told.was.shape != told.sku.shape:
        raise ProgramError(f"{told.was.shape} places for {told.sku.shape} lines")
    sizes = np.diff(told.line_start)
    first = np.minimum(told.line_start[:-1], max(len(told.qty) - 1, 0))
    single = (sizes == 1) & (told.qty[first] == 1 if len(told.qty) else False)
    return np.flatnonzero(single), np.flatnonzero(~single & (sizes > 0))


def late_fen(snapshot: Snapshot, value_fen: Ints) -> Ints:
    """Give what a broken promise of orders of this value is worth, as the engine counts it."""
    figures = snapshot.figures
    share = np.clip(value_fen, 0, 1 << 40) * figures.late_value_bp // 10_000
    return np.minimum(figures.late_fen + share, figures.late_cap_fen)


def count_cells(snapshot: Snapshot, problem: Problem, orders: Ints) -> Cells:
    """Count unit orders in cells and cost each cell."""
    told = problem.orders
    line = told.line_start[orders].astype(np.int64)
    region, sku, was = told.region[orders], told.sku[line], told.was[line]
    promise = told.promise_min[orders]
    if problem.switching_fen == 0:
        was = np.full(len(orders), -1, np.int16)
    masks, mask = np.unique(told.shut[orders], return_inverse=True)
    rules = len(problem.surcharge_fen) + 1
    rule = mask * rules + told.favour[orders] + 1
    bucket = _buckets(snapshot, problem.minute, promise) * (len(masks) * rules) + rule
    regions, skus = len(snapshot.network.regions), len(problem.atp)
    key = (bucket * (regions + 1) + region + 1) * (skus + 1) + sku + 1
    key = key * (problem.atp.shape[1] + 1) + was + 1
    member = np.argsort(key, kind="stable")
    ordered = key[member]
    begins = np.flatnonzero(np.diff(ordered, prepend=-1))
    start = np.append(begins, len(ordered))
    first = member[begins]
    count = np.diff(start)

    def mean(of: NDArray[Any]) -> NDArray[np.float64]:
        table = of.astype(np.float64)
        return np.add.reduceat(table[member], begins) / count if len(begins) else table[:0]

    value = late_fen(snapshot, told.value_fen[orders])
    grams = told.weight_g[line[first]].astype(np.int64)
    opening = open_parcels(
        snapshot, problem.minute, region[first], mean(promise), np.rint(mean(value)),
        told.shut[orders[first]],
    )  # fmt: skip
    dearest = steer(problem, told.favour[orders[first]], opening)
    return Cells(
        region=region[first],
        sku=sku[first],
        was=was[first],
        size=count,
        penalty_fen=penalties(snapshot, region[first], grams) + dearest,
        cost_fen=_cost_units(snapshot, problem, opening, line[first], region[first], grams),
        member=orders[member],
        start=start,
    )


def _buckets(snapshot: Snapshot, minute: int, promise: NDArray[np.float64]) -> Ints:
    """Number promises: what the engine treats unlike is never in one bucket."""
    figures = snapshot.figures
    known = np.isfinite(promise)
    whole = np.where(known, promise, 0.0)
    bucket = np.minimum(whole // BUCKET_MIN, _NO_PROMISE).astype(np.int64) << 2
    bucket += (minute + whole <= _DAY_MIN) * 2 + (whole < figures.saturation_promise_min)
    return np.where(known, bucket, np.int64(_NO_PROMISE) << 3)


def penalties(snapshot: Snapshot, region: NDArray[np.int32], grams: Ints) -> Ints:
    """Give what leaving lines of these regions and weights behind costs, in 分."""
    worst = snapshot.tables.worst_fen
    inside = (region >= 0) & (region < len(worst))
    rows = worst[np.where(inside, region, 0)]
    fen = snapshot.figures.unfulfilled_fen + np.where(inside, rows[:, 0], 0)
    return fen + np.where(inside, rows[:, 1], 0) * extra_kg(grams)


def steer(problem: Problem, favour: NDArray[np.int32], opening: Costs) -> Ints:
    """Add what policy asks for a parcel to `opening` [N, W], in place; gives the dearest, [N].

    A line left behind bears the dearest, so that a preference alone leaves none.
    """
    table = problem.surcharge_fen
    dearest = np.zeros(len(favour), np.int64)
    steered = np.flatnonzero((favour >= 0) & (favour < len(table)))
    if len(steered):
        more = opening[steered] + table[favour[steered]]
        opening[steered] = np.minimum(more, CLOSED)
        dearest[steered] = table.max(axis=1)[favour[steered]]
    return dearest


def extra_kg(grams: Ints) -> Ints:
    """Kilograms begun after the first."""
    return (np.maximum(grams, 1) - 1) // 1_000


def open_parcels(
    snapshot: Snapshot,
    minute: int,
    region: NDArray[np.int32],
    promise_min: NDArray[np.float64],
    late: NDArray[np.float64],
    shut: Ints,
) -> Costs:
    """Cost the opening of a parcel for each order at each warehouse, [N, W]; without prices."""
    tables, figures = snapshot.tables, snapshot.figures
    regions = len(tables.lane_ok)
    known = (region >= 0) & (region < regions)
    rows = np.where(known, region, 0)
    crowded = (tables.crowded[rows] != 0) & (promise_min < figures.saturation_promise_min)
    today = minute + promise_min <= _DAY_MIN
    has_promise = np.isfinite(promise_min)
    promise = np.where(has_promise, promise_min, 0.0)
    out = np.full((len(region), len(tables.mu_fen)), CLOSED, np.int32)
    for w, cutoff in enumerate(tables.cutoff_min.tolist()):
        wait = wait_to_wave(minute, cutoff, figures.wave_wait_min, figures.first_wave_min)
        z = (wait + tables.eta_min[rows, w] - promise) * tables.pull[rows, w]
        fen = np.where(has_promise, np.floor(late / (1.0 + _exp_of_minus(z)) + 0.5), 0.0)
        is_open = (
            known
            & ~crowded
            & ((shut >> w) & 1 == 0)
            & ((tables.lane_ok.view(np.int64)[rows] >> w) & 1 == 1)
        )
        if minute >= cutoff:
            is_open &= ~today
        fixed = tables.fixed_fen[rows, w] - tables.mu_fen[w]
        out[:, w] = np.where(is_open, np.minimum(fixed + fen.astype(np.int64), CLOSED), CLOSED)
    return out


def _exp_of_minus(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """exp(-z) by the engine's own additions and multiplications, to the same bits."""
    y = np.clip(z, -16.0, 16.0) * -0.00390625
    e: NDArray[np.float64] = 1.0 + y * (
        1.0 + y * (0.5 + y * (0.16666666666666666 + y * 0.041666666666666664))
    )
    for _ in range(8):
        e *= e
    return e


def _cost_units(
    snapshot: Snapshot,
    problem: Problem,
    opening: Costs,
    line: Ints,
    region: NDArray[np.int32],
    grams: Ints,
) -> Costs:
    """Cost one unit of each cell at each warehouse, [C, W]; changes `opening` in place."""
    sku, storage = problem.orders.sku[line], problem.orders.storage[line]
    inside = (sku >= 0) & (sku < len(problem.atp))
    rows = np.where(inside, sku, 0)
    where = np.clip(region, 0, None)
    for w in range(opening.shape[1]):
        column = opening[:, w]
        shut = ~inside | (column >= CLOSED) | (_allowed(snapshot, storage, w) == 0)
        if len(problem.atp):
            shut |= problem.atp[rows, w] <= 0
        more = snapshot.tables.extra_fen[where, w] * extra_kg(grams)
        fen = column + more - snapshot.figures.parcel_fen
        column[:] = np.where(shut, CLOSED, np.minimum(fen, CLOSED))
    return opening


def _allowed(snapshot: Snapshot, storage: NDArray[np.int32], w: int) -> Ints:
    masks = snapshot.tables.class_ok.view(np.int64)
    known = np.where((storage > 0) & (storage < len(masks)), storage, 0)
    allowed: Ints = (masks[known] >> w) & 1
    return allowed


def gather_compounds(snapshot: Snapshot, problem: Problem, orders: Ints) -> Compounds:
    """Lay the compound orders out, with the cost of opening a parcel of each anywhere."""
    told = problem.orders
    sizes = np.diff(told.line_start)[orders].astype(np.int64)
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    owner = np.repeat(np.arange(len(orders)), sizes)
    line = told.line_start[orders].astype(np.int64)[owner] + np.arange(start[-1]) - start[owner]
    sku, qty = told.sku[line], told.qty[line]
    grams = told.weight_g[line].astype(np.int64) * qty
    region = told.region[orders]
    inside = (sku >= 0) & (sku < len(problem.atp)) & (qty > 0)
    opening = open_parcels(
        snapshot,
        problem.minute,
        region,
        told.promise_min[orders],
        late_fen(snapshot, told.value_fen[orders]).astype(np.float64),
        told.shut[orders],
    )
    dearest = steer(problem, told.favour[orders], opening)
    can = np.zeros(len(line), np.int64)
    rows = np.where(inside, sku, 0)
    for w in range(problem.atp.shape[1]):
        good = inside & (_allowed(snapshot, told.storage[line], w) == 1)
        if len(problem.atp):
            good &= problem.atp[rows, w] >= qty
        can |= good.astype(np.int64) << w
    return Compounds(
        order=orders,
        line_start=start,
        line=line,
        sku=sku,
        qty=qty,
        grams=grams,
        penalty_fen=penalties(snapshot, region[owner], grams) + dearest[owner],
        was=told.was[line],
        region=region,
        most=told.parcels_max[orders],
        opening_fen=opening,
        can=can,
    )
