"""A line to a far side that fails as it is told: hangs, answers 500, drips its answer byte by byte
(slow loris), or loses answers after the far side has done its work.

It stands before any HTTP/1.1 server of this machine, in a thread of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

GOOD, HANG, FAIL, DRIP, LOSE = "good", "hang", "fail", "drip", "lose"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_FAILED: Final = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"
_DRIPPED: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"
_DRIP_S: Final = 0.2
_CHUNK: Final = 65_536


class Line:
    """A line; `url` is to be given instead of the far side's. `way` is how it fails."""

    def __init__(self, url: str) -> None:
        far = urlsplit(url)
        self._host, self._port = far.hostname or "", far.port or 80
        self._path = far.path
        self.url = ""
        self.way = GOOD
        self.asked = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, opened: threading.Event, stop: asyncio.Event) -> None:
        """Carry until `stop`."""
        server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}{self._path}"
        opened.set()
        await stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass  # who asked has gone, as who waits for too long does
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request as told; False where the line breaks."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        self.asked += 1
        way = self.way
        if way == HANG:
            await reader.read(_CHUNK)  # until who asks goes
            return False
        if way == DRIP:
            writer.write(_DRIPPED)
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(_DRIP_S)
            return False
        if way == FAIL:
            writer.write(_FAILED)
            await writer.drain()
            return True
        there, on = await asyncio.open_connection(self._host, self._port)
        try:
            on.write(head + body)
            head = await there.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = await there.readexactly(int(length[1]) if length else 0)
        finally:
            on.close()
        if way == LOSE:
            return False
        writer.write(head + body)
        await writer.drain()
        return True


@contextlib.contextmanager
def open_line(url: str) -> Iterator[Line]:
    """Open a line to a far side until the end of the block."""
    line, opened, stop = Line(url), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(line.run(opened, stop))
        loop.close()

    thread = threading.Thread(target=run, name="line", daemon=True)
    thread.start()
    opened.wait()
    try:
        yield line
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
