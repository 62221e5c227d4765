"""Machines that vibrate, of the project's own: what a sensor at a spindle's bearing would record.

A shaft with imbalance and misalignment, a fan of noise, and a bearing whose fault strikes the
housing at its own frequency: with slip, modulated as the fault goes through the load zone, ringing
at the housing's resonance. Seeded: the same machine, wave and fault give the same samples.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy import signal

Floats = NDArray[np.float64]

HEALTHY, OUTER, INNER, BALL = "healthy", "outer", "inner", "ball"
IMBALANCE, MISALIGNMENT = "imbalance", "misalignment"
FAULTS: Final = (OUTER, INNER, BALL, IMBALANCE, MISALIGNMENT)
_G: Final = 9.80665


class Machine(Struct, frozen=True, kw_only=True):
    """A machine: its bearing (mm, degrees), speed (1/min), resonance of the housing (Hz), noise
    (m/s² RMS), velocity at its own speed (mm/s RMS), slip of the rollers (share of a turn).
    """

    seed: int
    rollers: int = 9
    d: float = 7.94
    D: float = 39.04
    angle: float = 0.0
    rpm: float = 1_480.0
    resonance_hz: float = 3_200.0
    damping: float = 0.03
    noise_m_s2: float = 0.5
    velocity_mm_s: float = 0.8
    slip: float = 0.01

    @property
    def bearing(self) -> dict[str, float]:
        """The geometry as a device's record holds it."""
        return {"rollers": self.rollers, "d": self.d, "D": self.D, "angle": self.angle}

    def order_of(self, fault: str) -> float:
        """Give the strikes a turn of a fault (Randall & Antoni 2011, table 1)."""
        slope = self.d / self.D * math.cos(math.radians(self.angle))
        return {
            OUTER: self.rollers / 2 * (1 - slope),
            INNER: self.rollers / 2 * (1 + slope),
            BALL: self.D / self.d * (1 - slope**2),
        }[fault]

    @property
    def cage_order(self) -> float:
        """Turns of the cage a turn of the shaft."""
        return (1 - self.d / self.D * math.cos(math.radians(self.angle))) / 2


def draw(seed: int) -> Machine:
    """Draw a machine: bearing, speed, resonance and noise of its own."""
    rng = np.random.default_rng([seed, 71])
    d = float(rng.uniform(6, 14))
    return Machine(
        seed=seed,
        rollers=int(rng.integers(7, 17)),
        d=d,
        D=d * float(rng.uniform(4.2, 6.5)),
        angle=float(rng.choice([0, 0, 9, 15])),
        rpm=float(rng.uniform(900, 3_000)),
        resonance_hz=float(rng.uniform(1_800, 4_600)),
        damping=float(rng.uniform(0.02, 0.06)),
        noise_m_s2=float(rng.uniform(0.3, 1.0)),
        velocity_mm_s=float(rng.uniform(0.4, 1.6)),
        slip=float(rng.uniform(0.005, 0.015)),
    )


class Recording(Struct, frozen=True, kw_only=True, eq=False):
    """A wave in m/s²; `rpms` is the speed as measured beside it, at equal steps."""

    samples: Floats
    rate_hz: int
    rpms: tuple[float, ...]


def record(
    machine: Machine,
    nth: int,
    *,
    fault: str = HEALTHY,
    severity: float = 1.0,
    seconds: float = 15.0,
    rate_hz: int = 12_800,
    drift: float = 0.01,
    load: float = 1.0,
) -> Recording:
    """Record the `nth` wave of a machine. `severity` 1 is a fault that is plainly there, 0.3 one
    that begins; `drift` the share by which the speed wanders; `load` scales what forces do.
    """
    rng = np.random.default_rng([machine.seed, nth, 5, *fault.encode()])
    size = round(seconds * rate_hz)
    t = np.arange(size) / rate_hz
    wander = drift * np.sin(2 * np.pi * t / rng.uniform(9, 30) + rng.uniform(0, 6.28))
    speed = machine.rpm / 60 * (1 + wander + rng.uniform(-0.01, 0.01))
    turn = np.cumsum(speed) / rate_hz
    x = _turn_shaft(machine, rng, turn, speed, fault, severity) * math.sqrt(load)
    noise = rng.standard_normal(size) * machine.noise_m_s2 * rng.uniform(0.85, 1.2)
    x += noise + _ring(machine, rng.standard_normal(size) * 0.04 * machine.noise_m_s2, rate_hz)
    if fault in (OUTER, INNER, BALL):
        strikes = _strike(machine, rng, turn, fault, size) * rng.uniform(0.8, 1.25)
        struck = _ring(machine, strikes, rate_hz)
        x += struck * (severity * load * 3.0 * machine.noise_m_s2)
    steps = np.linspace(0, size - 1, 16).astype(int)
    rpms = tuple(float(round(s * 60 * rng.normal(1, 5e-4), 2)) for s in speed[steps])
    return Recording(samples=x, rate_hz=rate_hz, rpms=rpms)


