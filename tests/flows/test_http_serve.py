"""A real server process: facts as they come, and an end that loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest
from msgspec import Struct

from danshu.hub import compose
from tests.fixtures.engine import ask
from tests.fixtures.hub import _work, furnish, order

RUN = "import sys; from danshu.faces.http import serve; serve.run(*sys.argv[1:3], int(sys.argv[3]))"
START_S = 120


class Server(Struct, kw_only=True, eq=False):
    """A server process over a database of its own."""

    process: subprocess.Popen[bytes]
    base: str
    url: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"}


@pytest.fixture
def server(databases: Callable[[], str]) -> Iterator[Server]:
    url = databases()
    compose.prepare(url)
    _, keys, _ = asyncio.run(furnish(url))
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, url, "127.0.0.1", str(port)],
        env={**os.environ, "DANSHU_DRAIN_S": "3600"},  # until it is told a second time
    )
    base = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + START_S
        while time.monotonic() < end and process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{base}/health/ready").status_code == 200:
                    break
            time.sleep(0.1)
        yield Server(process=process, base=base, url=url, key=keys["admin"])
    finally:
        process.kill()
        process.wait()


async def events(response: httpx.Response) -> AsyncIterator[tuple[int, str]]:
    """Give (id, event) of a stream."""
    seen: dict[str, str] = {}
    async for line in response.aiter_lines():
        name, _, value = line.partition(":")
        if name:
            seen[name] = value.strip()
        elif "id" in seen:
            yield int(seen["id"]), seen["event"]
            seen = {}


async def take(lines: AsyncIterator[str], last: str) -> AsyncIterator[str]:
    """Give lines up to the first that begins so."""
    async for line in lines:
        yield line
        if line.startswith(last):
            return


@pytest.mark.anyio
async def test_facts_come_as_a_stream_until_the_node_drains(server: Server) -> None:
    async with (
        httpx.AsyncClient(base_url=server.base, headers=server.headers, timeout=60) as c,
        contextlib.AsyncExitStack() as stack,
    ):
        placed = (await c.post("/v1/orders", json=order())).json()["order"]
        path = f"/v1/orders/{placed}"
        seq = (await c.get(path)).json()["seq"]
        resume = {"last-event-id": "1"}
        async with c.stream("GET", f"{path}/stream", headers=resume) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            stream = events(response)
            old = [await anext(stream) for _ in range(seq - 1)]
            assert [n for n, _ in old] == list(range(2, seq + 1))
            done = await c.post(f"{path}/transitions", json={"event": "release"})
            assert done.status_code == 200
            assert await anext(stream) == (seq + 1, "order.released")
            await _work(server.url, ("sequence",))
            asked = {"types": "order.released", "since": "2000-01-01T00:00:00Z"}
            published = c.stream("GET", "/v1/events/stream", params=asked)
            told = await stack.enter_async_context(published)
            lines = told.aiter_lines()
            heads = [line async for line in take(lines, "data: ")]
            assert heads[-1].startswith('data: {"danshubook":"')
            assert heads[-2] == "event: danshu.order.released"
            half = heads[-3].removeprefix("id: ").partition("/")[0]
            resumed = {"last-event-id": f"{half}/0"}
            again = c.stream("GET", "/v1/events/stream", params=asked, headers=resumed)
            once_more = await stack.enter_async_context(again)
            assert [x async for x in take(once_more.aiter_lines(), "data: ")][-3:] == heads[-3:]
            server.process.send_signal(signal.SIGTERM)  # the open stream must not hold it up
            assert [e async for e in stream] == []
            assert "event: danshu" not in "".join([line async for line in lines])
        ready = await c.get("/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (503, "draining")
        for path in ("/v1/orders", "/v1/channels/none", "/v1/orders:batch"):
            said = await c.post(path, json=order(number="D1"))
            assert said.headers["connection"] == "close", path
        assert ask(server.url, "select count(*) from orders") == 2  # it was taken and answered
        server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(30) is not None


@pytest.mark.anyio
async def test_the_end_answers_what_was_taken(server: Server) -> None:
    limits = httpx.Limits(max_connections=64)
    async with httpx.AsyncClient(
        base_url=server.base, headers=server.headers, timeout=60, limits=limits
    ) as c:

        async def one(i: int) -> int:
            with contextlib.suppress(httpx.TransportError):
                return (await c.post("/v1/orders", json=order(number=f"E{i}"))).status_code
            return 0

        assert await one(0) == 201
        tasks = [asyncio.create_task(one(i)) for i in range(1, 200)]
        while ask(server.url, "select count(*) from orders") in (0, 1):
            await asyncio.sleep(0.005)
        server.process.send_signal(signal.SIGINT)
        statuses = await asyncio.gather(*tasks)
    server.process.wait(30)
    placed = ask(server.url, "select count(*) from orders")
    assert set(statuses) <= {201, 503, 0}
    assert placed == statuses.count(201) + 1  # whatever was written was answered, and the reverse
