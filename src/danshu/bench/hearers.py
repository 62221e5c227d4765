"""Consoles that listen: many raw connections to the live stream, in a process of their own."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, cast

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable


class Plan(Struct, frozen=True, kw_only=True):
    """How many listen, where, and for how long. `path` "" = any bytes, without asking over HTTP."""

    host: str
    port: int
    key: str = ""
    path: str = ""
    consoles: int
    seconds: float


class Heard(Struct, frozen=True, kw_only=True):
    """What came: streams that opened (`open` to the end), bytes, and ticks of all of them."""

    opened: int
    open: int
    bytes: int
    pulses: int
    reloads: int
    wall_s: float


class _Hearer(asyncio.Protocol):
    """One console; it counts, and keeps nothing."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.bytes = self.pulses = self.reloads = 0
        self.opened = self.open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.opened = self.open = not self.request
        if self.request:
            cast("asyncio.Transport", transport).write(self.request)

    def data_received(self, data: bytes) -> None:
        if not self.opened:
            self.opened = self.open = data.startswith(b"HTTP/1.1 200")
        self.bytes += len(data)
        self.pulses += data.count(b"event: pulse\n")
        self.reloads += data.count(b"event: reload\n")

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False


async def listen(plan: Plan, begun: Callable[[], None]) -> Heard:
    """Open every stream, say so, and count for as long as planned."""
    request = b""
    if plan.path:
        request = (
            f"GET {plan.path} HTTP/1.1\r\nHost: danshu\r\nAuthorization: Bearer {plan.key}\r\n"
            "Accept: text/event-stream\r\n\r\n"
        ).encode()
    loop = asyncio.get_running_loop()
    hearers: list[_Hearer] = []
    transports = []
    for _ in range(plan.consoles):
        transport, hearer = await loop.create_connection(
            lambda: _Hearer(request), plan.host, plan.port
        )
        transports.append(transport)
        hearers.append(hearer)
    deadline_s = time.monotonic() + 30
    while time.monotonic() < deadline_s and not all(h.opened for h in hearers):
        await asyncio.sleep(0.05)
    begun()
    start_s = time.monotonic()
    before = sum(h.bytes for h in hearers), sum(h.pulses for h in hearers)
    await asyncio.sleep(plan.seconds)
    heard = Heard(
        opened=sum(h.opened for h in hearers),
        open=sum(h.open for h in hearers),
        bytes=sum(h.bytes for h in hearers) - before[0],
        pulses=sum(h.pulses for h in hearers) - before[1],
        reloads=sum(h.reloads for h in hearers),
        wall_s=round(time.monotonic() - start_s, 2),
    )
    for transport in transports:
        transport.close()
    return heard


def main() -> None:
    """Read a Plan from standard input; write a line when all listen, and what was heard."""
    import sys

    import uvloop

    def begun() -> None:
        sys.stdout.buffer.write(b"begun\n")
        sys.stdout.buffer.flush()

    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    heard = uvloop.run(listen(plan, begun))
    sys.stdout.buffer.write(msgspec.json.encode(heard))


if __name__ == "__main__":
    main()
