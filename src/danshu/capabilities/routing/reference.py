"""The plain Python engine: the same answers as the compiled one, written to be read.

It is the yardstick of the tests, and the engine where nothing may be compiled.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from danshu.capabilities.routing.batch import PART_NAMES, PLANS, Batch, Routed
from danshu.capabilities.routing.reference_plan import (
    Offer,
    Plan,
    Unit,
    plan_at_most,
    plan_each_once,
    plan_greedily,
    plan_parcels,
    subsets,
    weigh_kg,
)
from danshu.capabilities.routing.score import CLASS_SUMS, wait_to_wave
from danshu.kernel.limits import SPLIT_LINES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from danshu.capabilities.routing.snapshot import Snapshot

NAME: Final = "python"
_DAY_MIN: Final = 1_440
_VALUE_FEN: Final = 1 << 40


class _Line(NamedTuple):
    row: int
    qty: int
    grams: int
    storage: int
    price_row: int
    can: int
    mask: int
    left_fen: int


def route(
    snapshot: Snapshot,
    batch: Batch,
    minute: int,
    atp: NDArray[np.int32],
    capacity: NDArray[np.float64],
    out: Routed,
) -> None:
    """Decide `batch` at `minute` of the local day: the Engine protocol, in plain Python."""
    for order in range(len(batch.region)):
        OneOrder(snapshot, batch, minute, order, atp, capacity).decide(out)


def late_odds(z: float) -> float:
    """exp(-z) by additions and multiplications, the same bits on every machine."""
    y = min(max(z, -16.0), 16.0) * -0.00390625
    e = 1.0 + y * (1.0 + y * (0.5 + y * (0.16666666666666666 + y * 0.041666666666666664)))
    for _ in range(8):
        e *= e
    return e


def weigh_lateness(snapshot: Snapshot, value_fen: int) -> int:
    """What a late order of this value costs, 分."""
    figures = snapshot.figures
    share = min(max(value_fen, 0), _VALUE_FEN) * figures.late_value_bp // 10_000
    return min(figures.late_fen + share, figures.late_cap_fen)


class OneOrder:
    """One order of a batch, from its facts to its plans."""

    def __init__(
        self,
        snapshot: Snapshot,
        batch: Batch,
        minute: int,
        order: int,
        atp: NDArray[np.int32],
        capacity: NDArray[np.float64],
    ) -> None:
        self.snapshot, self.order, self.minute = snapshot, order, minute
        self.atp, self.capacity = atp, capacity
        self.start = int(batch.line_start[order])
        self.count = int(batch.line_start[order + 1]) - self.start
        self.warehouses = range(len(snapshot.network.codes))
        region = int(batch.region[order])
        self.region = region if 0 <= region < len(snapshot.network.regions) else -1
        self.promise = float(batch.promise_min[order])
        self.value_fen = int(batch.value_fen[order])
        self.shut = int(batch.shut[order])
        favour, table = int(batch.favour[order]), batch.surcharge_fen
        some = self.region >= 0 and 0 <= favour < len(table)
        self.surcharge = table[favour].tolist() if some else [0] * len(self.warehouses)
        self.most = int(batch.parcels_max[order])
        needed = 1.0 + 0.5 * self.count
        self.room = sum(1 << w for w in self.warehouses if capacity[w] >= needed)
        self.allowed = self._allow()
        self.offer = self._open()
        span = range(self.start, self.start + self.count)
        self.lines = [self._read(batch, i) for i in span]
        self.twins = self._pair()
        self.costs: dict[int, dict[int, int]] | None = None

    def decide(self, out: Routed) -> None:
        """Find the plans, write them down, take stock and capacity for the first."""
        units = self._form_units()
        lost = sum(line.left_fen for line in self.lines) - sum(unit.left_fen for unit in units)
        span = slice(self.start, self.start + self.count)
        out.room[self.order] = _signed(self.room)
        out.can[span] = [_signed(line.can) for line in self.lines]
        out.twin[span] = 0
        for first, held in self.twins.items():
            out.twin[self.start + first] = 1
            out.held[self.start + first] = held
        out.warehouse[:, span] = -1
        out.totals_fen[self.order] = -1
        forbidden = 0
        for k in range(PLANS):
            total, plan = self._plan(units, forbidden)
            out.totals_fen[self.order, k] = total + lost
            for u, w in plan.items():
                for n in units[u].lines:
                    out.warehouse[k, self.start + n] = w
                forbidden |= 1 << w
            if not plan:
                break
        self._settle([int(w) for w in out.warehouse[0, span]], out)

    def _allow(self) -> int:
        """Warehouses without an order-level reason against them."""
        if self.region < 0:
            return 0
        tables, figures = self.snapshot.tables, self.snapshot.figures
        if tables.crowded[self.region] and self.promise < figures.saturation_promise_min:
            return 0
        allowed = self.room & int(tables.lane_ok[self.region]) & ~self.shut
        if self.minute + self.promise <= _DAY_MIN:
            cutoffs = self.snapshot.network.cutoff_min
            allowed &= sum(1 << w for w in self.warehouses if self.minute < cutoffs[w])
        return allowed

    def _open(self) -> Offer:
        figures, tables = self.snapshot.figures, self.snapshot.tables
        if self.region < 0:
            nothing = [0] * len(self.warehouses)
            return Offer(nothing, tables.extra_fen[0].tolist(), figures.parcel_fen, self.price)
        opening = tables.fixed_fen[self.region].tolist()
        if self.promise != math.inf:
            late = weigh_lateness(self.snapshot, self.value_fen)
            eta, pull = tables.eta_min[self.region].tolist(), tables.pull[self.region].tolist()
            for w, cutoff in enumerate(self.snapshot.network.cutoff_min.tolist()):
                wait = wait_to_wave(
                    self.minute, cutoff, figures.wave_wait_min, figures.first_wave_min
                )
                e = late_odds((wait + eta[w] - self.promise) * pull[w])
                opening[w] += int(late / (1.0 + e) + 0.5)
        opening = [fen + more for fen, more in zip(opening, self.surcharge, strict=True)]
        extra = tables.extra_fen[self.region].tolist()
        return Offer(opening, extra, figures.parcel_fen, self.price)

    def _read(self, batch: Batch, i: int) -> _Line:
        row, qty = int(batch.sku[i]), int(batch.qty[i])
        grams = max(int(batch.weight_g[i]), 0) * max(qty, 0)
        storage = int(batch.storage[i])
        can = 0
        if 0 <= row < len(self.atp) and qty > 0:
            can = sum(1 << w for w, units in enumerate(self.atp[row].tolist()) if units >= qty)
        classes = storage if 0 < storage < CLASS_SUMS else 0
        mask = can & self.allowed & int(self.snapshot.tables.class_ok[classes])
        first, extra = 0, 0
        if self.region >= 0:
            first, extra = self.snapshot.tables.worst_fen[self.region].tolist()
        left = self.snapshot.figures.unfulfilled_fen + max(self.surcharge)
        left += first + extra * weigh_kg(grams)
        return _Line(row, qty, grams, storage, int(batch.price_row[i]), can, mask, left)

    def _pair(self) -> dict[int, list[int]]:
        """For SKUs on several lines: the first line, and the stock, at most what is asked."""
        twins: dict[int, list[int]] = {}
        for n, line in enumerate(self.lines):
            same = [m for m, other in enumerate(self.lines) if other.row == line.row]
            if 0 <= line.row < len(self.atp) and len(same) > 1 and same[0] == n:
                asked = sum(max(self.lines[m].qty, 0) for m in same)
                stock = self.atp[line.row].tolist()
                twins[n] = [min(max(units, 0), asked) for units in stock]
        return twins

    def _form_units(self) -> list[Unit]:
        masks = [line.mask for line in self.lines]
        members: list[tuple[int, ...]]
        if self.count <= SPLIT_LINES:
            members = [(n,) for n in range(self.count)]
        else:
            for n, held in self.twins.items():
                same = [m for m, line in enumerate(self.lines) if line.row == self.lines[n].row]
                asked = sum(max(self.lines[m].qty, 0) for m in same)
                shared = sum(1 << w for w in self.warehouses if held[w] >= asked)
                for m in same:
                    shared &= masks[m]
                for m in same:
                    masks[m] = shared
            by_mask: dict[int, tuple[int, ...]] = {}
            for n, mask in enumerate(masks):
                if mask:
                    by_mask[mask] = (*by_mask.get(mask, ()), n)
            members = list(by_mask.values())
        return [
            Unit(
                numbers,
                masks[numbers[0]],
                sum(self.lines[n].grams for n in numbers),
                sum(self.lines[n].left_fen for n in numbers),
            )
            for numbers in members
        ]

    def price(self, unit: Unit, w: int) -> int:
        """Price of a unit's work and stock at a warehouse."""
        return self.price_lines(unit.lines, w)

    def price_lines(self, numbers: tuple[int, ...], w: int) -> int:
        """Price of lines at a warehouse: half a work unit each, and their stock."""
        prices = self.snapshot.prices
        fen = len(numbers) * (int(prices.mu_fen[w]) // 2)
        for n in numbers:
            line = self.lines[n]
            if 0 <= line.price_row < len(prices.lambda_fen):
                fen += int(prices.lambda_fen[line.price_row, w]) * line.qty
        return fen

    def oversells(self, numbers: list[int], w: int) -> bool:
        """Tell whether lines of one SKU ask more together than the warehouse has."""
        for first, held in self.twins.items():
            row = self.lines[first].row
            asked = sum(self.lines[n].qty for n in numbers if self.lines[n].row == row)
            if asked > held[w]:
                return True
        return False

    def _plan(self, units: list[Unit], forbidden: int) -> tuple[int, Plan]:
        if len(units) > SPLIT_LINES:
            return plan_greedily(self.offer, units, forbidden, self.most)
        if self.costs is None:
            self.costs = self._cost_parcels(units)
        costs = {w: parcels for w, parcels in self.costs.items() if not forbidden >> w & 1}
        if 0 < self.most < len(units):
            for most in (min(self.most, len(self.warehouses)), 1):
                total, plan = plan_at_most(units, costs, self.offer.parcel_fen, most)
                if total is not None:
                    return total, plan
        total, plan = plan_parcels(units, costs, self.offer.parcel_fen)
        if total is None:
            return plan_each_once(units, costs, self.offer.parcel_fen)
        return total, plan

    def _cost_parcels(self, units: list[Unit]) -> dict[int, dict[int, int]]:
        """Cost of each parcel that can be: warehouse -> subset of units -> 分."""
        check_twins = bool(self.twins) and self.count <= SPLIT_LINES
        costs: dict[int, dict[int, int]] = {}
        for w in self.warehouses:
            available = sum(1 << u for u, unit in enumerate(units) if unit.mask >> w & 1)
            if not available:
                continue
            prices = [self.price(unit, w) for unit in units]
            costs[w] = {}
            for part in subsets(available):
                inside = [u for u in range(len(units)) if part >> u & 1]
                if check_twins and self.oversells([units[u].lines[0] for u in inside], w):
                    continue
                kg = weigh_kg(sum(units[u].grams for u in inside))
                fen = self.offer.opening[w] + self.offer.extra[w] * kg
                costs[w][part] = fen + sum(prices[u] for u in inside)
        return costs

    def _settle(self, plan: list[int], out: Routed) -> None:
        """Take what the plan needs from stock and capacity, and write its cost by parts."""
        out.parts_fen[self.order] = self.break_down(plan)
        for line, w in zip(self.lines, plan, strict=True):
            if w >= 0:
                self.atp[line.row, w] -= line.qty
        for w in sorted({w for w in plan if w >= 0}):
            self.capacity[w] -= 1.0 + 0.5 * plan.count(w)

    def break_down(self, plan: list[int]) -> list[int]:
        """Cost of a plan (a warehouse a line, -1 = unfulfilled) by the parts of PART_NAMES."""
        network, tables = self.snapshot.network, self.snapshot.tables
        first_kg = network.first_kg_fen[self.region]
        parts = [0] * len(PART_NAMES)
        for n, w in enumerate(plan):
            if w < 0:
                parts[7] += self.lines[n].left_fen
            else:
                parts[6] += self.price_lines((n,), w)
        used = sorted({w for w in plan if w >= 0})
        for w in used:
            inside = [line for line, chosen in zip(self.lines, plan, strict=True) if chosen == w]
            parts[0] += int(first_kg[w])
            parts[1] += self.offer.extra[w] * weigh_kg(sum(line.grams for line in inside))
            parts[2] += int(network.handling_fen[w])
            opened = self.offer.opening[w] - int(tables.fixed_fen[self.region, w])
            parts[3] += opened - self.surcharge[w]
            parts[4] += int(tables.risk_fen[w])
            parts[6] += int(tables.mu_fen[w])
            parts[8] += self.surcharge[w]
        parts[5] = self.offer.parcel_fen * max(len(used) - 1, 0)
        return parts

    def arrive_min(self, w: int) -> tuple[float, float]:
        """Minutes from the decision to the door from warehouse w: mean and spread."""
        figures, tables = self.snapshot.figures, self.snapshot.tables
        cutoff = int(self.snapshot.network.cutoff_min[w])
        wait = wait_to_wave(self.minute, cutoff, figures.wave_wait_min, figures.first_wave_min)
        return (
            wait + float(tables.eta_min[self.region, w]),
            float(tables.sd_min[self.region, w]),
        )

    def late_odds_of(self, w: int) -> float | None:
        """Chance that a parcel from warehouse w is late, as the score has it; None unpromised."""
        if self.promise == math.inf:
            return None
        pull = float(self.snapshot.tables.pull[self.region, w])
        return 1.0 / (1.0 + late_odds((self.arrive_min(w)[0] - self.promise) * pull))


def _signed(mask: int) -> int:
    """A mask of 64 bits as the signed word that holds the same bits."""
    return mask - (1 << 64) if mask >> 63 else mask
