"""S4, the physical judge: it can veto a class in a warehouse, and nothing else.

A zone is vetoed when it is forecast to leave its band before the goods are handed over and
arrive. Where twin and sensors contradict each other, one of them is broken: the class is stopped
there until a person, or fresh evidence on which both agree, clears it.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from danshu.capabilities.routing.blocks import freeze
from danshu.capabilities.routing.score import CLASSES, wait_to_wave
from danshu.capabilities.routing.twin.floor import physics_of
from danshu.capabilities.routing.twin.state import Sensors
from danshu.capabilities.routing.twin.thermal import fastest_c_min

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from danshu.capabilities.routing.network import Network
    from danshu.capabilities.routing.snapshot import Snapshot
    from danshu.capabilities.routing.twin.state import State, ZoneState

AGREE_MIN: Final = 10.0  # both must say so for as long before a contradiction is over
STEP_C: Final = 1.0  # noise that no step is


class Cause(StrEnum):
    """Why S4 stops a class."""

    FORECAST = "forecast"  # sensors and model see the same trend out of the band
    CONTRADICTION = "contradiction"


class Verdict(NamedTuple):
    """What S4 says of a zone: a veto with its cause, or none ("" = it has nothing against it)."""

    warehouse: str
    storage: str
    zone: str
    cause: str
    sensors: str
    hours: float
    detail: str


def judge_zone(state: State, zone: ZoneState, horizon_min: float) -> Verdict:
    """Judge one zone; `horizon_min` until the goods are handed over and arrive."""
    cause, detail, hours = "", "", math.inf
    seen = zone.forecast
    if seen is not None:
        hours = seen.hours
        leaves = (seen.soonest_h if seen.is_measured else seen.hours) * 60 < horizon_min
        if zone.sensors is Sensors.FINE and leaves:
            # physics alone sees it warm while fresh probes stand still: one of them is wrong
            cause = Cause.FORECAST if seen.is_measured else Cause.CONTRADICTION
            detail = "trend" if seen.is_measured else "still"
        elif leaves:
            cause, detail = Cause.FORECAST, str(zone.sensors)
        if zone.sensors in (Sensors.FINE, Sensors.OUTSIDE) and _jumps(zone):
            cause, detail = Cause.CONTRADICTION, "jump"
    return Verdict(
        warehouse=state.warehouse,
        storage=zone.zone.storage,
        zone=zone.zone.code,
        cause=str(cause),
        sensors=str(zone.sensors),
        hours=hours,
        detail=detail,
    )


def _jumps(zone: ZoneState) -> bool:
    """Tell whether the probes moved faster than any zone of this physics could."""
    physics = physics_of(zone.zone)
    if physics is None or zone.value_c is None or len(zone.series) < 2:
        return False
    latest = zone.series[-1][0]
    before = [row for row in zone.series if row[0] < latest - 5.0][-3:]
    if not before:
        return False
    values = sorted(value for _, value in before)
    was, minutes = values[len(values) // 2], latest - before[-1][0]
    possible = fastest_c_min(physics, was) * minutes
    return abs(zone.value_c - was) > possible + STEP_C


def judge(
    states: Iterable[State], network: Network, horizon_min: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Give S4's table [class, warehouse]: True is a veto. `horizon_min` is [W]."""
    table = np.zeros((len(CLASSES), len(network.codes)), np.bool_)
    for state in states:
        column = network.warehouse_index.get(state.warehouse)
        if column is None:
            continue
        for zone in state.zones:
            if zone.zone.storage in CLASSES:
                told = judge_zone(state, zone, float(horizon_min[column]))
                table[CLASSES.index(zone.zone.storage), column] |= bool(told.cause)
    return freeze(table)


def veto(state: State, storage: str, transit_min: float, hand_over_min: float = 0.0) -> bool:
    """Tell whether S4 vetoes a class of a warehouse for goods that travel `transit_min`."""
    horizon = hand_over_min + transit_min
    return any(
        judge_zone(state, zone, horizon).cause
        for zone in state.zones
        if zone.zone.storage == storage
    )


def horizons(snapshot: Snapshot, minute: int) -> NDArray[np.float64]:
    """Give for each warehouse [W] the minutes until goods ordered now have been handed over and
    have come to its nearest region: what is vetoed for that is vetoed for every further one.
    """
    network, figures, tables = snapshot.network, snapshot.figures, snapshot.tables
    nearest = np.where(network.lane_open > 0, tables.eta_min, np.inf).min(axis=0)
    waits = [
        wait_to_wave(minute, cutoff, figures.wave_wait_min, figures.first_wave_min)
        for cutoff in network.cutoff_min.tolist()
    ]
    return freeze(np.where(np.isfinite(nearest), nearest, 0.0) + np.array(waits, np.float64))
