"""Traces a file for others: `python -m` this module, an errand in, a verdict out, both JSON.

It reads what anybody may have written, and keeps a processor busy for seconds: both are kept from
the process that places orders.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

import msgspec
from msgspec import Struct

from danshu.capabilities.watermark import tracing
from danshu.capabilities.watermark.model import Copy, Plan, Verdict
from danshu.hub import watermark_files
from danshu.kernel.errors import InputError
from danshu.kernel.limits import WATERMARK_MEMORY_BYTES, WATERMARK_TRACE_S

_NICE = 10


class TraceErrand(Struct, frozen=True, kw_only=True):
    """Which file, the merchant's secret, how its copies were marked, and the copies."""

    path: str
    secret: bytes
    plans: tuple[Plan, ...]
    copies: tuple[Copy, ...]


class TraceDone(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The verdict, or what is wrong with the file."""

    verdict: Verdict | None = None
    code: str = ""
    detail: str = ""


def perform(errand: TraceErrand) -> TraceDone:
    """Trace a file."""
    try:
        columns = watermark_files.read_columns(Path(errand.path))
    except InputError as error:
        return TraceDone(code=error.code, detail=error.detail)
    found = tracing.trace(errand.secret, errand.plans, errand.copies, columns)
    return TraceDone(verdict=found)


def main() -> None:
    """Do one errand."""
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_AS, (WATERMARK_MEMORY_BYTES, WATERMARK_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Nobody handles the signal: the process ends whatever its libraries are at.
    signal.setitimer(signal.ITIMER_REAL, WATERMARK_TRACE_S)
    errand = msgspec.json.decode(sys.stdin.buffer.read(), type=TraceErrand)
    sys.stdout.buffer.write(msgspec.json.encode(perform(errand)))


if __name__ == "__main__":
    main()
