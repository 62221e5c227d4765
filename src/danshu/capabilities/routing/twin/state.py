"""The live state of a warehouse: readings and what moves on its floor, folded to one moment."""

from __future__ import annotations

import math
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from msgspec import Meta, Struct

from danshu.capabilities.routing.signals import AGREE_C, QUORUM
from danshu.capabilities.routing.twin.floor import Word, physics_of
from danshu.capabilities.routing.twin.thermal import FIT_MIN, Fit, Forecast, fit_trend, forecast
from danshu.capabilities.routing.variables import BY_KEY, ZONE_TEMP_BAND_C, Zone
from danshu.kernel.limits import TWIN_FLOOR_M, TWIN_THINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from danshu.capabilities.routing.twin.floor import Floor, FloorZone

SILENT_MS: Final = BY_KEY["zone_temp"].ttl_s * 1000
DOOR_S: Final = FIT_MIN * 60
_SEEN_MIN: Final = 1.0
Metres = Annotated[float, Meta(ge=-TWIN_FLOOR_M, le=TWIN_FLOOR_M)]
Share = Annotated[float, Meta(ge=0, le=1)]


class Mover(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An AGV or a forklift: where it is, what it does, how full its battery is (-1: unknown)."""

    id: Word
    x_m: Metres
    y_m: Metres
    state: Annotated[str, Meta(max_length=32)] = ""
    battery: Annotated[float, Meta(ge=-1, le=1)] = -1.0


class Dock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dock: free, busy or shut, and how long the vehicle there has waited, minutes."""

    id: Word
    state: Annotated[str, Meta(pattern="^(free|busy|shut)$")] = "free"
    wait_min: Annotated[float, Meta(ge=0, le=10_000)] = 0.0


class ColdUnit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cold unit: what it can give of its full power; seconds that the door of its zone was open
    in the last half hour.
    """

    id: Word
    power: Share = 1.0
    door_open_s: Annotated[float, Meta(ge=0, le=DOOR_S)] = 0.0


class Frame(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What moves on a floor at one moment. -1 people: nobody counted."""

    observed_ms: Annotated[int, Meta(ge=0)] = 0
    agvs: Annotated[tuple[Mover, ...], Meta(max_length=TWIN_THINGS)] = ()
    forklifts: Annotated[tuple[Mover, ...], Meta(max_length=TWIN_THINGS)] = ()
    docks: Annotated[tuple[Dock, ...], Meta(max_length=TWIN_THINGS)] = ()
    units: Annotated[tuple[ColdUnit, ...], Meta(max_length=TWIN_THINGS)] = ()
    present: Annotated[int, Meta(ge=-1, le=100_000)] = -1
    needed: Annotated[int, Meta(ge=-1, le=100_000)] = -1


class Told(NamedTuple):
    """A probe's reading: storage class of its zone, the probe, when, °C; bad ones are left out."""

    storage: str
    sensor: str
    observed_ms: int
    value_c: float


class Sensors(StrEnum):
    """What the probes of a zone say by themselves."""

    FINE = "fine"
    OUTSIDE = "outside"
    SILENT = "silent"  # too few that are fresh
    DISAGREE = "disagree"
    NONE = "none"  # nobody ever measured here


class ProbeState(Struct, frozen=True, kw_only=True):
    """A probe: its last word, "" and -1 where it never spoke."""

    code: str
    x_m: float
    y_m: float
    value_c: float | None
    observed_ms: int
    is_silent: bool


class ZoneState(NamedTuple):
    """A zone at one moment; `value_c` is the agreed temperature, or the last that was agreed."""

    zone: FloorZone
    sensors: Sensors
    value_c: float | None
    observed_ms: int
    probes: tuple[ProbeState, ...]
    series: tuple[tuple[float, float], ...]  # minutes from now (<= 0), °C
    fit: Fit | None
    forecast: Forecast | None


class State(NamedTuple):
    """A warehouse at `at_ms`; `frame` is None where nothing was told of what moves."""

    warehouse: str
    at_ms: int
    floor: Floor
    zones: tuple[ZoneState, ...]
    frame: Frame | None


def fold(
    warehouse: str,
    floor: Floor,
    told: Iterable[Told],
    at_ms: int,
    health: float = 1.0,
    frame: Frame | None = None,
) -> State:
    """Fold readings of the last half hour (and each probe's last) into the state at `at_ms`.

    `health` is the warehouse's cold_unit_health, where no frame tells of single units.
    """
    by_zone: dict[str, dict[str, list[tuple[int, float]]]] = {z.code: {} for z in floor.zones}
    home = homes(floor)
    for storage, sensor, observed, value in told:
        code = home.get((storage, sensor)) or home.get((storage, ""))
        if code is not None and observed <= at_ms and math.isfinite(value):
            by_zone[code].setdefault(sensor, []).append((observed, value))
    units = {unit.id: unit for unit in frame.units} if frame else {}
    zones = tuple(_zone(zone, by_zone[zone.code], at_ms, health, units) for zone in floor.zones)
    return State(warehouse, at_ms, floor, zones, frame)


def homes(floor: Floor) -> dict[tuple[str, str], str]:
    """Which zone a probe stands in; one that no zone lists, in the first of its class."""
    home: dict[tuple[str, str], str] = {}
    for zone in floor.zones:
        if zone.storage:
            home.setdefault((zone.storage, ""), zone.code)
            home.update({(zone.storage, probe.code): zone.code for probe in zone.probes})
    return home


def _zone(
    zone: FloorZone,
    told: Mapping[str, list[tuple[int, float]]],
    at_ms: int,
    health: float,
    units: Mapping[str, ColdUnit],
) -> ZoneState:
    last = {sensor: max(rows) for sensor, rows in told.items()}
    sensors, value, observed = _agree(zone, last, at_ms)
    series = tuple(
        sorted(
            ((seen - at_ms) / 60_000, value_c)
            for rows in told.values()
            for seen, value_c in rows
            if at_ms - seen <= FIT_MIN * 60_000
        )
    )
    physics = physics_of(zone)
    fit = fit_trend(series) if sensors in (Sensors.FINE, Sensors.OUTSIDE) else None
    seen: Forecast | None = None
    if physics is not None and value is not None and zone.storage in set(Zone):
        mine = [units[unit.code] for unit in zone.units if unit.code in units]
        power = sum(unit.power for unit in mine) / len(mine) if mine else health
        door = max((unit.door_open_s for unit in mine), default=0.0) / DOOR_S
        now_c = fit.level_c if fit is not None else value
        seen = forecast(physics, ZONE_TEMP_BAND_C[Zone(zone.storage)], now_c, fit, power, door)
    return ZoneState(zone, sensors, value, observed, _probes(zone, last, at_ms), series, fit, seen)


def _probes(
    zone: FloorZone, last: Mapping[str, tuple[int, float]], at_ms: int
) -> tuple[ProbeState, ...]:
    made = []
    for probe in zone.probes:
        observed, value = last.get(probe.code, (0, None))
        made.append(
            ProbeState(
                code=probe.code,
                x_m=probe.x_m,
                y_m=probe.y_m,
                value_c=value,
                observed_ms=observed,
                is_silent=at_ms - observed > SILENT_MS,
            )
        )
    return tuple(made)


def _agree(
    zone: FloorZone, last: Mapping[str, tuple[int, float]], at_ms: int
) -> tuple[Sensors, float | None, int]:
    """Two probes of a zone must be fresh and agree, as for decisions (signals.py)."""
    if not last:
        return Sensors.NONE, None, 0
    fresh = sorted((v, seen) for seen, v in last.values() if at_ms - seen <= SILENT_MS)
    if len(fresh) < QUORUM:
        seen, value = max(last.values())
        return Sensors.SILENT, value, seen
    values = [value for value, _ in fresh]
    seen = min(at for _, at in fresh)
    gap, low = min((high - low, low) for low, high in pairwise(values))
    if gap > AGREE_C:
        return Sensors.DISAGREE, _middle(values), seen
    value = _middle([v for v in values if abs(v - low - gap / 2) <= AGREE_C])
    if zone.storage not in set(Zone):
        return Sensors.FINE, value, seen
    low, high = ZONE_TEMP_BAND_C[Zone(zone.storage)]
    return (Sensors.FINE if low <= value <= high else Sensors.OUTSIDE), value, seen


def _middle(values: Sequence[float]) -> float:
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2
