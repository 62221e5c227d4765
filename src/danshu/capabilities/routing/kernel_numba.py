"""The compiled engine: one pass over a batch, microseconds an order. The rules are in `batch`.

The compiler keeps its work on disk and watches this file only; so the digest of the files that are
compiled with it is a constant of the compiled function, and a change in any of them is noticed.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numba import njit, typeof, types

from danshu.capabilities.routing.batch import PLANS, Batch, Routed
from danshu.capabilities.routing.kernel_plan import (
    cost_subsets,
    forbid_oversell,
    forbid_warehouses,
    greedy,
    plan_exactly,
)
from danshu.capabilities.routing.kernel_units import (
    clock,
    compiled,
    form_units,
    join_twins,
    kg,
    mark_twins,
    mask_lines,
    openings,
    price_units,
    steer_opening,
    weigh_units,
    wide,
)
from danshu.kernel.errors import ProgramError
from danshu.kernel.limits import ORDER_LINES, SPLIT_LINES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from danshu.capabilities.routing.snapshot import Snapshot

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

NAME: Final = "numba"


@compiled
def _settle(
    o: int,
    r: int,
    a: int,
    b: int,
    lines: Any,
    lanes: Any,
    sites: Any,
    penalty: Ints,
    lam: Ints,
    parcel: int,
    opening: Ints,
    load: Ints,
    atp: Any,
    capacity: Floats,
    plan: Any,
    parts: Ints,
    surcharge: Ints,
    favour: int,
) -> None:
    """Take what the chosen plan needs from stock and capacity, and tell its cost by parts."""
    first_kg, extra, fixed = lanes[0], lanes[1], lanes[2]
    handling, risk, mu = sites[0], sites[1], sites[2]
    for part in range(parts.shape[1]):
        parts[o, part] = 0
    for i in range(a, b):
        if plan[i] >= 0:
            load[plan[i], 0], load[plan[i], 1] = 0, 0
    for i in range(a, b):
        w, qty = plan[i], wide(lines[1][i])
        grams = max(wide(lines[2][i]), 0) * max(qty, 0)
        if w < 0:
            parts[o, 7] += penalty[0] + penalty[1] * kg(grams)
            continue
        load[w, 0] += grams
        load[w, 1] += 1
        atp[lines[0][i], w] -= lines[1][i]
        parts[o, 6] += mu[w] >> 1
        if 0 <= lines[4][i] < lam.shape[0]:
            parts[o, 6] += lam[lines[4][i], w] * qty
    parcels = 0
    for i in range(a, b):
        w = plan[i]
        if w >= 0 and load[w, 1]:
            capacity[w] -= 1.0 + 0.5 * load[w, 1]
            parts[o, 0] += first_kg[r, w]
            parts[o, 1] += extra[r, w] * kg(load[w, 0])
            parts[o, 2] += handling[w]
            more = surcharge[favour, w] if 0 <= favour < surcharge.shape[0] else 0
            parts[o, 3] += opening[w] - fixed[r, w] - more
            parts[o, 8] += more
            parts[o, 4] += risk[w]
            parts[o, 6] += mu[w]
            load[w, 1] = 0
            parcels += 1
    parts[o, 5] = parcel * max(parcels - 1, 0)


@compiled
def _plan_order(
    o: int, a: int, b: int, units: int, lost: int, none_fen: int, parcel: int, most: int,
    extra: Ints, lines: Any, unit_of: Ints, unit_mask: Ints, unit: Ints, price: Ints, out: Any,
    ws: Any,
) -> None:  # fmt: skip
    """Find up to PLANS plans, each without the warehouses of those before."""
    plans, totals, held, twin = out[0], out[2], out[5], out[6]
    pick, opening = ws[6], ws[7]
    exact = units <= SPLIT_LINES
    if exact:
        cost_subsets(units, unit, price, extra, opening, ws)
        if b - a <= SPLIT_LINES:
            forbid_oversell(a, b, lines, held, twin, ws)
    for k in range(PLANS):
        if exact:
            total = plan_exactly(units, unit, none_fen, parcel, most, ws)
        else:
            total = greedy(units, unit, unit_mask, price, extra, none_fen, parcel, most, ws)
        totals[o, k] = total + lost
        shipped = 0
        for i in range(a, b):
            u = unit_of[i - a]
            w = pick[u] if u >= 0 else -1
            plans[k, i] = w
            if w >= 0:
                shipped |= 1 << w
        if shipped == 0:
            return
        if exact:
            forbid_warehouses(units, shipped, ws)
        else:
            for u in range(units):
                unit_mask[u] &= ~shipped


@cache
def _workspace(warehouses: int) -> tuple[Any, ...]:
    """Arrays that every order uses again; the interpreter's lock lets one caller in at a time."""
    size, longest = 1 << SPLIT_LINES, ORDER_LINES

    def ints(*shape: int) -> Ints:
        return np.zeros(shape, np.int64)

    plan = (
        ints(size),  # 0 grams, then kg, of each subset
        ints(size, warehouses),  # 1 key of each subset at each warehouse
        ints(size),  # 2 least key of each subset in one parcel
        ints(size),  # 3 least cost of each subset in parcels
        ints(size),  # 4 the parcel that this begins with
        ints(size, 2),  # 5 the same, where the lowest unit must be shipped
        ints(longest),  # 6 warehouse of each unit
        ints(warehouses),  # 7 cost of opening a parcel
        ints(warehouses, 2),  # 8 grams and units of each parcel
        ints(size),  # 9 cost of leaving each subset behind
        ints(warehouses, size),  # 10 parcel of each warehouse, where each is used once
    )
    units = (
        ints(warehouses),  # wait for a wave
        ints(2),  # penalty of a line, and of each kilogram of it
        ints(longest),  # mask of each line
        ints(longest),  # unit of each line
        ints(longest),  # mask of each unit
        ints(longest, 3),  # grams, lines, penalty of each unit
        ints(longest, warehouses),  # price of each unit
    )
    return plan, units


