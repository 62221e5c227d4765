"""How a wave stands against a device's own normal state. Pure.

The envelope's combs find faults of bearings that the velocity of ISO 20816 alone misses. A fault of
an outer or inner race is named where its comb stands out and no other comes near; one of a rolling
element is not: on recordings of real bearings that name was wrong too often, so a person decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.devices import baseline as norms
from danshu.capabilities.devices.model import (
    ABNORMAL,
    LEARNING,
    NORMAL,
    WATCH,
    ZONES,
    Baseline,
    Finding,
    Norm,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SYMPTOMS: Final = {
    "outer": "outer_race_fault",
    "inner": "inner_race_fault",
    "unbalance": "unbalance",
    "vibration": "vibration_high",
}
_COMB_OVER: Final = 1.3
_COMB_SIGMAS: Final = 5.0
_SPEED_OVER: Final = 1.6
_SPEED_SIGMAS: Final = 6.0
_KURTOSIS: Final = 4.5
_SURE: Final = 1.2  # so far beyond its limit a single wave is enough
_RIVAL: Final = 0.6
_AGAIN: Final = 2  # waves to watch before this one, which make it a fault without being sure


def assess(
    figures: Mapping[str, float],
    troubles: Sequence[str],
    baseline: Baseline,
    zones: str,
    *,
    judged: int,
    alarms: int,
    before: Sequence[str] = (),
) -> Finding:
    """Say how a wave stands. `judged` normal waves were judged so far, `alarms` of them wrongly
    said to be worse; `before` are the states of the last waves, the newest first.
    """
    zone = zone_of(figures.get("velocity_rms_mm_s", 0.0), zones)
    if troubles or not figures:
        return Finding(
            state=LEARNING, zone=zone, reasons=("not_measured", *troubles), needs_person=True
        )
    state = baseline.states.get(norms.bin_of(figures.get("rpm", 0), baseline.rpm))
    if state is None or state.waves < norms.ENOUGH:
        return _judge_alone(zone)
    rates = rate(figures, state.norms)
    finding = _judge(rates, zone, before)
    if finding.state == NORMAL:
        return finding
    bearable = 1 - norms.bound_alarms(judged, alarms)
    best = max([*rates.values(), 1.2 if zone == "D" else 0.0])
    sure = min(1 - 0.5 / best**3, bearable)
    reasons = finding.reasons + (("few_normal_waves",) if bearable < 0.9 else ())
    return Finding(
        state=finding.state,
        symptoms=finding.symptoms,
        faults=rates,
        zone=zone,
        confidence=max(0, round(1000 * sure)),
        reasons=reasons,
        needs_person=finding.needs_person,
    )


def zone_of(velocity_mm_s: float, zones: str) -> str:
    """Give the zone of ISO 20816 that a velocity is in, "" for a machine without a class."""
    limits = ZONES.get(zones)
    if limits is None:
        return ""
    return "ABCD"[sum(velocity_mm_s > limit for limit in limits)]


def rate(figures: Mapping[str, float], normal: Mapping[str, Norm]) -> dict[str, float]:
    """Give how far each sign is beyond its limit: 1 = at it."""
    rates = {}
    for name in ("outer", "inner", "ball"):
        norm = normal.get(f"comb_{name}")
        if norm is not None:
            limit = max(_COMB_OVER * norm.median, norm.median + _COMB_SIGMAS * norm.spread)
            rates[name] = figures.get(f"comb_{name}", 0.0) / limit
    for name, figure in (
        ("vibration", "velocity_rms_mm_s"),
        ("unbalance", "velocity_1x_mm_s"),
        ("misalignment", "velocity_2x_mm_s"),
    ):
        norm = normal.get(figure)
        if norm is not None:
            limit = max(_SPEED_OVER * norm.median, norm.median + _SPEED_SIGMAS * norm.spread)
            rates[name] = figures.get(figure, 0.0) / limit
    norm = normal.get("kurtosis")
    if norm is not None:
        limit = max(_KURTOSIS, norm.median + _SPEED_SIGMAS * norm.spread)
        rates["impacts"] = figures.get("kurtosis", 0.0) / limit
    return {name: round(value, 3) for name, value in rates.items()}


def _judge_alone(zone: str) -> Finding:
    """Judge without a normal state: only what the standard's last zone says."""
    if zone == "D":
        return Finding(
            state=ABNORMAL,
            symptoms=(SYMPTOMS["vibration"],),
            zone=zone,
            reasons=("zone_d", "learning"),
            needs_person=True,
        )
    return Finding(state=LEARNING, zone=zone, reasons=("learning",))


def _judge(rates: Mapping[str, float], zone: str, before: Sequence[str]) -> Finding:
    worst = max(rates.values(), default=0.0)
    if worst < 1 and zone != "D":
        return Finding(state=NORMAL, faults=rates, zone=zone)
    stays = len(before) >= _AGAIN and all(s in (WATCH, ABNORMAL) for s in before[:_AGAIN])
    is_sure = worst >= _SURE or zone == "D"
    symptoms, reasons, doubtful = _name(rates, zone)
    if not is_sure and stays:
        reasons += ("stays",)
    return Finding(
        state=ABNORMAL if is_sure or stays else WATCH,
        symptoms=symptoms,
        faults=rates,
        zone=zone,
        reasons=reasons,
        needs_person=doubtful,
    )


def _name(rates: Mapping[str, float], zone: str) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """Give symptoms, reasons, and whether the name is doubtful."""
    combs = {n: rates[n] for n in ("outer", "inner", "ball") if rates.get(n, 0) >= 1}
    if combs:
        best = max(combs, key=lambda n: combs[n])
        rivals = [n for n in combs if n != best and combs[n] >= _RIVAL * combs[best]]
        if best == "ball":
            return (SYMPTOMS["vibration"],), ("ball_suspected",), True
        if rivals:
            return (SYMPTOMS[best],), (f"comb_{best}", "rivals"), True
        return (SYMPTOMS[best],), (f"comb_{best}",), False
    if rates.get("unbalance", 0) >= 1 and rates["unbalance"] >= rates.get("misalignment", 0):
        return (SYMPTOMS["unbalance"],), ("velocity_1x",), False
    if rates.get("misalignment", 0) >= 1:
        return (SYMPTOMS["vibration"],), ("misalignment",), True
    if rates.get("impacts", 0) >= 1:
        return (SYMPTOMS["vibration"],), ("impacts",), True
    why = "zone_d" if zone == "D" else "velocity"
    return (SYMPTOMS["vibration"],), (why,), False
