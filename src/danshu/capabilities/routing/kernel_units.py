"""Compiled: from an order's lines to the units that are planned. Called by `kernel_numba` alone.

No fastmath anywhere: each result is the same bits as plain Python's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import numpy as np
from numba import njit

from danshu.kernel.limits import SHIPMENT_KG, SPLIT_LINES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

# Marks what cannot be: larger than any true cost, and small enough that a dozen of them fit into
# 63 bits together with the 6 bits of a warehouse index.
NEVER: Final = 1 << 50

Function = TypeVar("Function", bound="Callable[..., Any]")


def compiled(function: Function) -> Function:
    """Compile a function when the engine that calls it is compiled."""
    # numpy's error model: a division by zero is no exception, so loops with one run on vectors.
    # Without the runtime of numba nothing counts references (half of the time otherwise), and
    # nothing may be allocated: the workspace comes from outside.
    return cast("Function", njit(error_model="numpy", _nrt=False)(function))


@compiled
def wide(value: Any) -> Any:
    """The value as int64: compiled arithmetic on int32 would wrap."""
    return np.int64(value)


@compiled
def kg(weight_g: int) -> int:
    """Kilograms begun after the first."""
    return min((max(weight_g, 1) - 1) // 1000, SHIPMENT_KG)


@compiled
def openings(
    promise: float, late_fen: int, fixed: Ints, eta: Floats, pull: Floats, wait: Ints, cost: Ints
) -> None:
    """Cost of opening a parcel at each warehouse: its fixed parts and the expected lateness.

    exp by a polynomial and eight squarings: additions and multiplications only, so that every
    machine gets the same bits, and the loop runs on vectors.
    """
    if promise == np.inf:
        for w in range(cost.shape[0]):
            cost[w] = fixed[w]
        return
    # Conditional expressions, not min and max: those keep the loop off the vectors.
    for w in range(cost.shape[0]):
        z = (wait[w] + eta[w] - promise) * pull[w]
        z = -16.0 if z < -16.0 else z
        z = 16.0 if z > 16.0 else z
        y = z * -0.00390625
        e = 1.0 + y * (1.0 + y * (0.5 + y * (0.16666666666666666 + y * 0.041666666666666664)))
        e *= e
        e *= e
        e *= e
        e *= e
        e *= e
        e *= e
        e *= e
        e *= e
        cost[w] = fixed[w] + wide(late_fen / (1.0 + e) + 0.5)


@compiled
def steer_opening(row: int, surcharge: Ints, opening: Ints, penalty: Ints) -> None:
    """Add what policy asks for a parcel of each warehouse; a line left behind bears the dearest."""
    if not 0 <= row < surcharge.shape[0]:
        return
    worst = 0
    for w in range(opening.shape[0]):
        opening[w] += surcharge[row, w]
        worst = max(worst, surcharge[row, w])
    penalty[0] += worst


@compiled
def clock(minute: int, cutoff: Ints, figures: Ints, wait: Ints) -> int:
    """Wait for a wave at each warehouse; mask of those that still take orders today."""
    taking = 0
    for w in range(cutoff.shape[0]):
        if minute >= cutoff[w]:
            wait[w] = 1440 - minute + figures[6]
        else:
            wait[w] = max(figures[5], figures[6] - minute)
            taking |= 1 << w
    return taking


@compiled
def mark_twins(a: int, b: int, sku: Any, qty: Any, atp: Any, held: Any, twin: Any) -> bool:
    """Mark the first line of each SKU that stands on several lines, and what is in stock of it."""
    for i in range(a, b):
        twin[i] = 0
    found = False
    for i in range(a, b):
        if sku[i] < 0 or sku[i] >= atp.shape[0]:
            continue
        first = True
        for j in range(a, i):
            first = first and sku[j] != sku[i]
        asked = max(wide(qty[i]), 0)
        for j in range(i + 1, b):
            if sku[j] == sku[i]:
                asked += max(wide(qty[j]), 0)
                twin[i] = first
        if twin[i]:
            found = True
            for w in range(atp.shape[1]):
                held[i, w] = min(max(wide(atp[sku[i], w]), 0), asked)
    return found


@compiled
def mask_lines(
    a: int, b: int, allowed: int, lines: Any, class_ok: Ints, atp: Any, can: Ints, masks: Ints
) -> None:
    """Per line: where is stock for it alone (`can`), and where may it go (`masks`)."""
    sku, qty, storage = lines[0], lines[1], lines[3]
    for i in range(a, b):
        stocked, row, asked = 0, sku[i], qty[i]
        if 0 <= row < atp.shape[0] and asked > 0:
            for w in range(atp.shape[1]):
                if atp[row, w] >= asked:
                    stocked |= 1 << w
        can[i] = stocked
        classes = storage[i] if 0 < storage[i] < class_ok.shape[0] else 0
        masks[i - a] = stocked & allowed & class_ok[classes]


@compiled
def join_twins(a: int, b: int, sku: Any, qty: Any, held: Any, twin: Any, masks: Ints) -> None:
    """In a long order the lines of one SKU travel together: one mask for all of them."""
    for i in range(a, b):
        if not twin[i]:
            continue
        shared, asked = -1, 0
        for j in range(i, b):
            if sku[j] == sku[i]:
                shared &= masks[j - a]
                asked += max(wide(qty[j]), 0)
        for w in range(held.shape[1]):
            if held[i, w] < asked:
                shared &= ~(1 << w)
        for j in range(i, b):
            if sku[j] == sku[i]:
                masks[j - a] = shared


@compiled
def form_units(count: int, masks: Ints, unit_of: Ints, unit_mask: Ints) -> int:
    """Units of lines that are planned as one; -1 for a line of a long order that can go nowhere."""
    if count <= SPLIT_LINES:
        for n in range(count):
            unit_of[n] = n
            unit_mask[n] = masks[n]
        return count
    units = 0
    for n in range(count):
        unit_of[n] = -1
        if masks[n] == 0:
            continue
        for u in range(units):
            if unit_mask[u] == masks[n]:
                unit_of[n] = u
        if unit_of[n] < 0:
            unit_of[n] = units
            unit_mask[units] = masks[n]
            units += 1
    return units


@compiled
def weigh_units(
    a: int, b: int, lines: Any, unit_of: Ints, units: int, penalty: Ints, unit: Ints
) -> tuple[int, int]:
    """Fill unit[:, 0..2] with grams, lines and penalty; tell penalties lost and of all lines."""
    for u in range(units):
        unit[u, 0], unit[u, 1], unit[u, 2] = 0, 0, 0
    lost = 0
    everything = 0
    for i in range(a, b):
        grams = max(wide(lines[2][i]), 0) * max(wide(lines[1][i]), 0)
        fen = penalty[0] + penalty[1] * kg(grams)
        everything += fen
        u = unit_of[i - a]
        if u < 0:
            lost += fen
        else:
            unit[u, 0] += grams
            unit[u, 1] += 1
            unit[u, 2] += fen
    return lost, everything


@compiled
def price_units(
    a: int,
    b: int,
    lines: Any,
    unit_of: Ints,
    units: int,
    unit: Ints,
    unit_mask: Ints,
    mu: Ints,
    lam: Ints,
    price: Ints,
) -> None:
    """Price of each unit at each warehouse: half a work unit a line, and its stock; or never."""
    warehouses = mu.shape[0]
    for u in range(units):
        mask, lines_in = unit_mask[u], unit[u, 1]
        for w in range(warehouses):
            price[u, w] = lines_in * (mu[w] >> 1) if (mask >> w) & 1 else NEVER
    if lam.shape[0] == 0:
        return
    for i in range(a, b):
        u, row = unit_of[i - a], lines[4][i]
        if u >= 0 and 0 <= row < lam.shape[0]:
            for w in range(warehouses):
                if price[u, w] < NEVER:
                    price[u, w] += lam[row, w] * lines[1][i]
