"""What reference servers stand on that are asked hundreds of times a second: HTTP/1.1 on one loop,
in a thread of this process or in a process of its own.

Unlike `far_side` one may be slow without a thread: a handler may wait, answer, or (None) break the
connection as a lost answer does.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

import httptools

from danshu.testing.far_side import Answer, Asked

if TYPE_CHECKING:
    from collections.abc import Iterator

Respond = Callable[[Asked], Awaitable[Answer | None]]


class _Door(asyncio.Protocol):
    """One connection: requests are answered in the order in which they came."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond
        self._parser: Any = httptools.HttpRequestParser(self)
        self._waiting: asyncio.Queue[Asked] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._begin()

    def _begin(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to answer."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one by its shape
        self._task = asyncio.create_task(self._answer())

    def connection_lost(self, error: Exception | None) -> None:
        """Stop: nobody hears it."""
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        """Read."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if self._transport is not None:
                self._transport.close()

    def on_url(self, url: bytes) -> None:
        """Keep a part of the target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header."""
        self._headers[name.decode().lower()] = value.decode()

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body."""
        self._body += body

    def on_message_complete(self) -> None:
        """Hand a request over."""
        self._waiting.put_nowait(
            Asked(
                method=self._parser.get_method().decode(),
                target=self._target.decode(),
                headers=self._headers,
                body=self._body,
            )
        )
        self._begin()

    async def _answer(self) -> None:
        while True:
            answer = await self._respond(await self._waiting.get())
            if self._transport is None or self._transport.is_closing():
                return
            if answer is None:
                self._transport.abort()
                return
            head = (
                f"HTTP/1.1 {answer.status} Told\r\ncontent-type: {answer.type}\r\n"
                f"content-length: {len(answer.body)}\r\n\r\n"
            )
            self._transport.write(head.encode() + answer.body)


async def listen(respond: Respond, port: int = 0) -> tuple[asyncio.Server, str]:
    """Listen on a port of this machine, 0 for a free one; gives the server and its origin."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Door(respond), "127.0.0.1", port)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@contextlib.contextmanager
def serve(respond: Respond, port: int = 0) -> Iterator[str]:
    """Serve in a thread of this process; gives the origin."""
    ready: list[str] = []
    woken = threading.Event()
    stop: list[Callable[[], object]] = []

    async def main() -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        server, origin = await listen(respond, port)
        stop.append(lambda: loop.call_soon_threadsafe(ended.set))
        ready.append(origin)
        woken.set()
        await ended.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    woken.wait()
    try:
        yield ready[0]
    finally:
        stop[0]()
        thread.join()