def _turn_shaft(
    machine: Machine, rng: np.random.Generator, turn: Floats, speed: Floats, fault: str, much: float
) -> Floats:
    """Give what the shaft does once, twice and three times a turn, as acceleration."""
    own = machine.velocity_mm_s * (1 + (4 * much if fault == IMBALANCE else 0))
    twice = machine.velocity_mm_s * (0.25 + (3.5 * much if fault == MISALIGNMENT else 0))
    x = np.zeros(len(turn))
    for nth, mm_s in ((1, own), (2, twice), (3, twice * 0.4)):
        angle = 2 * np.pi * nth * turn + rng.uniform(0, 6.28)
        x += mm_s / 1000 * math.sqrt(2) * 2 * np.pi * nth * speed * np.cos(angle)
    return x


def _strike(
    machine: Machine, rng: np.random.Generator, turn: Floats, fault: str, size: int
) -> Floats:
    """Give the strikes of a fault at their places, each rolling off a little early or late."""
    order = machine.order_of(fault)
    count = int(turn[-1] * order)
    places = (np.arange(count) + rng.uniform(0, 1)) / order
    # Slip is a walk that is pulled back: rollers lag, and the cage keeps them apart.
    steps = rng.normal(0, machine.slip / order, count)
    places += signal.lfilter([1], [1, -0.98], steps)
    at = np.searchsorted(turn, places)
    force = rng.normal(1, 0.12, count)
    if fault == INNER:  # it goes through the load zone once a turn
        force *= np.clip(0.35 + np.cos(2 * np.pi * places), 0.05, None)
    elif fault == BALL:  # once a turn of the cage, and not each time on its flat
        force *= np.clip(0.3 + np.cos(2 * np.pi * places * machine.cage_order), 0.02, None)
        force *= rng.random(count) < 0.8
    x = np.zeros(size)
    inside = at < size
    np.add.at(x, at[inside], force[inside])
    return x


def _ring(machine: Machine, force: Floats, rate_hz: int) -> Floats:
    """Let the housing ring: a resonator of its frequency and damping with a peak of 1."""
    radius = math.exp(-2 * math.pi * machine.damping * machine.resonance_hz / rate_hz)
    angle = 2 * math.pi * machine.resonance_hz / rate_hz
    b, a = [math.sin(angle)], [1, -2 * radius * math.cos(angle), radius**2]
    rung: Floats = signal.lfilter(b, a, force)
    return rung


def frame(told: Recording, device: str = "", **header: Any) -> bytes:
    """Write a wave as the house's own frame: int16 of thousandths of the peak, in g."""
    g = told.samples / _G
    finite = g[np.isfinite(g)]
    scale = (float(np.abs(finite).max()) if len(finite) else 0.0) / 32_000 or 1.0
    head = {
        "danshu": "wave/1",
        "rate_hz": told.rate_hz,
        "unit": "g",
        "sample": "i2",
        "scale": scale,
        "count": len(g),
        "rpm": list(told.rpms),
        "device": device,
        **header,
    }
    line = json.dumps(head, separators=(",", ":")).encode() + b"\n"
    if len(finite) < len(g):  # int16 knows no NaN
        line = line.replace(b'"sample":"i2"', b'"sample":"f4"')
        return line + g.astype("<f4").tobytes()
    return line + np.round(g / scale).astype("<i2").tobytes()
