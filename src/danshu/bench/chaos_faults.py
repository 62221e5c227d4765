"""What `bench chaos` breaks: each fault is played, and mended once everything has recovered."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import TYPE_CHECKING, Final

import aiohttp

from danshu.bench import rig as rigs
from danshu.bench.chaos_sides import STREAM
from danshu.testing import bad_line

if TYPE_CHECKING:
    from danshu.bench.chaos_play import Fault, Play
    from danshu.testing.nats_nodes import Node


class Leader:
    """kill -9 of the node that leads the stream; the two others go on, and choose another."""

    name: Final = "jetstream_leader"

    def __init__(self) -> None:
        self._killed: Node | None = None

    async def play(self, play: Play, hold_s: float) -> float:
        """Kill it."""
        del hold_s
        import nats

        client = await nats.connect(play.nodes.url.split(","))
        info = await client.jetstream(timeout=10).stream_info(STREAM)
        await client.close()
        assert info.cluster is not None
        self._killed = play.nodes.find(info.cluster.leader or "")
        await asyncio.to_thread(self._killed.kill)
        return 0.0

    async def mend(self, play: Play) -> None:
        """Start it again, on what it had stored."""
        del play
        if self._killed is not None:
            await asyncio.to_thread(self._killed.start)


class Process:
    """kill -9 of a worker or a server; another goes on. It is started again, as a supervisor
    does.
    """

    def __init__(self, name: str, process: str) -> None:
        self.name = name
        self._process = process

    async def play(self, play: Play, hold_s: float) -> float:
        """Kill it."""
        del hold_s
        process = play.rig.processes[self._process]
        process.kill()
        await asyncio.to_thread(process.wait)
        return 0.0

    async def mend(self, play: Play) -> None:
        """Start it again, where it was."""
        if self._process.startswith("work"):
            play.start_worker(self._process)
            return
        port = play.rig.ports[int(self._process.removeprefix("server"))]
        process = rigs.start_process(play.rig.url, "serve", "--port", str(port))
        play.rig.processes[self._process] = process
        await asyncio.to_thread(rigs.wait_ready, port, process)


class Database:
    """kill -9 of the postmaster; its supervisor starts it again by itself."""

    name: Final = "database"

    async def play(self, play: Play, hold_s: float) -> float:
        """Kill it."""
        del hold_s
        os.kill(play.rig.pg_pid, signal.SIGKILL)
        return 0.0

    async def mend(self, play: Play) -> None:
        """Leave it to the supervisor."""


class Far:
    """A far side, or the line to it, fails in one way for a while."""

    def __init__(self, side: str, way: str) -> None:
        self.name = f"{side}_{way}"
        self._side, self._way = side, way

    async def play(self, play: Play, hold_s: float) -> float:
        """Fail for a while."""
        line = play.lines[self._side]
        line.way = self._way
        await asyncio.sleep(hold_s)
        line.way = bad_line.GOOD
        return hold_s

    async def mend(self, play: Play) -> None:
        """It is mended already."""


class Callbacks:
    """A party says that its answers come later, and then sends each twice, both at once."""

    name: Final = "callbacks_twice"
    _SIDE: Final = "risk"

    async def play(self, play: Play, hold_s: float) -> float:
        """Answer late for a while, then call back."""
        party = play.parties[self._SIDE]
        party.slow = True
        began_s = time.monotonic()
        await asyncio.sleep(hold_s)
        party.slow = False
        waiting = [thing for thing in list(party.books.values()) if thing.state == "pending"]
        port = play.rig.ports[-1]
        url = f"http://127.0.0.1:{port}/v1/connectors/{play.desks[self._SIDE]}/callbacks"
        async with aiohttp.ClientSession() as web:
            for thing in waiting:
                headers, body = party.decide(thing.key, yes=True)
                taken = False
                while not taken:  # as a far side does that was not understood
                    twice = [_post(web, url, headers, body) for _ in range(2)]
                    taken = any(await asyncio.gather(*twice))
                play.called_back.add(thing.subject)
        return time.monotonic() - began_s

    async def mend(self, play: Play) -> None:
        """It is mended already."""


async def _post(web: aiohttp.ClientSession, url: str, headers: dict[str, str], body: bytes) -> bool:
    """Call back; True where it was taken."""
    try:
        async with web.post(url, headers=headers, data=body) as answer:
            return answer.ok
    except aiohttp.ClientError:
        return False


ALL: Final[tuple[Fault, ...]] = (
    Leader(),
    Process("worker", "work0"),
    Process("server", "server0"),
    Database(),
    Far("webhook", bad_line.HANG),
    Far("webhook", bad_line.FAIL),
    Far("webhook", bad_line.DRIP),
    Far("webhook", bad_line.LOSE),
    Far("risk", bad_line.HANG),
    Far("finance", bad_line.FAIL),
    Far("logistics", bad_line.DRIP),
    Far("finance", bad_line.LOSE),
    Callbacks(),
)
