"""`danshu bench sensor`: which faults of machines are found in their waves, and at what cost.

Without `--data` on machines of the project's own (testing/vibrations.py) with seeds that nothing
was tuned on: each learns its normal state, then is judged sound and with each fault, plain and
beginning. With `--data DIR` on a folder of waves (.npz, .csv, the house's own frame):

    labels.csv       file,machine,use,fault      use: normal | judge; fault: healthy, outer, inner…
    machines.json    {"M1": {"bearing": {"rollers": 9, "d": 7.94, "D": 39.04}, "rpm": 1480}}

A fault is found when the wave is said to be watched or abnormal; a sound wave so judged is a false
alarm. Bounds are Clopper-Pearson's at 95 %, one-sided. The floor is one Fourier transform of the
same wave.
"""

from __future__ import annotations

import asyncio
import csv
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
from msgspec import Struct
from scipy import fft

from danshu.bench.report import Report, make_report
from danshu.capabilities.devices import baseline, decide
from danshu.capabilities.devices.model import ABNORMAL, WATCH
from danshu.kernel.errors import InputError
from danshu.ports import registry
from danshu.ports.connector import Account
from danshu.testing import vibrations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from danshu.capabilities.devices.model import Baseline, Finding
    from danshu.ports.perceiver import Perception

BUDGET: Final = {"missed_percent": 5.0, "false_alarm_percent": 2.0, "cpu_ms_per_wave": 60.0}
_SEED: Final = 7_000  # tuned on 1 to 12
_NORMALS: Final = 12
_SOUND: Final = 10
_SEVERITIES: Final = (("", 1.0), ("_begins", 0.5))
_HEALTHY: Final = vibrations.HEALTHY
_NAMED: Final = {
    "outer": "outer_race_fault", "inner": "inner_race_fault", "imbalance": "unbalance",
}  # fmt: skip


class Labelled(Struct, frozen=True, kw_only=True):
    """A wave, whose it is, and what is wrong with it; `normal` ones make the normal state."""

    machine: str
    normal: bool
    fault: str
    body: bytes
    media_type: str = ""


