"""The front of the cluster's demo: connections go to servers that are ready, and to no others."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from danshu.testing import front

pytestmark = pytest.mark.anyio


class Server:
    """A server that says its name, and whether it is ready."""

    def __init__(self, name: str) -> None:
        self.name, self.is_ready, self.port = name, True, 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        is_look = asked.startswith(b"GET /health/ready ")
        status = b"503 No" if is_look and not self.is_ready else b"200 OK"
        writer.write(b"HTTP/1.1 %b\r\nx-name: %b\r\n\r\n" % (status, self.name.encode()))
        writer.close()


async def ask(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    said = await reader.read()
    writer.close()
    return said


@contextlib.asynccontextmanager
async def two() -> AsyncIterator[tuple[Server, Server, front.Front]]:
    async with contextlib.AsyncExitStack() as stack:
        servers = Server("one"), Server("two")
        for server in servers:
            listening = await asyncio.start_server(server.answer, "127.0.0.1", 0)
            server.port = listening.sockets[0].getsockname()[1]
            await stack.enter_async_context(listening)
        opening = front.open_front([s.port for s in servers])
        opened = await asyncio.to_thread(stack.enter_context, opening)  # it asks them first
        yield *servers, opened


async def test_connections_are_spread_over_those_that_are_ready() -> None:
    async with two() as (one, other, opened):
        said = {await ask(opened.port) for _ in range(4)}
        assert {s.rpartition(b"x-name: ")[2].strip() for s in said} == {b"one", b"two"}
        one.is_ready = False
        while one.port in opened.ready:
            await asyncio.sleep(0.01)
        before = opened.taken[one.port]
        assert all([b"x-name: two" in await ask(opened.port) for _ in range(3)])
        assert opened.taken[one.port] == before
        other.is_ready = False
        while opened.ready:
            await asyncio.sleep(0.01)
        assert (await ask(opened.port)).startswith(b"HTTP/1.1 503 ")