@compiled
def _well_formed(
    batch: Any, lines: Any, shut: Ints, steering: Any, surcharge: Ints, sites: int, longest: int
) -> bool:
    """Tell whether the batch's arrays fit one another: compiled code checks no bounds."""
    region, promise, value, line_start = batch
    n, m = region.shape[0], lines[0].shape[0]
    if line_start.shape[0] != n + 1 or promise.shape[0] != n or value.shape[0] != n:
        return False
    if shut.shape[0] != n or surcharge.shape[1] != sites:
        return False
    for column in steering:
        if column.shape[0] != n:
            return False
    for column in lines:
        if column.shape[0] != m:
            return False
    if line_start[0] != 0 or line_start[n] != m:
        return False
    fits = True
    for o in range(n):
        fits = fits and 0 <= line_start[o + 1] - line_start[o] <= longest
    return fits


@compiled
def _route(
    lanes: Any, timing: Any, sites: Any, masks: Any, worst: Any, lam: Any, figures: Any,
    minute: int, batch: Any, lines: Any, shut: Ints, steering: Any, surcharge: Ints,
    atp: Any, capacity: Any, out: Any, work: Any,
) -> bool:  # fmt: skip
    """Decide a batch. See `route` for what the tuples hold; False when the batch is malformed."""
    ws, (wait, penalty, line_mask, unit_of, unit_mask, unit, price) = work
    fixed, extra = lanes[2], lanes[1]
    regions, warehouses = fixed.shape
    if not _well_formed(batch, lines, shut, steering, surcharge, warehouses, unit_of.shape[0]):
        return False
    favour, most = steering
    region, promise, value, line_start = batch
    opening, load = ws[7], ws[8]
    taking = clock(minute, sites[3], figures, wait)
    parcel = figures[3]
    for o in range(region.shape[0]):
        a, b, r = line_start[o], line_start[o + 1], wide(region[o])
        room = 0
        needed = 1.0 + 0.5 * (b - a)
        for w in range(warehouses):
            if capacity[w] >= needed:
                room |= 1 << w
        out[4][o] = room
        allowed = 0
        penalty[0], penalty[1] = figures[4], 0
        if 0 <= r < regions:
            allowed = room & masks[0][r]
            penalty[0] += worst[r, 0]
            penalty[1] = worst[r, 1]
            late = figures[0] + min(max(value[o], 0), 1 << 40) * figures[1] // 10_000
            late = min(late, figures[2])
            openings(promise[o], late, fixed[r], timing[0][r], timing[1][r], wait, opening)
            steer_opening(favour[o], surcharge, opening, penalty)
            allowed &= ~shut[o]
            if minute + promise[o] <= 1440.0:
                allowed &= taking
            if masks[2][r] and promise[o] < figures[7]:
                allowed = 0
        else:
            r = 0
            for w in range(warehouses):
                opening[w] = 0
        twins = mark_twins(a, b, lines[0], lines[1], atp, out[5], out[6])
        mask_lines(a, b, allowed, lines, masks[1], atp, out[3], line_mask)
        if twins and b - a > SPLIT_LINES:
            join_twins(a, b, lines[0], lines[1], out[5], out[6], line_mask)
        units = form_units(b - a, line_mask, unit_of, unit_mask)
        lost, everything = weigh_units(a, b, lines, unit_of, units, penalty, unit)
        price_units(a, b, lines, unit_of, units, unit, unit_mask, sites[2], lam, price)
        for k in range(PLANS):
            out[2][o, k] = -1
            for i in range(a, b):
                out[0][k, i] = -1
        _plan_order(
            o, a, b, units, lost, everything - lost, parcel, wide(most[o]), extra[r],
            lines, unit_of, unit_mask, unit, price, out, ws,
        )  # fmt: skip
        _settle(
            o, r, a, b, lines, lanes, sites, penalty, lam, parcel, opening, load,
            atp, capacity, out[0][0], out[1], surcharge, wide(favour[o]),
        )  # fmt: skip
    return True


