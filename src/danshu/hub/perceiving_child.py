"""Asks child processes to perceive, and ends one where it is late or nobody waits for it any more.

At most PERCEIVE_CHILDREN at a time, begun when they are first needed, each for one perceiver, whose
model it keeps: the one that rested longest makes room for another. A child does one errand at a
time. What kills it takes nothing with it but that errand.
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
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.hub.perceiving_alone import HEAD, READY, SIZE, TOO_COSTLY, Errand, Seen
from danshu.kernel.errors import Busy, InputError, NotAvailable, ProgramError
from danshu.kernel.limits import (
    PERCEIVE_CHILDREN,
    PERCEIVE_ERRAND_BYTES,
    PERCEIVE_MS,
    PERCEIVE_WAITING,
    PERCEPTION_BYTES,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.connector import Account
    from danshu.ports.perceiver import Perception

_MODULE: Final = "danshu.hub.perceiving_alone"
_START_S: Final = 30.0
_THREADS: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "2"
)
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Seen).decode
DIED: Final = "the process that perceives has died"


async def perceive_local(
    name: str, account: Account, body: bytes, media_type: str, hints: Mapping[str, object]
) -> Perception:
    """Let a local perceiver look at an original, in a process of its own.

    Raises InputError where it is no such original, `too_costly` where it takes more time or memory
    than one may; NotAvailable where extra or model are not there, or the process died; Busy.
    """
    errand = Errand(name=name, account=account, media_type=media_type, hints=dict(hints))
    head = _encode(errand)
    if len(head) > PERCEIVE_ERRAND_BYTES:
        raise InputError(TOO_COSTLY, "too many hints")
    child, turn = _CHILDREN.choose(name), _Turn()
    try:
        seen = await asyncio.to_thread(child.ask, turn, head, body)
    except asyncio.CancelledError:
        child.leave(turn)  # nobody waits for it: what it costs is not to be paid
        raise
    finally:
        child.settle()
    if seen.perception is not None:
        return seen.perception
    if seen.refused is not None:
        raise InputError(*seen.refused)
    if seen.missing is not None:
        raise NotAvailable(*seen.missing)
    raise ProgramError(f"{name}: {seen.fault}")


def close() -> None:
    """End all children."""
    _CHILDREN.close()


class _Turn:
    """One errand of a child."""

    is_left = False


class _Child:
    """One process and who waits for it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.waiting = 0
        self.used_s = time.monotonic()
        self._lock = threading.Lock()
        self._now: _Turn | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def settle(self) -> None:
        """Note that an errand is over."""
        self.waiting -= 1
        self.used_s = time.monotonic()

    def leave(self, turn: _Turn) -> None:
        """Give an errand up, and the process with it where it is at it."""
        turn.is_left = True
        if self._now is turn and self._process is not None:
            self._process.kill()

    def ask(self, turn: _Turn, head: bytes, body: bytes) -> Seen:
        """Hand an errand over and wait for what becomes of it; in a thread."""
        with self._lock:
            if turn.is_left:
                raise NotAvailable("nobody waits for it")
            self._now = turn
            try:
                return self._ask(head, body)
            finally:
                self._now = None

    def _ask(self, head: bytes, body: bytes) -> Seen:
        frame = HEAD.pack(len(head)) + head + SIZE.pack(len(body))
        for is_last in (False, True):
            process = self._ready()
            end_s = time.monotonic() + PERCEIVE_MS / 1000
            try:
                assert process.stdin is not None
                process.stdin.write(frame)
                process.stdin.write(body)
                process.stdin.flush()
                said = self._hear(process, end_s)
            except BrokenPipeError:
                said = b""
            if said:
                return _decode(said)
            is_late = said is None
            code = None if is_late else self._code(process)
            self.close()
            if is_late:
                raise InputError(TOO_COSTLY, f"not perceived within {PERCEIVE_MS} ms")
            if code != 0 or is_last:
                raise NotAvailable(DIED, 5)
        raise NotAvailable(DIED, 5)  # it had rested too long, and ended as it was asked

    @staticmethod
    def _code(process: subprocess.Popen[bytes]) -> int | None:
        try:
            return process.wait(1)
        except subprocess.TimeoutExpired:
            return None

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    _shut(pipe)
            self._process.wait()
            self._process = None

    def _ready(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        self._process = subprocess.Popen(
            [sys.executable, "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # how a library died of an original is nobody's news
            env={**os.environ, **_THREADS},
        )
        end_s = time.monotonic() + _START_S
        if self._read(self._process, len(READY), end_s) != READY:
            self.close()
            raise NotAvailable("the process that perceives does not begin", 5)
        return self._process

    def _hear(self, process: subprocess.Popen[bytes], end_s: float) -> bytes | None:
        """Read an answer; None where it is late, b"" where the process has ended."""
        head = self._read(process, HEAD.size, end_s)
        if not head:
            return head
        (length,) = HEAD.unpack(head)
        if length > PERCEPTION_BYTES:
            return b""
        return self._read(process, length, end_s)

    @staticmethod
    def _read(process: subprocess.Popen[bytes], size: int, end_s: float) -> bytes | None:
        assert process.stdout is not None
        number, said = process.stdout.fileno(), b""
        while len(said) < size:
            left_s = end_s - time.monotonic()
            if left_s <= 0 or not select.select([number], [], [], left_s)[0]:
                return None
            part = os.read(number, size - len(said))
            if not part:
                return b""
            said += part
        return said


def _shut(pipe: Any) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return  # what was not yet written to a process that has died


class _Children:
    """The children of this process by the perceiver that they keep."""

    def __init__(self) -> None:
        self._kept: dict[str, _Child] = {}
        self._lock = threading.Lock()

    def choose(self, name: str) -> _Child:
        """Give the child of a perceiver and count one more who waits for it. Raises Busy."""
        with self._lock:
            child = self._kept.get(name)
            if child is None:
                if len(self._kept) >= PERCEIVE_CHILDREN:
                    idle = [c for c in self._kept.values() if not c.waiting]
                    if not idle:
                        raise Busy("all processes that perceive are at work", 5)
                    oldest = min(idle, key=lambda c: c.used_s)
                    self._kept.pop(oldest.name).close()
                child = self._kept[name] = _Child(name)
            if child.waiting >= PERCEIVE_WAITING:
                raise Busy("too many originals wait to be perceived", 5)
            child.waiting += 1
            return child

    def close(self) -> None:
        """End all."""
        with self._lock:
            for child in self._kept.values():
                child.close()
            self._kept.clear()


_CHILDREN: Final = _Children()
atexit.register(close)
