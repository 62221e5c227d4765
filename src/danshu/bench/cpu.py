"""CPU time of processes from /proc: what a benchmark really cost, whoever did the work."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat after the name in brackets, counted from the state (proc_pid_stat(5)).
_PARENT: Final = 1
_TIMES: Final = slice(11, 15)  # utime, stime, and cutime, cstime of children that were waited for


def cpu_us(pid: int, tree: bool = False) -> float:
    """Give the user and system time of a process so far, in microseconds (a tick is 10,000).

    `tree` adds its living descendants and all children that have ended and were waited for, so the
    sum never falls: with the pid of a postmaster it is the cost of the whole database. Raises
    FileNotFoundError when there is no such process.
    """
    own = _fields(pid)
    if own is None:
        raise FileNotFoundError(f"no process {pid}")
    if not tree:
        return _us(sum(own[_TIMES][:2]))
    every = {int(path.name): _fields(int(path.name)) for path in Path("/proc").glob("[0-9]*")}
    children: dict[int, list[int]] = {}
    for child, fields in every.items():
        if fields is not None:
            children.setdefault(fields[_PARENT], []).append(child)
    total, queue = 0, [pid]
    while queue:
        at = queue.pop()
        queue += children.get(at, ())
        total += sum((every.get(at) or own)[_TIMES])
    return _us(total)


def _fields(pid: int) -> list[int] | None:
    """Read the numbers of a process; None when it has ended meanwhile."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    after_name = text.rpartition(")")[2].split()
    return [0, *map(int, after_name[1:])]


def _us(ticks: int) -> float:
    return ticks * 1_000_000 / _TICKS_PER_S
