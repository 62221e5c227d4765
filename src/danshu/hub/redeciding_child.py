"""A process beside the workers that decides a share of a large re-decision 信号改派.

    python -m danshu.hub.redeciding_child

with the database's URL as the first line of standard input. Each further line is a Task, answered
with one line, a Told, when it is done. It ends with its input. What it writes is what the room
itself would write: groups of one commit each, so that it may be killed anywhere.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from typing import TYPE_CHECKING, Any

import msgspec
import psycopg

from danshu.capabilities.routing.decide import ENGINE, find_engine
from danshu.hub import redeciding, redeciding_walk
from danshu.hub.redeciding_shares import Task, Told
from danshu.hub.worlds import Worlds, now_ms
from danshu.kernel.errors import DanshuError
from danshu.kernel.limits import REDECIDE_HANDS, REDECIDE_STEP_S
from danshu.ledger.write import WORKING, connect

if TYPE_CHECKING:
    from collections.abc import Sequence

Connection = psycopg.AsyncConnection[Any]


class Child:
    """What the process keeps from one task to the next: worlds, connections, the open walk."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._worlds = Worlds(url)
        self._connections: list[Connection] = []
        self._walk: tuple[Task, redeciding_walk.Walk] | None = None

    async def answer(self, task: Task) -> Told:
        """Do a task; what goes wrong is told, and the next begins with new connections."""
        try:
            return Told(walked=await self._do(task))
        except (DanshuError, psycopg.Error, OSError) as error:
            self._walk = None
            for connection in self._connections:
                await connection.close()
            self._connections = []
            return Told(walked=False, error=repr(error))

    async def _do(self, task: Task) -> bool:
        world = await self._worlds.ensure(task.tenant)
        connections = await self._connect()
        if not task.no:
            return True
        if self._walk is None or self._walk[0] != task:
            run = await redeciding.open_run(connections[0], task.tenant)
            if run is None or run.no != task.no:
                return True
            if world.snapshot.digest != run.after:
                await self._worlds.look()
                world = await self._worlds.ensure(task.tenant)
            share = (task.part, task.parts)
            self._walk = task, redeciding_walk.Walk(world, run, is_last=False, share=share)
        until_s = time.monotonic() + REDECIDE_STEP_S
        walk = self._walk[1]
        return await redeciding_walk.walk(
            connections, self._worlds, task.tenant, walk, now_ms, until_s
        )

    async def _connect(self) -> Sequence[Connection]:
        while len(self._connections) < REDECIDE_HANDS:
            made = await connect(self._url, f"{WORKING} redecide")
            self._connections.append(made)
            await redeciding_walk.prepare(made)
        return self._connections


async def run() -> None:
    """Answer tasks until the input ends; what is half done then is rolled back."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    child = Child((await reader.readline()).decode().strip())
    find_engine(ENGINE)  # what is compiled loads once, before it is needed
    gc.disable()  # what a group makes holds no cycles
    coming = asyncio.create_task(reader.readline())
    while line := await coming:
        work = asyncio.create_task(child.answer(msgspec.json.decode(line, type=Task)))
        coming = asyncio.create_task(reader.readline())
        await asyncio.wait((work, coming), return_when=asyncio.FIRST_COMPLETED)
        if not work.done() and not coming.result():
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            return
        sys.stdout.buffer.write(msgspec.json.encode(await work) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(run())
