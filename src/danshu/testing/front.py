"""A small front before several servers: spreads TCP connections over those that are ready.

What nginx, HAProxy or a Service of Kubernetes does in production, on loopback and to be read in a
minute. It asks each server's /health/ready; a new connection goes to the ready one with the fewest
open, or to the next when that one does not take it. It knows nothing of HTTP beside that: a server
that drains closes each connection with its answer, and the caller's next comes in here.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOOK_S: Final = 0.2
_LOOPBACK: Final = "127.0.0.1"
_CHUNK: Final = 65_536
_WAIT_S: Final = 2.0
_ASK: Final = b"GET /health/ready HTTP/1.1\r\nhost: front\r\nconnection: close\r\n\r\n"
_NOBODY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 1\r\n"
    b"connection: close\r\n\r\n"
)


class Front:
    """A front over the ports of servers on this machine; `port` is its own once it is open."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.port = 0
        self.ready: frozenset[int] = frozenset()
        self.taken = dict.fromkeys(ports, 0)  # connections so far
        self._ports = tuple(ports)
        self._open = dict.fromkeys(ports, 0)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, opened: threading.Event, stop: asyncio.Event) -> None:
        """Serve until `stop`."""
        await self._look_at_all()
        server = await asyncio.start_server(self._serve, _LOOPBACK, 0)
        self.port = server.sockets[0].getsockname()[1]
        opened.set()
        looking = asyncio.create_task(self._look())
        await stop.wait()
        looking.cancel()
        server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(looking, *self._tasks, return_exceptions=True)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await self._look_at_all()

    async def _look_at_all(self) -> None:
        said = await asyncio.gather(*(_is_ready(port) for port in self._ports))
        self.ready = frozenset(p for p, yes in zip(self._ports, said, strict=True) if yes)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._join(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # either side went away
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tried: set[int] = set()
        while left := self.ready - tried:
            port = min(left, key=lambda each: (self._open[each], self.taken[each]))
            tried.add(port)
            try:
                there, back = await asyncio.open_connection(_LOOPBACK, port)
            except OSError:
                continue  # it has just ended: the next one
            self.taken[port] += 1
            self._open[port] += 1
            try:
                await _splice((reader, back), (there, writer))
            finally:
                self._open[port] -= 1
                back.close()
            return
        await reader.read(_CHUNK)  # what is left unread when one closes is answered by a reset
        writer.write(_NOBODY)
        await writer.drain()


async def _splice(*ways: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    """Carry bytes each way until the server's side, the second, has ended."""
    there, back = (asyncio.create_task(_carry(*way)) for way in ways)
    try:
        await back
    finally:
        there.cancel()
        await asyncio.gather(there, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def _is_ready(port: int) -> bool:
    try:
        async with asyncio.timeout(_WAIT_S):
            reader, writer = await asyncio.open_connection(_LOOPBACK, port)
            writer.write(_ASK)
            first = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return False
    return first.startswith(b"HTTP/1.1 200")


@contextlib.contextmanager
def open_front(ports: Sequence[int]) -> Iterator[Front]:
    """Run a front in a thread of its own until the end of the block."""
    front, opened, stop = Front(ports), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(front.run(opened, stop))
        loop.close()

    thread = threading.Thread(target=run, name="front", daemon=True)
    thread.start()
    try:
        opened.wait()
        yield front
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
