"""Asks a child process to evaluate expressions, and ends it where it is late.

One child for the process (and one that reads documents), begun when it is first needed. It does
one errand at a time: what somebody's expression costs others is at most EXPRESSIONS_MS and a new
child.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import select
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

import msgspec

from danshu.capabilities.weave.woven import Woven
from danshu.hub.weaving_child import Done, Errand, Source
from danshu.kernel.errors import Busy, InputError, NotAvailable
from danshu.kernel.limits import EXPRESSION_BYTES, EXPRESSIONS_MS, INFER_MS

if TYPE_CHECKING:
    from danshu.capabilities.weave.inferring import Inferred

TOO_COSTLY: Final = "expression_costly"
_START_S: Final = 20.0
_WAIT_S: Final = 5.0
_MODULE: Final = "danshu.hub.weaving_child"
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Done).decode


async def run(errand: Errand) -> Done:
    """Evaluate beside the event loop.

    Raises InputError `expression_costly`, Busy where others' errands are in the way.
    """
    return await asyncio.to_thread(_CHILD.ask, errand)


async def infer(source: Source) -> Inferred:
    """Read a document or samples beside the event loop. Raises InputError."""
    done = await asyncio.to_thread(_READER.ask, Errand(does="infer", woven=_BLANK, source=source))
    if done.refused is not None:
        raise InputError(*done.refused)
    assert done.inferred is not None
    return done.inferred


class _Child:
    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, errand: Errand) -> Done:
        """Hand an errand over and wait for what becomes of it."""
        if not self._lock.acquire(timeout=_WAIT_S):
            raise Busy("expressions of others are being evaluated", 1)
        try:
            process = self._ready()
            said = self._exchange(process, _encode(errand) + b"\n")
        finally:
            self._lock.release()
        if said is None:
            raise InputError(TOO_COSTLY, "an expression takes too much time or memory")
        done = _decode(said)
        if done.fault and errand.does != "text":
            raise InputError(TOO_COSTLY, done.fault)
        return done

    def close(self) -> None:
        """End the child."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _ready(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        self._process = subprocess.Popen(
            [sys.executable, "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # how the library died of an expression is nobody's news
        )
        if self._hear(self._process, _START_S) is None:
            self.close()
            raise NotAvailable("expressions can't be evaluated: their process does not begin", 5)
        return self._process

    def _exchange(self, process: subprocess.Popen[bytes], line: bytes) -> bytes | None:
        assert process.stdin is not None
        try:
            process.stdin.write(line)
            process.stdin.flush()
            said = self._hear(process, self._within_s)
        except BrokenPipeError:
            said = None
        if said is None:
            self.close()
        return said

    @staticmethod
    def _hear(process: subprocess.Popen[bytes], within_s: float) -> bytes | None:
        """Read a line; None where it ends, is late or too long."""
        assert process.stdout is not None
        number, end_s, said = process.stdout.fileno(), time.monotonic() + within_s, b""
        while not said.endswith(b"\n"):
            left_s = end_s - time.monotonic()
            if left_s <= 0 or not select.select([number], [], [], left_s)[0]:
                return None
            part = os.read(number, 65_536)
            said += part
            if not part or len(said) > 2 * EXPRESSION_BYTES:
                return None
        return said


_BLANK: Final = Woven(code="blank", base_url="")
_CHILD: Final = _Child(EXPRESSIONS_MS / 1000)
_READER: Final = _Child(INFER_MS / 1000)  # a large document is no reason for calls to wait
atexit.register(_CHILD.close)
atexit.register(_READER.close)
