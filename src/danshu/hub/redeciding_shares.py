"""The processes that share a large re-decision: one core alone decides too slowly.

They are started when a merchant has more open orders than a group, know its world before anything
happens, and walk equal shares of the touched orders, told apart by the last byte of their ids. One
that dies is started anew; what it left undone, the room finds itself.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from danshu.hub.urgency import URGENCY

if TYPE_CHECKING:
    from asyncio.subprocess import Process

_MODULE: Final = "danshu.hub.redeciding_child"
_log = logging.getLogger("danshu.redeciding")


class Task(Struct, frozen=True, kw_only=True):
    """Walk share `part` of `parts` of a run's orders; `no` 0: only get to know the merchant."""

    tenant: int
    no: int = 0
    part: int = 0
    parts: int = 1


class Told(Struct, frozen=True, kw_only=True):
    """Whether the share has been walked to its end; `error` in words where it could not be."""

    walked: bool
    error: str = ""


class Shares:
    """`count` processes, none of which runs before it is needed."""

    def __init__(self, url: str, count: int) -> None:
        self._url = url
        self._count = count
        self._processes: list[Process | None] = [None] * count
        self._turns = [asyncio.Lock() for _ in range(count)]
        self._knowing: dict[int, asyncio.Task[bool]] = {}

    def know(self, tenant: int) -> None:
        """Let the processes get to know a merchant, once, while others go on."""
        if tenant not in self._knowing:
            self._knowing[tenant] = asyncio.create_task(self._ask_all(tenant, 0))

    async def walk(self, tenant: int, no: int) -> bool:
        """Let them take their shares of a run; gives whether all were walked to their end."""
        self.know(tenant)
        with URGENCY.hold():
            await asyncio.gather(*self._knowing.values())
            return await self._ask_all(tenant, no)

    async def close(self) -> None:
        """End the processes: with their input they roll back what is half done."""
        for knowing in self._knowing.values():
            knowing.cancel()
        await asyncio.gather(*self._knowing.values(), return_exceptions=True)
        for position, process in enumerate(self._processes):
            self._processes[position] = None
            if process is not None:
                await _end(process)

    async def _ask_all(self, tenant: int, no: int) -> bool:
        parts = range(self._count)
        tasks = [Task(tenant=tenant, no=no, part=part, parts=self._count) for part in parts]
        told = await asyncio.gather(*(self._ask(task) for task in tasks))
        return all(told)

    async def _ask(self, task: Task) -> bool:
        async with self._turns[task.part]:
            process = self._processes[task.part]
            self._processes[task.part] = None  # until it has answered
            try:
                if process is None or process.returncode is not None:
                    process = await self._start()
                told = await _exchange(process, task)
            except BaseException as error:
                if process is not None:
                    await _end(process)
                if not isinstance(error, (OSError, msgspec.DecodeError)):
                    raise
                _log.warning("a process of re-decisions ended: %r", error)
                return False
            self._processes[task.part] = process
        if told.error:
            _log.warning("re-decision %d of merchant %d: %s", task.no, task.tenant, told.error)
        return told.walked

    async def _start(self) -> Process:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", _MODULE, stdin=pipe, stdout=pipe
        )
        assert process.stdin is not None
        process.stdin.write(self._url.encode() + b"\n")
        return process


async def _exchange(process: Process, task: Task) -> Told:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(msgspec.json.encode(task) + b"\n")
    await process.stdin.drain()
    return msgspec.json.decode(await process.stdout.readline(), type=Told)


async def _end(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    await process.wait()
