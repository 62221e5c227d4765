"""Compiled: all compound orders in a pass: their least prices, their places, room for others."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from danshu.capabilities.routing.replan.compiling import compiled
from danshu.capabilities.routing.replan.oracle import cost, plan, take
from danshu.kernel.limits import SPLIT_LINES

_CLOSED: Final = 1 << 30


@compiled
def least_of_all(
    start: Any, lines: Any, region: Any, opening: Any, extra: Any, lam: Any, mu: Any, parcel: int,
    most: Any, was: Any, switching: int, used: Any, work: Any, ws: Any, out: Any,
) -> float:  # fmt: skip
    """Sum the least prices of all orders, each by itself; count what their plans would use."""
    total = 0.0
    room = np.full(mu.shape[0], np.inf)
    for k in range(start.shape[0] - 1):
        a, b = start[k], start[k + 1]
        r = region[k]
        if r < 0:
            r = 0
        fen = plan(
            a, b, lines, opening[k], extra[r], lam, mu, parcel, most[k], used, room, False, out, ws
        )
        if switching and _has(a, b, was) and not _same(a, b, was, out):
            fen += switching
            stay = cost(a, b, lines, opening[k], extra[r], lam, mu, parcel, was)
            if b - a > SPLIT_LINES:
                fen -= switching  # its price is a bound of any plan, this one too
            elif stay <= fen:
                fen = stay
                for i in range(a, b):
                    out[i] = was[i]
        total += fen
        take(a, b, lines, out, -1, used, work)
    return total


@compiled
def least_of_cells(
    skus: Any, count: Any, penalty: Any, cost_fen: Any, lam: Any, mu: Any, used: Any, work: Any,
    least: Any,
) -> float:  # fmt: skip
    """Sum the least prices of cells of unit orders, and count what their plans would use."""
    total = 0.0
    for c in range(count.shape[0]):
        best, at = float(penalty[c]), -1
        sku = skus[c]
        for w in range(mu.shape[0]):
            if cost_fen[c, w] < _CLOSED:
                fen = cost_fen[c, w] + 1.5 * mu[w] + lam[sku, w]
                if fen < best:
                    best, at = fen, w
        total += best * count[c]
        least[c] = at
        if at >= 0:
            used[sku, at] += count[c]
            work[at] += 1.5 * count[c]
    return total


@compiled
def _has(a: int, b: int, was: Any) -> bool:
    found = False
    for i in range(a, b):
        found = found or was[i] >= 0
    return found


@compiled
def _same(a: int, b: int, was: Any, of: Any) -> bool:
    same = True
    for i in range(a, b):
        same = same and (was[i] < 0 or was[i] == of[i])
    return same


@compiled
def place_all(
    sequence: Any, start: Any, lines: Any, region: Any, opening: Any, extra: Any, lam: Any, mu: Any,
    parcel: int, most: Any, was: Any, switching: int, atp: Any, room: Any, ws: Any, of: Any,
    is_again: bool,
) -> float:  # fmt: skip
    """Place orders in sequence at prices on what is left; again: each is taken back first.

    Gives what was gained at these prices by placing again.
    """
    gained = 0.0
    new = np.full(of.shape[0], -1, np.int16)
    for step in range(sequence.shape[0]):
        k = sequence[step]
        a, b = start[k], start[k + 1]
        r = max(region[k], 0)
        before = np.inf
        if is_again:
            take(a, b, lines, of, -1, atp, room)
            before = cost(a, b, lines, opening[k], extra[r], lam, mu, parcel, of)
            before += switching * (_has(a, b, was) and not _same(a, b, was, of))
        fen = plan(
            a, b, lines, opening[k], extra[r], lam, mu, parcel, most[k], atp, room, True, new, ws
        )
        fen += switching * (_has(a, b, was) and not _same(a, b, was, new))
        if switching and _has(a, b, was) and fits(a, b, lines, was, atp, room):
            stay = cost(a, b, lines, opening[k], extra[r], lam, mu, parcel, was)
            if stay <= fen:
                fen = stay
                for i in range(a, b):
                    new[i] = was[i]
        if fen < before - 1e-6:
            for i in range(a, b):
                of[i] = new[i]
            if is_again:
                gained += before - fen
        take(a, b, lines, of, 1, atp, room)
    return gained


@compiled
def take_plans(
    order: Any, round_of: Any, plans: Any, start: Any, lines: Any, atp: Any, room: Any, of: Any,
    has: Any,
) -> None:  # fmt: skip
    """Give orders the first of their plans that fits what is left; `has`: who got one."""
    for n in range(order.shape[0]):
        k, plan_of = order[n], plans[round_of[n]]
        a, b = start[k], start[k + 1]
        if has[k] or not fits(a, b, lines, plan_of, atp, room):
            continue
        for i in range(a, b):
            of[i] = plan_of[i]
        take(a, b, lines, of, 1, atp, room)
        has[k] = True


@compiled
def _swap(a: int, b: int, sku: Any, of: Any, one: Any, other: Any) -> None:
    """Exchange two price tables where a plan has its units."""
    for i in range(a, b):
        if of[i] >= 0:
            s, w = sku[i], of[i]
            one[s, w], other[s, w] = other[s, w], one[s, w]


@compiled
def yield_all(
    sequence: Any, start: Any, lines: Any, region: Any, opening: Any, extra: Any, loss: Any,
    gain: Any, mu_loss: Any, mu_gain: Any, parcel: int, most: Any, was: Any, switching: int,
    atp: Any, room: Any, ws: Any, of: Any,
) -> int:  # fmt: skip
    """Let compound orders make room for unit orders where both together gain; tells how many.

    What an order gives back saves the unit orders `gain`, what it takes costs them `loss`: true of
    one unit, so a SKU moves once a call. `atp` and `room` count the unit orders' own as free.
    """
    moved = np.zeros(atp.shape[0], np.uint8)
    new = np.full(of.shape[0], -1, np.int16)
    mu = mu_loss.copy()
    sku, count = lines[0], 0
    for step in range(sequence.shape[0]):
        k = sequence[step]
        a, b = start[k], start[k + 1]
        r = max(region[k], 0)
        if moved[sku[a:b]].any():
            continue
        take(a, b, lines, of, -1, atp, room)
        # An order's own units are worth what they would save the others.
        _swap(a, b, sku, of, loss, gain)
        for i in range(a, b):
            if of[i] >= 0:
                mu[of[i]] = mu_gain[of[i]]
        before = cost(a, b, lines, opening[k], extra[r], loss, mu, parcel, of)
        fen = plan(
            a, b, lines, opening[k], extra[r], loss, mu, parcel, most[k], atp, room, True, new, ws
        )
        _swap(a, b, sku, of, loss, gain)
        for i in range(a, b):
            if of[i] >= 0:
                mu[of[i]] = mu_loss[of[i]]
        if switching and _has(a, b, was):
            before += switching * (not _same(a, b, was, of))
            fen += switching * (not _same(a, b, was, new))
        if fen < before - 1.0:
            count += 1
            for i in range(a, b):
                if of[i] != new[i]:
                    moved[sku[i]] = 1
                of[i] = new[i]
        take(a, b, lines, of, 1, atp, room)
    return count


@compiled
def fits(a: int, b: int, lines: Any, of: Any, atp: Any, room: Any) -> bool:
    """Tell whether stock and work allow a plan of lines a to b."""
    good = True
    for i in range(a, b):
        w = of[i]
        if w >= 0:
            needed = 1.0
            for j in range(a, b):
                if of[j] == w:
                    needed += 0.5
            good = good and atp[lines[0][i], w] >= lines[1][i] and room[w] >= needed - 1e-9
    return good


@compiled
def cost_all(
    start: Any, lines: Any, region: Any, opening: Any, extra: Any, lam: Any, mu: Any, parcel: int,
    of: Any, out: Any,
) -> None:  # fmt: skip
    """Price the plans of all orders: out[k]."""
    for k in range(start.shape[0] - 1):
        r = max(region[k], 0)
        out[k] = cost(start[k], start[k + 1], lines, opening[k], extra[r], lam, mu, parcel, of)
