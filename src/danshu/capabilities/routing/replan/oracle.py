"""Compiled: the cheapest plan of one compound order at prices, exact by subset DP.

Subsets A of an order's lines: ship[A] is the cheapest single parcel that holds all of A, dp[A] the
cheapest way to cut A into such parcels and lines left behind: 37 x 2^L + 3^L steps. An order of
more than SPLIT_LINES lines is placed greedily, parcel by parcel; its bound leaves the opening of
parcels out, so it stays a bound.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from danshu.capabilities.routing.replan.compiling import compiled
from danshu.kernel.limits import ORDER_LINES, SPLIT_LINES

_CLOSED = 1 << 30
_EMPTY = 1e-9


@compiled
def _price_lines(
    a: int, b: int, lines: Any, lam: Any, mu: Any, atp: Any, is_live: bool, price: Any
) -> None:
    """Price of each line at each warehouse, inf where it cannot go; live: by what is left now."""
    sku, qty, can = lines[0], lines[1], lines[4]
    for i in range(a, b):
        for w in range(mu.shape[0]):
            price[i - a, w] = np.inf
            if (can[i] >> w) & 1 and (not is_live or atp[sku[i], w] >= qty[i]):
                price[i - a, w] = 0.5 * mu[w] + lam[sku[i], w] * qty[i]


@compiled
def _kg(grams: int) -> int:
    return (max(grams, 1) - 1) // 1000


@compiled
def _best_parcels(
    a: int, b: int, lines: Any, opening: Any, extra: Any, mu: Any, room: Any, price: Any, ws: Any
) -> None:
    """Fill ship[A] and where[A], the cheapest single parcel, and left[A], the penalties of A."""
    grams, penalty = lines[2], lines[3]
    ship, where, sums, weigh, left = ws[0], ws[1], ws[2], ws[3], ws[7]
    count = b - a
    size = 1 << count
    sums[0], weigh[0], left[0] = 0.0, 0, 0.0
    for part in range(1, size):
        low = _lowest(part)
        rest = part & (part - 1)
        weigh[part] = weigh[rest] + grams[a + low]
        left[part] = left[rest] + penalty[a + low]
        ship[part], where[part] = np.inf, -1
    for w in range(mu.shape[0]):
        if opening[w] >= _CLOSED or room[w] < 1.5 - _EMPTY:
            continue
        able = 0
        for n in range(count):
            if price[n, w] < np.inf:
                able |= 1 << n
        base = opening[w] + mu[w]
        part = (0 - able) & able
        while part:
            sums[part] = sums[part & (part - 1)] + price[_lowest(part), w]
            fen = base + sums[part] + extra[w] * _kg(weigh[part])
            if fen < ship[part] and room[w] >= 1.0 + 0.5 * _ones(part) - _EMPTY:
                ship[part], where[part] = fen, w
            part = (part - able) & able


@compiled
def _lowest(part: int) -> int:
    low = 0
    while not (part >> low) & 1:
        low += 1
    return low


@compiled
def _ones(part: int) -> int:
    count = 0
    while part:
        part &= part - 1
        count += 1
    return count


@compiled
def plan(
    a: int, b: int, lines: Any, opening: Any, extra: Any, lam: Any, mu: Any, parcel: int,
    most: int, atp: Any, room: Any, is_live: bool, out: Any, ws: Any,
) -> Any:  # fmt: skip
    """Find the cheapest plan of lines a to b; fills `out` with warehouses, gives its price.

    `most` is the limit of its parcels, 0 = none.

    Every parcel is priced with its nuisance; the first of a plan is given it back, which only a
    plan that ships nothing does not have.
    """
    price = ws[4]
    _price_lines(a, b, lines, lam, mu, atp, is_live, price)
    if b - a > SPLIT_LINES:
        if is_live:
            return _greedy(a, b, lines, opening, extra, mu, parcel, most, room, price, out)
        for i in range(a, b):
            out[i] = -1
        return _least_long(a, b, lines[3], opening, price)
    if 0 < most < b - a:
        return _plan_at_most(a, b, lines, opening, extra, mu, parcel, most, room, out, ws)
    return plan_priced(a, b, lines, opening, extra, mu, parcel, room, out, ws)


@compiled
def plan_priced(
    a: int, b: int, lines: Any, opening: Any, extra: Any, mu: Any, parcel: int, room: Any,
    out: Any, ws: Any,
) -> Any:  # fmt: skip
    """Find the cheapest plan of at most SPLIT_LINES lines whose prices stand in the workspace."""
    price, dp, take = ws[4], ws[5], ws[6]
    ship, where, left = ws[0], ws[1], ws[7]
    _best_parcels(a, b, lines, opening, extra, mu, room, price, ws)
    full = (1 << (b - a)) - 1
    dp[0] = 0.0
    for whole in range(1, full + 1):
        low = whole & -whole
        rest = whole ^ low
        least, sub = np.inf, rest
        while True:
            part = sub | low
            fen = min(ship[part], left[part]) + dp[rest ^ sub]
            if fen < least:
                least, take[whole] = fen, part
            if sub == 0:
                break
            sub = (sub - 1) & rest
        dp[whole] = least
    for i in range(a, b):
        out[i] = -1
    begun, fen = full, dp[full]
    if fen >= left[full]:  # nothing is shipped: look for the best that ships something
        first, fen = _begin_shipping(full, ship, dp)
        if not fen - parcel < left[full]:
            return left[full]
        _unwind(a, b, first, where[first], out)
        begun = full ^ first
    while begun:
        part = take[begun]
        _unwind(a, b, part, where[part] if ship[part] < left[part] else -1, out)
        begun ^= part
    return fen - parcel


@compiled
def _plan_at_most(
    a: int, b: int, lines: Any, opening: Any, extra: Any, mu: Any, parcel: int, most: int,
    room: Any, out: Any, ws: Any,
) -> Any:  # fmt: skip
    """Find the cheapest plan of at most `most` parcels: the same dp, a layer a parcel."""
    ship, where, left, layer, taken = ws[0], ws[1], ws[7], ws[8], ws[9]
    _best_parcels(a, b, lines, opening, extra, mu, room, ws[4], ws)
    full = (1 << (b - a)) - 1
    for whole in range(full + 1):
        layer[0, whole] = left[whole]
    for n in range(1, most):
        for whole in range(full + 1):
            layer[n, whole], taken[n, whole] = left[whole], 0
            part = whole
            while part:
                fen = ship[part] + layer[n - 1, whole ^ part]
                if fen < layer[n, whole]:
                    layer[n, whole], taken[n, whole] = fen, part
                part = (part - 1) & whole
    for i in range(a, b):
        out[i] = -1
    # Not shipping saves no nuisance: the first parcel is looked for even where it is dearer by it.
    fen, first = np.inf, 0
    for part in range(1, full + 1):
        if ship[part] + layer[most - 1, full ^ part] < fen:
            fen, first = ship[part] + layer[most - 1, full ^ part], part
    if not fen - parcel < left[full]:
        return left[full]
    rest, n = full, most
    part = first
    while part:
        _unwind(a, b, part, where[part], out)
        rest ^= part
        n -= 1
        part = taken[n, rest] if n else 0
    return fen - parcel


@compiled
def _begin_shipping(full: int, ship: Any, dp: Any) -> Any:
    least, first = np.inf, 0
    for part in range(1, full + 1):
        fen = ship[part] + dp[full ^ part]
        if fen < least:
            least, first = fen, part
    return first, least


@compiled
def _unwind(a: int, b: int, part: int, w: int, out: Any) -> None:
    for n in range(b - a):
        if (part >> n) & 1:
            out[a + n] = w


@compiled
def _least_long(a: int, b: int, penalty: Any, opening: Any, price: Any) -> float:
    """A bound of a long order: each line's least price, no parcel's opening."""
    total = 0.0
    for i in range(a, b):
        least = float(penalty[i])
        for w in range(opening.shape[0]):
            if opening[w] < _CLOSED:
                least = min(least, price[i - a, w])
        total += least
    return total


@compiled
def _joins(
    i: int, a: int, w: int, count: int, out: Any, price: Any, penalty: Any, room: Any
) -> Any:
    """Tell whether line i goes into a parcel of warehouse w that holds `count` lines."""
    return (
        out[i] < 0 and price[i - a, w] < penalty[i] and room[w] >= 1.0 + 0.5 * (count + 1) - _EMPTY
    )


@compiled
def _greedy(
    a: int, b: int, lines: Any, opening: Any, extra: Any, mu: Any, parcel: int, most: int,
    room: Any, price: Any, out: Any,
) -> Any:  # fmt: skip
    """Plan a long order: again and again the parcel that saves most."""
    grams, penalty = lines[2], lines[3]
    total, parcels = 0.0, 0
    for i in range(a, b):
        out[i] = -1
        total += penalty[i]
    while True:
        chosen, saved = -1, 0.0
        for w in range(mu.shape[0]):
            gain, weight, count = parcel * (parcels == 0) - opening[w] - mu[w], 0, 0
            for i in range(a, b):
                if _joins(i, a, w, count, out, price, penalty, room):
                    gain += penalty[i] - price[i - a, w]
                    weight += grams[i]
                    count += 1
            gain -= extra[w] * _kg(weight)
            if opening[w] < _CLOSED and count and gain > saved:
                chosen, saved = w, gain
        if chosen < 0 or (most and parcels >= most):
            return total
        count = 0
        for i in range(a, b):
            if _joins(i, a, chosen, count, out, price, penalty, room):
                out[i] = chosen
                count += 1
        for i in range(a, b):
            price[i - a, chosen] = np.inf  # one parcel a warehouse
        parcels += 1
        total -= saved


@compiled
def cost(
    a: int, b: int, lines: Any, opening: Any, extra: Any, lam: Any, mu: Any, parcel: int, of: Any
) -> float:
    """Price a given plan of lines a to b, inf where a warehouse may not have its line.

    Without prices this is the cost as the online engine counts it.
    """
    sku, qty, grams, penalty, can = lines
    total, parcels = 0.0, 0
    for i in range(a, b):
        w = of[i]
        if w < 0:
            total += penalty[i]
            continue
        if opening[w] >= _CLOSED or not (can[i] >> w) & 1:
            return np.inf
        total += 0.5 * mu[w] + lam[sku[i], w] * qty[i]
        first = True
        for j in range(a, i):
            first = first and of[j] != w
        if first:
            weight = 0
            for j in range(i, b):
                if of[j] == w:
                    weight += grams[j]
            total += opening[w] + mu[w] + extra[w] * _kg(weight)
            parcels += 1
    if parcels:
        total -= parcel
    return total


@compiled
def take(a: int, b: int, lines: Any, of: Any, sign: int, atp: Any, room: Any) -> None:
    """Take (1) or give back (-1) what a plan of lines a to b needs of stock and work."""
    sku, qty = lines[0], lines[1]
    for i in range(a, b):
        w = of[i]
        if w < 0:
            continue
        atp[sku[i], w] -= sign * qty[i]
        first = True
        for j in range(a, i):
            first = first and of[j] != w
        room[w] -= sign * (1.5 if first else 0.5)


def workspace(warehouses: int) -> tuple[Any, ...]:
    """Arrays that every order uses again."""
    size = 1 << SPLIT_LINES
    return (
        np.zeros(size),  # 0 cheapest parcel of each subset
        np.zeros(size, np.int64),  # 1 its warehouse
        np.zeros(size),  # 2 sums
        np.zeros(size, np.int64),  # 3 grams
        np.zeros((ORDER_LINES, warehouses)),  # 4 price of each line
        np.zeros(size),  # 5 dp
        np.zeros(size, np.int64),  # 6 take
        np.zeros(size),  # 7 penalties
        np.zeros((SPLIT_LINES, size)),  # 8 dp by parcels
        np.zeros((SPLIT_LINES, size), np.int64),  # 9 take by parcels
    )
