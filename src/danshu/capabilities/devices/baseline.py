"""The normal state of a device: robust, by speed, out of waves that count as normal. Pure."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, Final

from danshu.capabilities.devices.model import Baseline, Norm, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ENOUGH: Final = 8
"""Normal waves at a speed below which nothing is judged."""
FIGURES: Final = (
    "comb_outer", "comb_inner", "comb_ball", "kurtosis", "rms_m_s2", "velocity_rms_mm_s",
    "velocity_1x_mm_s", "velocity_2x_mm_s",
)  # fmt: skip
_STEP: Final = math.log(1.25)  # a range of speeds: a quarter wide, forces grow by half over it
_SPREAD_MIN: Final = 0.04
_TO_SIGMA: Final = 1.4826


def bin_of(rpm: float, around: float) -> str:
    """Give the range of speeds that a speed belongs to, "" for none; ranges lie around one."""
    return str(round(math.log(rpm / around) / _STEP)) if rpm > 0 and around > 0 else ""


def build(waves: Iterable[Mapping[str, float]], rpm: float = 0.0) -> Baseline:
    """Build normal states of the figures of normal waves (`rpm` among them).

    Ranges of speed lie around the device's own `rpm`, or where it says none around the waves'.
    """
    found = list(waves)
    speeds = [f["rpm"] for f in found if f.get("rpm")]
    around = rpm or (statistics.median(speeds) if speeds else 0.0)
    by_speed: dict[str, list[Mapping[str, float]]] = {}
    for figures in found:
        by_speed.setdefault(bin_of(figures.get("rpm", 0), around), []).append(figures)
    return Baseline(
        rpm=around,
        states={
            speed: State(waves=len(members), norms=_norms(members))
            for speed, members in sorted(by_speed.items())
            if speed
        },
    )


def _norms(members: list[Mapping[str, float]]) -> dict[str, Norm]:
    norms = {}
    for name in FIGURES:
        values = [m[name] for m in members if name in m]
        if not values:
            continue
        median = statistics.median(values)
        deviation = statistics.median(abs(v - median) for v in values) * _TO_SIGMA
        norms[name] = Norm(
            median=round(median, 4), spread=round(max(deviation, _SPREAD_MIN * median), 4)
        )
    return norms


def bound_alarms(judged: int, alarms: int) -> float:
    """Give the upper bound (95 %, Clopper-Pearson) of the rate of false alarms, `alarms` of
    `judged` normal waves having been some; 1 where none was judged.
    """
    if judged <= alarms:
        return 1.0
    low, high = alarms / judged, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        if _at_most(alarms, judged, middle) > 0.05:
            low = middle
        else:
            high = middle
    return high


def bound_hits(of: int, hits: int) -> float:
    """Give the lower bound (95 %, Clopper-Pearson) of a rate, `hits` of `of`."""
    return 1 - bound_alarms(of, of - hits) if of else 0.0


def _at_most(k: int, n: int, p: float) -> float:
    """Give the chance of at most k of n, each with chance p."""
    if p <= 0:
        return 1.0
    if p >= 1:
        return float(k >= n)
    total, log_p, log_q = 0.0, math.log(p), math.log1p(-p)
    for i in range(k + 1):
        ways = math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1)
        total += math.exp(ways + i * log_p + (n - i) * log_q)
    return total
