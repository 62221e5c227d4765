"""Experiments: both arms so far, which guardrail is broken, whether enough is known.

One looks as often as one likes: every interval is always valid (kernel/shares.py). Both arms draw
on the same stock, warehouses and carriers, so that what helps one may hurt the other; and orders of
one region share their weather. Intervals know neither, and the page says so.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.coe.model import (
    TrialFigure,
    TrialMetric,
    TrialPlan,
    TrialVerdict,
    TrialWhy,
)
from danshu.kernel import shares

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHARES: Final = ("kept", "late", "split", "refunded")
MORE_IS_BETTER: Final = ("kept",)
_TAU_SHARE: Final = 10
"""Means look for effects of a tenth of the control's."""


class TrialOrder(Struct, frozen=True, gc=False):
    """An order that counts: which arm, and what is known of it by now; None is not known yet."""

    is_treated: bool
    kept: bool | None
    is_split: bool
    cost_fen: int
    is_refunded: bool


def values(orders: Sequence[TrialOrder], metric: TrialMetric, treated: bool) -> list[int]:
    """Give what a metric counts of each order of an arm."""
    mine = [o for o in orders if o.is_treated is treated]
    match metric:
        case "kept":
            return [int(o.kept) for o in mine if o.kept is not None]
        case "late":
            return [int(not o.kept) for o in mine if o.kept is not None]
        case "split":
            return [int(o.is_split) for o in mine]
        case "refunded":
            return [int(o.is_refunded) for o in mine]
        case "cost":
            return [o.cost_fen for o in mine]


def measure(plan: TrialPlan, orders: Sequence[TrialOrder]) -> tuple[TrialFigure, ...]:
    """Give the figures, the primary metric first, then the guardrails."""
    metrics = dict.fromkeys((plan.primary, *(g.metric for g in plan.guardrails)))
    return tuple([_figure(metric, orders) for metric in metrics])


def _figure(metric: TrialMetric, orders: Sequence[TrialOrder]) -> TrialFigure:
    one, two = values(orders, metric, True), values(orders, metric, False)
    is_known = min(len(one), len(two)) >= shares.SIDE_MIN
    effect = low = high = 0.0
    if is_known and metric in SHARES:
        effect = 1000 * (sum(one) / len(one) - sum(two) / len(two))
        low, high = (
            1000 * end for end in shares.always_valid(sum(one), len(one), sum(two), len(two))
        )
    elif is_known:
        low, effect, high = _means(one, two)
    return TrialFigure(
        metric=metric,
        treated=len(one),
        treated_sum=sum(one),
        control=len(two),
        control_sum=sum(two),
        effect=round(effect),
        low=math.floor(low),
        high=math.ceil(high),
        is_known=is_known,
    )


def _means(one: Sequence[int], two: Sequence[int]) -> tuple[float, float, float]:
    first, first_spread = _mean(one)
    second, second_spread = _mean(two)
    variance = max(first_spread + second_spread, 1e-9)
    half = shares.half_width(variance, max(abs(second) / _TAU_SHARE, 1.0))
    return first - second - half, first - second, first - second + half


def _mean(of: Sequence[int]) -> tuple[float, float]:
    mean = sum(of) / len(of)
    return mean, sum((v - mean) ** 2 for v in of) / (len(of) - 1) / len(of)


def broken(plan: TrialPlan, figures: Sequence[TrialFigure]) -> str:
    """Name the guardrail that is surely worse than it may be, "" for none."""
    told = {f.metric: f for f in figures}
    for rail in plan.guardrails:
        figure = told[rail.metric]
        worse = -figure.high if rail.metric in MORE_IS_BETTER else figure.low
        if figure.is_known and worse > rail.bound:
            return rail.metric
    return ""


def judge(plan: TrialPlan, figures: Sequence[TrialFigure]) -> TrialVerdict:
    """Say of the primary metric whether enough is known, "" while it is not."""
    figure = figures[0]
    if not figure.is_known:
        return ""
    low, high = figure.low, figure.high
    if plan.primary not in MORE_IS_BETTER:
        low, high = -high, -low
    if low > 0:
        return "better"
    if high < 0:
        return "worse"
    return "no_effect" if -plan.least < low and high < plan.least else ""


def why_stop(
    plan: TrialPlan,
    figures: Sequence[TrialFigure],
    heads: Mapping[str, str],
    now_ms: int,
) -> tuple[TrialWhy, str]:
    """Say why a running experiment stops by itself, and which guardrail broke; ("", "") to go on.

    `heads` has the `canary` that rules now: one that is not the experiment's any more has ended it.
    """
    rail = broken(plan, figures) if figures else ""
    if rail:
        return "guardrail", rail
    if figures and judge(plan, figures) == "worse":
        return "worse", ""
    if heads.get("canary") != plan.digest:
        return "gone", ""
    return ("ended", "") if plan.until_ms <= now_ms else ("", "")
