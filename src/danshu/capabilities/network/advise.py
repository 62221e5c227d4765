"""What each warehouse should keep back of each SKU, and what sells too slowly to keep.

Classes: SKUs by the value that they sell, the first share of it A, up to another B, the rest C.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from danshu.capabilities.network import demand, risk, safety

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from danshu.capabilities.network.demand import Sums
    from danshu.capabilities.network.model import NetworkSettings

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

CLASSES: Final = "ABC"
MARKDOWNS: Final = (0, 50, 100, 150, 200, 250, 300, 400, 500, 600)
NEVER: Final = 9_999
"""Days of cover of what does not sell at all."""
_BELIEFS: Final = (0.6, 1.0, 1.4)


class Advice(NamedTuple):
    """Safety stock for each row [S, W]: what is advised, chances in thousandths that a cycle has no
    shortage with what is kept now and with what is advised, what a unit costs to keep a year, and
    what the change is worth a year, 分.
    """

    advised: Ints
    kept_now: Ints
    kept_then: Ints
    holding_fen: Ints
    gap_fen: Ints


class Slow(NamedTuple):
    """Slow movers [S, W]: days of cover, value of what will not sell fresh, the markdown that
    brings most (thousandths), and what it brings in the low, middle and high case, 分.
    """

    cover_days: Ints
    value_fen: Ints
    markdown: Ints
    worth_fen: tuple[Ints, Ints, Ints]


def classify(value_fen: Floats, share_a: int, share_b: int) -> Ints:
    """Give each SKU's class, 0 to 2, by the value sold a day."""
    order = np.argsort(-value_fen, kind="stable")
    total = max(float(value_fen.sum()), demand.TINY)
    before = (np.cumsum(value_fen[order]) - value_fen[order]) / total
    found = np.empty(len(value_fen), np.int64)
    found[order] = (before >= share_a / 1_000) + (before >= share_b / 1_000).astype(np.int64)
    found[value_fen <= 0] = 2
    return found


def services(settings: NetworkSettings, codes: Sequence[str], classes: Ints) -> Ints:
    """Give each SKU's service level, thousandths."""
    usual = np.array([settings.service_a, settings.service_b, settings.service_c])
    own = {one.sku: one.service for one in settings.skus}
    return np.array(
        [own.get(code, int(usual[k])) for code, k in zip(codes, classes, strict=True)], np.int64
    )


def advise(
    settings: NetworkSettings, sums: Sums, kept: Ints, service: Ints, price_fen: Ints,
    lead: tuple[Ints, Ints], seasons: Ints,
) -> Advice:  # fmt: skip
    """Advise safety stock: `kept` [S, W] now, `service` [S], `lead` days and deviation [W];
    `seasons` [S] over 0: goods of one season, kept as a newsvendor would.
    """
    days = sums.mean.shape[-1]
    mean, variance = sums.at(days)
    day, day_variance = mean / days, variance / days
    cover = (lead[0] + settings.review_days).astype(np.float64)
    wide = np.square(lead[1].astype(np.float64))
    over, spread = day * cover, safety.over_lead(day, day_variance, cover, wide)
    share = np.broadcast_to((service / 1_000.0)[:, None], over.shape)
    if settings.measure == "fill":
        advised = safety.by_fill(over, spread, day * settings.review_days, share)
    else:
        advised = safety.by_cycle(over, spread, share)
    short = price_fen.astype(np.float64)[:, None] * (settings.short_share / 1_000.0)
    hold = price_fen[:, None] * (settings.holding_share / 1_000.0)
    if (seasons > 0).any():
        length = np.maximum(seasons, 1)[:, None] / days
        loss = (
            price_fen[:, None] * (settings.write_down_share / 1_000.0) + hold * length * days / 365
        )
        best = safety.by_season(mean * length, variance * length, short, loss)
        once = np.maximum(best - np.ceil(mean * length), 0.0)
        advised = np.where((seasons > 0)[:, None], once, advised)
    advised = np.where(mean > demand.TINY, advised, 0.0)
    cycles = 365.0 / settings.review_days
    before = demand.expect_short(over, spread, over + kept)
    after = demand.expect_short(over, spread, over + advised)
    gap = (before - after) * short * cycles - (advised - kept) * hold
    return Advice(
        advised.astype(np.int64),
        np.rint(1_000 * safety.served(over, spread, kept.astype(np.float64))).astype(np.int64),
        np.rint(1_000 * safety.served(over, spread, advised)).astype(np.int64),
        np.broadcast_to(np.rint(hold), over.shape).astype(np.int64),
        np.rint(gap).astype(np.int64),
    )


def find_slow(settings: NetworkSettings, sums: Sums, free: Ints, price_fen: Ints) -> Slow:
    """Find what sells too slowly, and the markdown that brings most.

    Demand follows a price with constant elasticity; what is still there after the aging days is
    worth less by the write-down, and what lies there meanwhile costs its keeping.
    """
    mean, _ = sums.at(risk.DAYS)
    day = mean / risk.DAYS
    stock = np.maximum(free, 0).astype(np.float64)
    cover = np.where(day > demand.TINY, stock / np.maximum(day, demand.TINY), NEVER)
    cover = np.where(stock > 0, np.minimum(cover, NEVER), 0.0)
    is_slow = cover > settings.slow_cover_days
    left = np.maximum(stock - day * settings.aging_days, 0.0)
    worths = [_markdowns(settings, day, stock, price_fen, belief) for belief in _BELIEFS]
    best = worths[1].argmax(axis=0)
    told = tuple(
        np.where(is_slow, np.rint(np.take_along_axis(w, best[None], axis=0)[0]), 0).astype(np.int64)
        for w in worths
    )
    cuts = np.array(MARKDOWNS)[best]
    return Slow(
        np.rint(cover).astype(np.int64),
        np.where(is_slow, np.rint(left * price_fen[:, None]), 0).astype(np.int64),
        np.where(is_slow, cuts, 0),
        (told[0], told[1], told[2]),
    )


def _markdowns(
    settings: NetworkSettings, day: Floats, stock: Floats, price_fen: Ints, belief: float
) -> Floats:
    """Give what each markdown brings beside none, [markdown, S, W], at a share of elasticity."""
    price = price_fen[:, None].astype(np.float64)
    down, hold = settings.write_down_share / 1_000.0, settings.holding_share / 1_000.0
    found = []
    for cut in MARKDOWNS:
        at = 1.0 - cut / 1_000.0
        rate = np.maximum(day, demand.TINY) * at ** (-belief * settings.elasticity / 1_000.0)
        sold = np.minimum(stock, rate * settings.aging_days)
        until = np.minimum(settings.aging_days, stock / rate)
        lying = (stock - 0.5 * sold) * until + (stock - sold) * (settings.aging_days - until)
        income = price * at * sold + price * (1.0 - down) * (stock - sold)
        found.append(income - price * hold * lying / 365.0)
    told: Floats = np.stack(found)
    beside: Floats = told - told[0]
    return beside
