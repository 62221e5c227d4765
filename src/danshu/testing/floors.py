"""A simulator of warehouse floors: seeded thermal truth of each cold zone, AGVs and forklifts on
their tracks, docks and people. It feeds a demo, and tests that want a truth to compare with.

What it tells goes the way of real devices: readings to POST /v1/signals/telemetry, frames to
POST /v1/twin/{warehouse}/frames. A production hub has no way to start it.
"""

from __future__ import annotations

import itertools
import math
import random
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.routing.twin.floor import lay_out, physics_of
from danshu.capabilities.routing.variables import ZONE_TEMP_DEFAULT_C, Zone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.routing.twin.floor import Floor, FloorZone, Point

NOISE_C: Final = 0.08
WEAK_POWER: Final = 0.25  # of a failing unit
_AGVS: Final = 8
_FORKLIFTS: Final = 3
_METRES_A_MIN: Final = 40.0
_STEPS_MS: Final = 60_000


class SimulatedZone:
    """A cold zone whose truth is the physics of its floor, exactly."""

    def __init__(self, zone: FloorZone, power: float) -> None:
        physics = physics_of(zone)
        assert physics is not None
        self.zone = zone
        self.power = power
        self.temperature_c = ZONE_TEMP_DEFAULT_C[Zone(zone.storage)]
        self._physics = physics

    def step(self, minutes: float) -> float:
        """Let time go by; gives °C."""
        physics, now_c = self._physics, self.temperature_c
        gain = (physics.ambient_c - now_c) / physics.tau_min
        cooling = min(physics.full_c_min * self.power, gain)
        goal = physics.ambient_c - cooling * physics.tau_min
        self.temperature_c = goal + (now_c - goal) * math.exp(-minutes / physics.tau_min)
        return self.temperature_c


class Simulated:
    """One warehouse's floor. `weak` are codes of zones whose unit fails, `mute` of silent probes
    (zone/probe).
    """

    def __init__(
        self,
        warehouse: str,
        storage_bits: int,
        seed: int,
        *,
        weak: Sequence[str] = (),
        mute: Sequence[str] = (),
    ) -> None:
        self.warehouse = warehouse
        self.floor: Floor = lay_out(storage_bits)
        self._mute = frozenset(mute)
        self._dice = random.Random(f"{seed} {warehouse}")
        self.zones = [
            SimulatedZone(zone, WEAK_POWER if zone.code in weak else 1.0)
            for zone in self.floor.zones
            if zone.storage in set(Zone)
        ]

    def tell_readings(self, at_ms: int, minutes: float) -> list[dict[str, Any]]:
        """Go on by `minutes` and give what the devices of the warehouse say at `at_ms`."""
        told = []
        for each in self.zones:
            now_c = each.step(minutes)
            for probe in each.zone.probes:
                if f"{each.zone.code}/{probe.code}" in self._mute:
                    continue
                value = round(now_c + self._dice.gauss(0, NOISE_C), 2)
                subject = f"zn:{self.warehouse}/{each.zone.storage}/{probe.code}"
                told.append(_reading("zone_temp", subject, value, at_ms))
                if probe.code == "s1":
                    wet = round(55 + self._dice.gauss(0, 1), 1)
                    told.append(_reading("zone_humidity", subject, wet, at_ms))
        subject = f"wh:{self.warehouse}"
        for key, middle, spread in (
            ("cold_unit_health", 0.9, 0.01),
            ("agv_availability", 0.9, 0.03),
            ("dock_queue", 14.0, 3.0),
            ("equipment_health", 0.9, 0.02),
            ("labour_redundancy", 0.98, 0.03),
            ("pick_backlog", 25.0, 4.0),
        ):
            if key == "cold_unit_health" and not self.zones:
                continue
            value = round(max(0.0, self._dice.gauss(middle, spread)), 3)
            told.append(_reading(key, subject, min(value, 1.0) if middle < 1 else value, at_ms))
        return told

    def tell_frame(self, at_ms: int) -> dict[str, Any]:
        """Say what moves on the floor at `at_ms`: the same moment is always the same frame."""
        dice = random.Random(f"{self.warehouse} {at_ms // _STEPS_MS}")
        minute = at_ms / 60_000
        tracks = {track.kind: track.points for track in self.floor.tracks}
        docks = []
        for dock in self.floor.docks:
            busy = dice.random() < 0.65
            wait = round(dice.uniform(2, 24) + (18 if dice.random() < 0.06 else 0)) if busy else 0
            docks.append({"id": dock.code, "state": "busy" if busy else "free", "wait_min": wait})
        return {
            "observed_ms": at_ms,
            "agvs": [
                {
                    "id": f"A{n + 1:02d}",
                    **_along(tracks["agv"], minute * _METRES_A_MIN + n * 17),
                    "state": "charging" if n == _AGVS - 1 else "busy",
                    "battery": round(0.4 + 0.5 * abs(math.sin(minute / 90 + n)), 2),
                }
                for n in range(_AGVS)
            ],
            "forklifts": [
                {"id": f"F{n + 1}", **_along(tracks["forklift"], minute * 30 + n * 41)}
                for n in range(_FORKLIFTS)
            ],
            "docks": docks,
            "units": [
                {
                    "id": unit.code,
                    "power": each.power,
                    "door_open_s": dice.choice((0, 0, 20, 45)),
                }
                for each in self.zones
                for unit in each.zone.units
            ],
            "present": 62 + dice.randrange(6),
            "needed": 66,
        }


def _reading(key: str, subject: str, value: float, at_ms: int) -> dict[str, Any]:
    return {"key": key, "subject": subject, "value": value, "observed": at_ms}


def _along(points: Sequence[Point], metres: float) -> dict[str, float]:
    """Where something is that drives to and fro on a track."""
    legs = [math.dist(a, b) for a, b in itertools.pairwise(points)]
    whole = sum(legs)
    left = metres % (2 * whole)
    left = min(left, 2 * whole - left)
    for (a, b), leg in zip(itertools.pairwise(points), legs, strict=True):
        if left <= leg:
            share = left / leg if leg else 0.0
            return {
                "x_m": round(a[0] + (b[0] - a[0]) * share, 2),
                "y_m": round(a[1] + (b[1] - a[1]) * share, 2),
            }
        left -= leg
    return {"x_m": points[-1][0], "y_m": points[-1][1]}
