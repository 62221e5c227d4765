"""Lanes: how long a carrier takes from a warehouse to a province, and whether that got worse.

A parcel is slow that took longer than nine in ten of those before it. Parcels still on the way
count as slow once they have taken that long, and as nothing before: who waits for deliveries alone
hears of a lane that stands still last of all. So many slow ones by chance: the tail of a binomial.
One after the other: a cumulative sum of log likelihoods of twice the usual rate (Reynolds &
Stoumbos, Journal of Quality Technology 31, 1999). Of many lanes some are slow by chance, so what
is called late keeps the false discovery rate (Benjamini & Hochberg, JRSS B 57, 1995).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec.structs import replace

from danshu.capabilities.learning.marks import QUANTILES, wilson
from danshu.capabilities.learning.model import Lane
from danshu.kernel.limits import LEARNING_PARCELS, LEARNING_RECENT_D

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SLOW: Final = 0.9  # of the parcels before took no longer
_DAY_MS: Final = 86_400_000
_LEAST_BEFORE: Final = 20
_LEAST_RECENT: Final = 8
_FALSE: Final = 0.05
_PILED_UP: Final = 3.0  # log likelihood at which parcels one after the other say "twice as many"


def describe(
    key: tuple[str, str, str],
    shipped_ms: NDArray[np.int64],
    delivered_ms: NDArray[np.int64],
    orders: Sequence[str],
    now_ms: int,
) -> Lane | None:
    """Describe a lane (carrier, warehouse, province) of its parcels in the order in which they
    left; `delivered_ms` is 0 of those on the way. None where nothing ever arrived.
    """
    arrived = delivered_ms > 0
    if not arrived.any():
        return None
    minutes = np.maximum(delivered_ms - shipped_ms, 0) / 60_000
    since = now_ms - LEARNING_RECENT_D * _DAY_MS
    before = arrived & (shipped_ms < since)
    is_known = int(before.sum()) >= _LEAST_BEFORE
    measure = minutes[before if is_known else arrived]
    slow_min = float(np.quantile(measure, SLOW))
    took = np.where(arrived, minutes, (now_ms - shipped_ms) / 60_000)
    recent = (shipped_ms >= since) & ((now_ms - shipped_ms) / 60_000 > slow_min)
    slow = (took > slow_min)[recent]
    usual = float((measure > slow_min).mean()) if is_known else 1.0 - SLOW
    usual = max(usual, 0.02)
    late, counted = int(slow.sum()), int(recent.sum())
    low, high = wilson(late, counted)
    fresh = minutes[arrived & (shipped_ms >= since)]
    trend = float(np.median(fresh)) - float(np.median(measure)) if len(fresh) else 0.0
    is_told = is_known and counted >= _LEAST_RECENT
    p = tail(late, counted, usual) if is_told else 1.0
    carrier, warehouse, region = key
    on_way = [order for order, has in zip(orders, arrived.tolist(), strict=True) if not has]
    return Lane(
        carrier=carrier,
        warehouse=warehouse,
        region=region,
        minutes=_three(minutes[arrived]),
        slow_min=round(slow_min),
        parcels=int(arrived.sum()),
        counted=counted,
        late=late,
        usual=round(1_000 * usual),
        share=round(1_000 * late / counted) if counted else 0,
        low=round(1_000 * low),
        high=round(1_000 * high),
        p=round(1_000 * p),
        cusum=round(1_000 * pile_up(slow.astype(np.float64), usual)) if is_told else 0,
        trend_min=round(trend),
        is_late=False,
        on_way=tuple(on_way[-LEARNING_PARCELS:]),
    )


def _three(minutes: Any) -> tuple[int, int, int]:
    low, middle, high = (round(float(q)) for q in np.quantile(minutes, QUANTILES))
    return low, middle, high


def tail(hits: int, count: int, rate: float) -> float:
    """The chance of so many hits or more of `count`, each of `rate`."""
    if hits <= 0:
        return 1.0
    logs = [
        math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1)
        + k * math.log(rate) + (count - k) * math.log1p(-rate)
        for k in range(hits, count + 1)
    ]  # fmt: skip
    return min(1.0, math.fsum(math.exp(each) for each in logs))


def pile_up(hits: NDArray[np.float64], rate: float) -> float:
    """The cumulative sum as it stands after the last hit or miss, never below 0."""
    worse = min(2.0 * rate, 0.9)
    hit, miss = math.log(worse / rate), math.log((1.0 - worse) / (1.0 - rate))
    total = 0.0
    for each in hits.tolist():
        total = max(0.0, total + (hit if each else miss))
    return total


def call_late(lanes: Sequence[Lane]) -> list[Lane]:
    """Say which lanes are late: those that the false discovery rate allows, and of which parcels
    pile up; the surest first, then the others by their names.
    """
    order = sorted(range(len(lanes)), key=lambda n: lanes[n].p)
    last = 0
    for rank, n in enumerate(order, 1):
        if lanes[n].p / 1_000 <= _FALSE * rank / len(lanes):
            last = rank
    sure = set(order[:last])
    called = [
        replace(lane, is_late=n in sure and lane.cusum >= 1_000 * _PILED_UP)
        for n, lane in enumerate(lanes)
    ]
    return sorted(called, key=lambda x: (not x.is_late, x.p, x.carrier, x.warehouse, x.region))
