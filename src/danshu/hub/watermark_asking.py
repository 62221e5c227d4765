"""Asks a process of its own to trace a file, and ends it where it is late."""

from __future__ import annotations

import asyncio
import sys
import weakref
from typing import TYPE_CHECKING, Final

import msgspec

from danshu.hub.watermark_child import TraceDone, TraceErrand
from danshu.kernel.errors import Busy, InputError
from danshu.kernel.limits import WATERMARK_TRACE_S

if TYPE_CHECKING:
    from danshu.capabilities.watermark.model import Verdict

_START_S: Final = 10.0
_WAIT_S: Final = 20.0
# One at a time: a trace takes a core for seconds. A loop has a gate of its own.
_GATES: Final[weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]] = (
    weakref.WeakKeyDictionary()
)


async def ask(errand: TraceErrand) -> Verdict:
    """Trace a file. Raises InputError for one that can't be read, `too_costly`; Busy."""
    gate = _GATES.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(1))
    try:
        await asyncio.wait_for(gate.acquire(), _WAIT_S)
    except TimeoutError:
        raise Busy("another file is being traced", 2) from None
    try:
        done = await _run(msgspec.json.encode(errand))
    finally:
        gate.release()
    if done.verdict is None:
        raise InputError(done.code, done.detail)
    return done.verdict


async def _run(line: bytes) -> TraceDone:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "danshu.hub.watermark_child",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(line), WATERMARK_TRACE_S + _START_S)
    except TimeoutError:
        said = b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode or not said:
        raise InputError("too_costly", "this file takes too much time or memory")
    return msgspec.json.decode(said, type=TraceDone)
