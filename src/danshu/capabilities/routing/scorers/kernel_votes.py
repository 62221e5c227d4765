"""The votes of a batch in one compiled pass.

Whole numbers, but for arrival and odds of S1, which are worked out as its engines do: equal bits
on every machine. The compiler keeps its work by this file alone, so it calls nothing outside.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

# Columns of `out`: minutes to the door by S1 and by S2 (-1 silent), S2's radius (-1 unknown),
# number of the plan that S2 would take (-1 silent), whether the twin forbids what everything else
# allows nearest (-1: no cold goods), whether S3 chose the same, why it escalates, S1's odds to be
# late in permille.
COLUMNS: Final = 8
FIRST, SECOND, RADIUS, CHOICE, VETO, SAME, REASON, ODDS = range(COLUMNS)
NONE, NO_PLAN, TWIN, ARRIVAL, MARGIN = range(5)


def _inner(function: Any) -> Any:
    return njit(error_model="numpy", _nrt=False)(function)


@_inner
def _odds(z: float) -> float:
    """The odds to be late, by the polynomial of kernel_units.openings."""
    z = min(max(z, -16.0), 16.0)
    y = z * -0.00390625
    e = 1.0 + y * (1.0 + y * (0.5 + y * (0.16666666666666666 + y * 0.041666666666666664)))
    for _ in range(8):
        e *= e
    return e


@_inner
def _risk(due: int, low: int, middle: int, high: int) -> int:
    """S2's odds to be late, permille: straight lines through its quantiles, and on beyond them."""
    if due >= middle:
        span, over = max(high - middle, 1), due - middle
        risk = 500 - 400 * over // span if over <= span else 100 - 100 * (over - span) // span
    else:
        span, over = max(middle - low, 1), middle - due
        risk = 500 + 400 * over // span if over <= span else 900 + 100 * (over - span) // span
    return min(max(risk, 0), 1000)


@_inner
def _widest(a: int, b: int, plan: Any, storage: Any, radius: Any) -> int:
    """Radius of the chosen plan, -1 if any is unknown."""
    wide = 0
    for n in range(a, b):
        w = plan[n]
        if w < 0:
            continue
        for c in range(radius.shape[0]):
            if storage[n] >> c & 1:
                wide = -1 if wide < 0 or radius[c, w] < 0 else max(wide, radius[c, w])
    return wide


@_inner
def _weigh(
    minute: int, stamp: int, a: int, b: int, r: int, promise: float, late: int, plan: Any,
    timing: Any, second: Any, figures: Any, seen: Any,
) -> tuple[int, int, int, int]:  # fmt: skip
    """A plan under both clocks: minutes by S1, minutes by S2 (-1 silent), how much more its
    lateness costs by S2 than by S1, odds by S1.
    """
    eta, pull, cutoff = timing
    first, guess, more, odds = -1, -1, 0, 0
    silent = False
    for n in range(a, b):
        w = plan[n]
        if w < 0 or seen[w] == stamp:
            continue
        seen[w] = stamp
        wait = max(figures[3], figures[4] - minute)
        if minute >= cutoff[w]:
            wait = 1440 - minute + figures[4]
        arrive = wait + eta[r, w]
        first = max(first, int(arrive + 0.5))
        low, middle, high = second[0][r, w], second[1][r, w], second[2][r, w]
        silent = silent or middle < 0
        guess = max(guess, middle)
        if promise != np.inf:
            e = _odds((arrive - promise) * pull[r, w])
            odds = max(odds, int(1000.0 / (1.0 + e) + 0.5))
            more -= int(late / (1.0 + e) + 0.5)
            more += late * _risk(int(promise), min(low, middle), middle, max(middle, high)) // 1000
    return first, -1 if silent else guess, more, odds


@_inner
def _allowed(
    minute: int, promise: float, r: int, free: int, masks: Any, cutoff: Any, soon: int
) -> int:
    """Warehouses without an order-level reason against them, as the engines find them."""
    lane_ok, _, crowded, _ = masks
    if not 0 <= r < lane_ok.shape[0] or (crowded[r] != 0 and promise < soon):
        return 0
    allowed = free & lane_ok[r]
    if minute + promise <= 1440:
        for w in range(cutoff.shape[0]):
            if minute >= cutoff[w]:
                allowed &= ~(np.int64(1) << w)
    return allowed  # type: ignore[no-any-return]