class Known(Struct, frozen=True, kw_only=True):
    """A machine as its record says it."""

    bearing: dict[str, float] | None = None
    rpm: float = 0.0
    zones: str = ""


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure `size` machines (12)."""
    del seconds
    drawn = [vibrations.draw(_SEED + n) for n in range(size or 12)]
    known = {str(m.seed): Known(bearing=m.bearing, rpm=m.rpm) for m in drawn}
    return _measure(_simulate(drawn), known)


def run_data(data: Path, size: int | None = None) -> Report:
    """Measure a folder. Raises InputError `no_data` where it has no labels.csv or a file lacks."""
    try:
        body = (data / "machines.json").read_bytes()
        known = msgspec.json.decode(body, type=dict[str, Known])
        with (data / "labels.csv").open(encoding="utf-8-sig", newline="") as told:
            rows = list(csv.DictReader(told))[:size]
        waves = [
            Labelled(
                machine=row["machine"],
                normal=row["use"] == "normal",
                fault=row["fault"] or _HEALTHY,
                body=(data / row["file"]).read_bytes(),
                media_type="text/csv" if row["file"].endswith(".csv") else "",
            )
            for row in rows
        ]
    except (OSError, KeyError, msgspec.MsgspecError) as error:
        raise InputError("no_data", f"{data} is no folder of waves: {error}") from error
    return _measure(waves, known)


def _simulate(drawn: list[vibrations.Machine]) -> Iterator[Labelled]:
    for machine in drawn:
        name = str(machine.seed)
        for nth in range(_NORMALS + _SOUND):
            load = 1.0 + 0.25 * (nth % 3 - 1)
            body = vibrations.frame(vibrations.record(machine, nth, load=load), name)
            yield Labelled(machine=name, normal=nth < _NORMALS, fault=_HEALTHY, body=body)
        for fault in vibrations.FAULTS:
            for nth, (suffix, severity) in enumerate(_SEVERITIES):
                told = vibrations.record(machine, 50 + nth, fault=fault, severity=severity)
                body = vibrations.frame(told, name)
                yield Labelled(machine=name, normal=False, fault=fault + suffix, body=body)


def _measure(waves: Iterable[Labelled], known: dict[str, Known]) -> Report:
    seen: dict[str, list[Perception]] = {}
    normal: dict[str, Baseline] = {}
    counted: dict[str, list[int]] = {}
    named = [0, 0]
    cpu_s, floor_s, number = 0.0, 0.0, 0
    for wave in waves:
        machine = known.get(wave.machine, Known())
        started = time.process_time()
        found = _look(wave, machine)
        cpu_s += time.process_time() - started
        floor_s += _floor(wave) if number < 50 else 0.0
        number += 1
        if wave.normal:
            seen.setdefault(wave.machine, []).append(found)
            continue
        if wave.machine not in normal:
            figures = [p.figures for p in seen.get(wave.machine, [])]
            normal[wave.machine] = baseline.build(figures, machine.rpm)
        told = _judge(found, normal[wave.machine], machine)
        tally = counted.setdefault(wave.fault, [0, 0])
        tally[0] += 1
        tally[1] += told.state in (WATCH, ABNORMAL)
        right = _NAMED.get(wave.fault.removesuffix("_begins"))
        if right and told.symptoms:
            named[0] += 1
            named[1] += right in told.symptoms
    return _report(counted, named, cpu_s, floor_s, number)


def _look(wave: Labelled, machine: Known) -> Perception:
    async def send(*_: object) -> Any:
        raise InputError("asks_nobody", "a waveform is measured here")

    adapter: Any = registry.load("perceiver", "vibration")
    hints = {"bearing": machine.bearing, "rpm": machine.rpm or None}
    told: Perception = asyncio.run(
        adapter.perceive(Account(url=""), send, wave.body, wave.media_type, hints)
    )
    return told


def _judge(found: Perception, normal: Baseline, machine: Known) -> Finding:
    return decide.assess(
        found.figures, found.troubles, normal, machine.zones, judged=normal.waves, alarms=0
    )


def _floor(wave: Labelled) -> float:
    samples = np.frombuffer(wave.body[-(len(wave.body) // 4 * 2) :], dtype="<i2").astype(float)
    started = time.process_time()
    fft.rfft(samples)
    return time.process_time() - started


def _report(
    counted: dict[str, list[int]], named: list[int], cpu_s: float, floor_s: float, number: int
) -> Report:
    sound, alarms = counted.get(_HEALTHY, [0, 0])
    faults = [pair for fault, pair in counted.items() if fault != _HEALTHY]
    of, hits = sum(pair[0] for pair in faults), sum(pair[1] for pair in faults)
    figures: dict[str, Any] = {
        "fault_recall": _share(hits, of),
        "fault_recall_at_least": round(baseline.bound_hits(of, hits), 4),
        "missed_percent": round(100 - 100 * _share(hits, of), 2),
        "faults": of,
        "false_alarm_rate": _share(alarms, sound),
        "false_alarm_at_most": round(baseline.bound_alarms(sound, alarms), 4),
        "false_alarm_percent": round(100 * _share(alarms, sound), 2),
        "sound_waves": sound,
        "named_right": _share(named[1], named[0]),
        "cpu_ms_per_wave": round(cpu_s * 1000 / max(1, number), 2),
        "waves": number,
    }
    for fault, (many, found) in sorted(counted.items()):
        if fault != _HEALTHY:
            figures[f"recall_{fault}"] = _share(found, many)
    floor = {"cpu_ms_per_wave": round(floor_s * 1000 / max(1, min(number, 50)), 2)}
    return make_report("sensor", figures=figures, floor=floor, budget=BUDGET)


def _share(part: int, of: int) -> float:
    return round(part / of, 4) if of else 0.0
