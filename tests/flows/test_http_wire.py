"""Orders over a real socket: the short way and uvicorn's own way give the same answers."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn

from danshu.faces.http import app, serve, wire
from danshu.hub.compose import Hub
from danshu.kernel.limits import ORDER_BODY_BYTES
from tests.fixtures.hub import House, order

pytestmark = pytest.mark.anyio


class Post:
    """A server in this loop, and how many orders went the short way."""

    def __init__(self, port: int, key: str) -> None:
        self.port, self.key, self.short = port, key, 0

    def request(self, body: bytes, *more: str, path: str = "/v1/orders", key: str = "") -> bytes:
        head = (
            f"POST {path} HTTP/1.1",
            "Host: danshu",
            f"Authorization: Bearer {key or self.key}",
            "Content-Type: application/json",
            *more,
        )
        if not any(line.startswith("Transfer-Encoding") for line in more):
            head = (*head, f"Content-Length: {len(body)}")
        return "\r\n".join((*head, "", "")).encode() + body

    async def ask(self, *parts: bytes, answers: int = 1) -> list[tuple[int, dict[str, str], Any]]:
        """Send parts one after the other on one connection; read so many answers."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.01)
            return [await _read(reader) for _ in range(answers)]
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], Any]:
    start = await reader.readuntil(b"\r\n")
    while start.startswith(b"HTTP/1.1 100"):
        await reader.readuntil(b"\r\n")
        start = await reader.readuntil(b"\r\n")
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
    headers = {k.lower(): v.strip() for k, _, v in (n.partition(":") for n in lines if n)}
    body = await reader.readexactly(int(headers["content-length"]))
    return int(start.split()[1]), headers, json.loads(body)


@pytest.fixture
async def post(shared_house: House, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Post]:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    application = app.build(Hub(shared_house.url))
    config = serve.configure(application, "127.0.0.1", port, proxies="")
    server = uvicorn.Server(config)
    monkeypatch.setattr(server, "capture_signals", contextlib.nullcontext)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    made = Post(port, shared_house.keys["admin"])
    submit = application.hot.submit if application.hot else None

    def counting(*args: Any) -> Any:
        made.short += 1
        assert submit is not None
        return submit(*args)

    monkeypatch.setattr(application.hot, "submit", counting)
    await made.ask(made.request(b"{}"))  # the caller is known from now on
    assert made.short == 0
    yield made
    server.should_exit = True
    await running


def _body(**changes: Any) -> bytes:
    return json.dumps(order(**changes)).encode()


async def test_an_order_goes_the_short_way_and_is_answered_alike(post: Post) -> None:
    body = _body()
    [short] = await post.ask(post.request(body))
    assert (short[0], post.short) == (201, 1)
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    long_way = post.request(b"", "Transfer-Encoding: chunked") + chunked
    [long] = await post.ask(long_way)
    assert (long[0], post.short) == (200, 1)
    assert {**long[2], "existing": False, "receipt": 0} == {**short[2], "receipt": 0}
    plain = [{k: v for k, v in n[1].items() if k != "content-length"} for n in (short, long)]
    assert plain[0] == plain[1]
    [again] = await post.ask(post.request(body))
    assert (again[0], again[2], post.short) == (200, long[2], 2)


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"[1]", b"\xff"])
@pytest.mark.parametrize("more", [(), ("Idempotency-Key: " + "k" * 129,)])
async def test_what_is_wrong_is_refused_alike(
    post: Post, body: bytes, more: tuple[str, ...]
) -> None:
    [short] = await post.ask(post.request(body, *more))
    assert post.short == 1
    [long] = await post.ask(post.request(body, *more, "Expect: 100-continue"))
    assert post.short == 1
    assert short[0] == long[0] >= 400
    assert short[2] == long[2]
    assert short[1] == long[1]


async def test_what_is_unusual_goes_the_long_way(post: Post) -> None:
    body = _body()
    for request in (
        post.request(body, path="/v1/orders?a=b"),
        post.request(body, "Connection: close"),
        post.request(body, key="dsk_unknown"),
        post.request(b" " * (ORDER_BODY_BYTES + 1)),
        post.request(body).replace(b"HTTP/1.1", b"HTTP/1.0", 1),
    ):
        [(status, _, _)] = await post.ask(request)
        assert status in (200, 201, 401, 413)
    assert post.short == 0


async def test_bytes_may_come_in_any_pieces(post: Post) -> None:
    request = post.request(_body())
    cuts = [0, 3, 60, request.index(b"\r\n\r\n") + 5, len(request) - 1, len(request)]
    pieces = [request[a:b] for a, b in itertools.pairwise(cuts)]
    [(status, _, _)] = await post.ask(*pieces)
    assert (status, post.short) == (201, 1)


async def test_pipelined_orders_are_answered_in_order(post: Post) -> None:
    numbers = [order()["number"] for _ in range(5)]
    requests = [post.request(_body(number=number)) for number in numbers]
    answers = await post.ask(b"".join(requests), answers=5)
    assert [(status, said["number"]) for status, _, said in answers] == [
        (201, number) for number in numbers
    ]
    assert 1 <= post.short < 5


async def test_one_connection_takes_one_after_the_other(post: Post) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", post.port)
    for body in (_body(), b"{}", _body()):
        writer.write(post.request(body))
        status, _, _ = await _read(reader)
        assert status == (422 if body == b"{}" else 201)
    assert post.short == 3
    writer.close()


async def test_who_leaves_before_the_answer_has_placed_the_order(
    post: Post, shared_house: House
) -> None:
    body = _body()
    _, writer = await asyncio.open_connection("127.0.0.1", post.port)
    writer.write(post.request(body))
    await writer.drain()
    writer.close()
    for _ in range(200):
        if post.short:
            break
        await asyncio.sleep(0.01)
    [(status, _, said)] = await post.ask(post.request(body))
    assert (status, said["existing"]) == (200, True)


async def test_a_server_that_ends_answers_and_says_goodbye(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending = wire.Wire.on_message_complete

    def end_in_the_middle(self: wire.Wire) -> None:
        ending(self)
        self.shutdown()

    monkeypatch.setattr(wire.Wire, "on_message_complete", end_in_the_middle)
    reader, writer = await asyncio.open_connection("127.0.0.1", post.port)
    writer.write(post.request(_body()))
    status, headers, _ = await _read(reader)
    assert (status, headers["connection"]) == (201, "close")
    assert await reader.read() == b""
    writer.close()
