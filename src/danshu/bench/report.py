"""The one form that every benchmark speaks, and the ways to measure that all of them share."""

from __future__ import annotations

import gc
import os
import platform
import resource
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
from msgspec import Struct

from danshu.kernel.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Number = int | float
Given = TypeVar("Given")
Asked = TypeVar("Asked")
LEAST_OF: Final = 5


class Machine(Struct, frozen=True, kw_only=True):
    """Where it was measured. `load_1m` before the run says how much others were using."""

    cores: int
    cpu: str
    python: str
    system: str
    load_1m: float


class Report(Struct, frozen=True, kw_only=True):
    """A benchmark's answer: figures, the floor's figures, their ratio, budgets and whether all met.

    A budget is the most that its figure may be, unless the benchmark says otherwise by `met`.
    """

    bench: str
    figures: dict[str, Any]
    floor: dict[str, Any]
    ratio: dict[str, float]
    budget: dict[str, float]
    met: bool
    machine: Machine


def make_report(
    bench: str,
    *,
    figures: Mapping[str, Any],
    floor: Mapping[str, Any],
    budget: Mapping[str, float],
    ratio: Mapping[str, float] | None = None,
    met: bool | None = None,
    machine: Machine | None = None,
) -> Report:
    """Put a report together.

    Without `ratio` it is figure / floor wherever both are told; without `met` every figure that a
    budget names must be there and at most its budget; `machine` is best read before the work.
    """
    if ratio is None:
        shared = [name for name in figures if floor.get(name)]
        ratio = {name: round(figures[name] / floor[name], 2) for name in shared}
    if met is None:
        met = keeps(figures, budget)
    return Report(
        bench=bench,
        figures={name: _round(value) for name, value in figures.items()},
        floor={name: _round(value) for name, value in floor.items()},
        ratio=dict(ratio),
        budget=dict(budget),
        met=met,
        machine=machine or read_machine(),
    )


def keeps(figures: Mapping[str, Any], budget: Mapping[str, float]) -> bool:
    """Tell whether every figure that a budget names is at most its budget; it must be there."""
    absent = [name for name in budget if name not in figures]
    if absent:
        raise ProgramError(f"not measured: {', '.join(absent)}")
    return all(bool(figures[name] <= most) for name, most in budget.items())


def write_report(report: Report) -> str:
    """The report as one line of JSON."""
    return msgspec.json.encode(report).decode()


def read_machine() -> Machine:
    """Say what this machine is, and how busy."""
    return Machine(
        cores=os.cpu_count() or 1,
        cpu=_read_cpu_model(),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()}",
        load_1m=round(os.getloadavg()[0], 2),
    )


def measure_cpu_us(work: Callable[[], object], times: int = 1) -> float:
    """CPU microseconds (user + system, this process) of one call of `work`."""
    before = read_cpu_us()
    for _ in range(times):
        work()
    return (read_cpu_us() - before) / times


def measure_least_cpu_us(work: Callable[[], object], times: int, rounds: int = 5) -> float:
    """The least of several measurements of `measure_cpu_us`: what others' work disturbs least."""
    return min(measure_cpu_us(work, times) for _ in range(rounds))


def measure_walls_us(works: Sequence[Callable[[], object]], deadline_s: float) -> list[float]:
    """Wall microseconds of each call, sorted; stops after the last call or `deadline_s`."""
    walls = []
    until = time.perf_counter() + deadline_s
    for work in works:
        start = time.perf_counter_ns()
        work()
        end = time.perf_counter_ns()
        walls.append((end - start) / 1_000)
        if end / 1e9 > until:
            break
    return sorted(walls)


def measure_least_walls_us(
    prepare: Callable[[], Given], orders: Sequence[Asked], work: Callable[[Given, Asked], object]
) -> list[float]:
    """Wall microseconds of each order, sorted: the least of LEAST_OF passes over all of them, each
    pass on what `prepare` gives.

    One order takes microseconds, and what else the machine does stops it for milliseconds: of five
    times, one at least is hardly ever stopped. What its own work costs, it costs each time.
    """
    least = [float("inf")] * len(orders)
    for _ in range(LEAST_OF):
        given = prepare()
        work(given, orders[0])
        for n, order in enumerate(orders):
            start = time.perf_counter_ns()
            work(given, order)
            least[n] = min(least[n], (time.perf_counter_ns() - start) / 1_000)
    return sorted(least)


def read_cpu_us(pids: Sequence[int] = ()) -> float:
    """CPU microseconds so far: of this process, or of the processes named (Linux)."""
    if not pids:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return (used.ru_utime + used.ru_stime) * 1e6
    return sum(_read_process_us(pid) for pid in pids)


def read_rss_mb() -> float:
    """The most memory that this process ever held, MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if platform.system() == "Darwin" else 1024)


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest of sorted samples that at least `share` of them do not exceed."""
    if not ordered:
        raise ProgramError("no samples")
    return ordered[max(0, -(-int(share * 1_000_000) * len(ordered) // 1_000_000) - 1)]


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Measure without the collector, which the server freezes as well."""
    gc.collect()
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _round(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value


def _read_process_us(pid: int) -> float:
    # Fields 14 and 15 of proc(5) stat; the name in brackets may hold spaces.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1e6 / os.sysconf("SC_CLK_TCK")


def _read_cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