@_inner
def _nearest(mask: int, nearest: Any) -> int:
    for place in range(nearest.shape[0]):
        if mask >> nearest[place] & 1:
            return nearest[place]  # type: ignore[no-any-return]
    return -1


@_inner
def _follow_rule(
    a: int, b: int, allowed: int, class_ok: Any, storage: Any, can: Any, nearest: Any, plan: Any,
    rule: Any,
) -> int:  # fmt: skip
    """S3: the nearest warehouse for all lines, else the nearest for each; 1 if that was chosen."""
    every = allowed
    for n in range(a, b):
        every &= can[n] & class_ok[storage[n] & 31]
    same = 1
    for n in range(a, b):
        mine = every if every != 0 else allowed & can[n] & class_ok[storage[n] & 31]
        rule[n] = _nearest(mine, nearest)
        if rule[n] != plan[n]:
            same = 0
    return same


@_inner
def _twin(
    a: int, b: int, allowed: int, class_ok: Any, sensed: Any, storage: Any, can: Any, nearest: Any
) -> int:
    """S4: 1 if the twin alone forbids the nearest for a cold line, -1 if no line is cold."""
    vetoed = -1
    for n in range(a, b):
        stored = storage[n] & 31
        if stored & 6 == 0:  # chilled, frozen
            continue
        vetoed = max(vetoed, 0)
        w = _nearest(allowed & can[n] & sensed[stored], nearest)
        if w >= 0 and not class_ok[stored] >> w & 1:
            vetoed = 1
    return vetoed


@_inner
def _judge(first: int, guess: int, wide: int, choice: int, vetoed: int, thin: bool) -> int:
    """Say why a decision goes to a person; the gravest reason."""
    gap = first - guess if first > guess else guess - first
    if first < 0:
        return 1
    if vetoed == 1:
        return 2
    if choice > 0 and wide >= 0 and gap > wide:
        return 3
    return 4 if thin else 0


def _vote(
    minute: int, orders: Any, storage: Any, said: Any, timing: Any, masks: Any, nearest: Any,
    second: Any, radius: Any, figures: Any, seen: Any, out: Any, rule: Any,
) -> None:  # fmt: skip
    region, promise, value, start, shut = orders
    plans, totals, can, room = said
    stamp = 0
    for o in range(region.shape[0]):
        a, b, r = start[o], start[o + 1], region[o]
        worth = min(max(value[o], 0), 1 << 40)
        late = min(figures[0] + worth * figures[1] // 10_000, figures[2])
        wide = _widest(a, b, plans[0], storage, radius)
        first, guess, odds, best, choice = -1, -1, 0, 0, -1
        for k in range(plans.shape[0]):
            if totals[o, k] < 0:
                break
            stamp += 1
            there, tells, more, risk = _weigh(
                minute, stamp, a, b, r, promise[o], late, plans[k], timing, second, figures, seen
            )
            if k == 0:
                first, guess, odds = there, tells, risk
            if tells >= 0 and guess >= 0 and (choice < 0 or totals[o, k] + more < best):
                best, choice = totals[o, k] + more, k
        allowed = _allowed(minute, promise[o], r, room[o] & ~shut[o], masks, timing[2], figures[5])
        near = nearest[r] if allowed != 0 else nearest[0]
        same = _follow_rule(a, b, allowed, masks[1], storage, can, near, plans[0], rule)
        vetoed = _twin(a, b, allowed, masks[1], masks[3], storage, can, near)
        margin = totals[o, 1] - totals[o, 0] if totals[o, 1] >= 0 else figures[6]
        thin = margin < figures[6] and worth * odds // 1000 > figures[7]
        out[o, 0], out[o, 1], out[o, 3] = first, guess, choice
        out[o, 2] = wide if first >= 0 else -1
        out[o, 4], out[o, 5], out[o, 7] = vetoed, same, odds
        out[o, 6] = _judge(first, guess, wide, choice, vetoed, thin)


vote: Final[Any] = njit(cache=True, error_model="numpy", _nrt=False)(_vote)
