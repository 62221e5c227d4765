"""Asks a process of its own to check or query an intent graph, and ends it where it is late."""

from __future__ import annotations

import asyncio
import sys
import weakref
from typing import TYPE_CHECKING, Final

import msgspec

from danshu.hub.intent_child import IntentDone, IntentErrand
from danshu.kernel.errors import Busy, InputError
from danshu.kernel.limits import INTENT_CHECK_MS, INTENT_QUERY_MS

if TYPE_CHECKING:
    from danshu.capabilities.intents.model import IntentFinding, IntentGraph

_START_MS: Final = 10_000  # a process on a busy machine has begun by then
_WAIT_S: Final = 10.0
_KEPT: Final = 64
_CHECKED: Final[dict[IntentGraph, tuple[IntentFinding, ...]]] = {}
# One at a time: two checks at once would take both cores from orders. A loop has a gate of its own.
_GATES: Final[weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]] = (
    weakref.WeakKeyDictionary()
)


async def check(own: IntentGraph) -> tuple[IntentFinding, ...]:
    """Find what stands in the way of a merchant's graph. Raises Busy, InputError `too_costly`.

    The same graph is checked once: whoever asks before a transaction waits in none.
    """
    if (known := _CHECKED.get(own)) is not None:
        return known
    done = await _ask(IntentErrand(does="check", own=own), INTENT_CHECK_MS)
    while len(_CHECKED) >= _KEPT:
        del _CHECKED[next(iter(_CHECKED))]
    _CHECKED[own] = done.findings
    return done.findings


async def query(own: IntentGraph, asked: str) -> IntentDone:
    """Answer a SELECT. Raises InputError `sparql`, `too_costly`; Busy."""
    done = await _ask(IntentErrand(does="query", own=own, query=asked), INTENT_QUERY_MS)
    if done.fault:
        raise InputError("sparql", done.fault, "/query")
    return done


async def _ask(errand: IntentErrand, within_ms: int) -> IntentDone:
    gate = _GATES.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(1))
    try:
        await asyncio.wait_for(gate.acquire(), _WAIT_S)
    except TimeoutError:
        raise Busy("another graph is being checked", 2) from None
    try:
        return await _run(msgspec.json.encode(errand), (within_ms + _START_MS) / 1000)
    finally:
        gate.release()


async def _run(line: bytes, within_s: float) -> IntentDone:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "danshu.hub.intent_child",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(line), within_s)
    except TimeoutError:
        said = b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode or not said:
        raise InputError("too_costly", "this takes too much time or memory")
    return msgspec.json.decode(said, type=IntentDone)