def _signature() -> Any:
    """The one signature of the compiled engine: a snapshot's tables are read only."""

    declared: Any = types

    def read(kind: Any, dims: int) -> Any:
        return types.Array(kind, dims, "C", readonly=True)

    def write(kind: Any, dims: int) -> Any:
        return types.Array(kind, dims, "C")

    i8, f8, i4 = types.int64, types.float64, types.int32
    return types.boolean(
        declared.UniTuple(read(i8, 2), 3),
        declared.UniTuple(read(f8, 2), 2),
        declared.UniTuple(read(i8, 1), 4),
        declared.Tuple((read(i8, 1), read(i8, 1), read(types.uint8, 1))),
        read(i8, 2),
        read(i8, 2),
        read(i8, 1),
        i8,
        declared.Tuple((write(i4, 1), write(f8, 1), write(i8, 1), write(i4, 1))),
        declared.UniTuple(write(i4, 1), 5),
        write(i8, 1),
        declared.UniTuple(write(i4, 1), 2),
        write(i8, 2),
        write(i4, 2),
        write(f8, 1),
        declared.Tuple(
            (
                write(types.int16, 2),
                write(i8, 2),
                write(i8, 2),
                write(i8, 1),
                write(i8, 1),
                write(i4, 2),
                write(types.uint8, 1),
            )
        ),
        typeof(_workspace(1)),
    )


def _compile() -> Any:
    here = Path(__file__)
    parts = (here.with_name(f"kernel_{name}.py").read_bytes() for name in ("units", "plan"))
    sources = int.from_bytes(hashlib.sha256(b"".join(parts)).digest()[:7], "big")

    def run(
        lanes: Any, timing: Any, sites: Any, masks: Any, worst: Any, lam: Any, figures: Any,
        minute: int, batch: Any, lines: Any, shut: Ints, steering: Any, surcharge: Ints,
        atp: Any, capacity: Any, out: Any, work: Any,
    ) -> bool:  # fmt: skip
        # The comparison is there so that the digest belongs to the function, and to its cache key.
        return sources >= 0 and _route(
            lanes, timing, sites, masks, worst, lam, figures,
            minute, batch, lines, shut, steering, surcharge, atp, capacity, out, work,
        )  # fmt: skip

    return njit(_signature(), cache=True, error_model="numpy", _nrt=False)(run)


_run: Final[Any] = _compile()


def route(
    snapshot: Snapshot,
    batch: Batch,
    minute: int,
    atp: NDArray[np.int32],
    capacity: NDArray[np.float64],
    out: Routed,
) -> None:
    """Decide `batch` at `minute` of the local day: the Engine protocol, compiled."""
    work = _workspace(capacity.shape[0])
    tables = snapshot.engine_tables
    if not _run(
        *tables, minute, batch[:4], batch[4:9], batch[9], batch[10:12], batch[12],
        atp, capacity, tuple(out), work,
    ):  # fmt: skip
        raise ProgramError("the arrays of the batch do not fit one another")
