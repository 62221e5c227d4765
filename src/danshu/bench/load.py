"""An open-loop load generator over loopback: each request has a time at which it is due, kept or
not.

Latency counts from that time, so a server that falls behind cannot hide it. Runs in a process of
its own.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, cast

import msgspec
import numpy as np
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_HEAD = (
    "POST {path} HTTP/1.1\r\nHost: danshu\r\nAuthorization: Bearer {key}\r\n"
    "Content-Type: {kind}\r\nContent-Length: "
)


class Plan(Struct, frozen=True, kw_only=True):
    """What to send: `rate` requests a second for `seconds`; `orders` a request (more than 1 =
    NDJSON batch).
    """

    host: str
    port: int
    key: str
    rate: float
    seconds: float
    connections: int = 1_100  # over two full groups: an open loop must not wait for its answers
    orders: int = 1
    seed: int = 1
    prefix: str = "b"
    regions: list[list[str]]
    skus: list[str]
    zipf: float = 0.0


class Outcome(Struct, frozen=True, kw_only=True):
    """What came back. Latencies in ms from the due time; `acknowledged` are the order numbers
    answered 2xx.
    """

    sent: int
    answered: int
    statuses: dict[str, int]
    p50_ms: float
    p99_ms: float
    max_ms: float
    wall_s: float
    acknowledged: list[str] = []


def bodies(plan: Plan) -> Iterator[tuple[str, bytes]]:
    """Make order bodies of about 1 kB with 3 lines, different SKUs and destinations; (number,
    JSON).
    """
    rng = np.random.default_rng(plan.seed)
    n = len(plan.skus)
    weights = 1.0 / np.arange(1, n + 1) ** plan.zipf
    weights /= weights.sum()
    count = 0
    while True:
        picks = rng.choice(n, size=(4096, 3), p=weights)
        places = rng.integers(0, len(plan.regions), 4096)
        quantities = rng.integers(1, 4, size=(4096, 3))
        for row, place, quantity in zip(picks, places, quantities, strict=True):
            count += 1
            number = f"{plan.prefix}{count:09d}"
            yield number, _body(plan, number, row, quantity, plan.regions[place])


def _body(
    plan: Plan, number: str, row: Iterable[int], quantity: Iterable[int], place: list[str]
) -> bytes:
    lines = [
        {
            "sku": plan.skus[s],
            "quantity": int(q),
            "price_fen": 1990,
            "title": "示例商品 规格:标准装 500ml×6 整箱",
        }
        for s, q in zip(row, quantity, strict=True)
    ]
    return msgspec.json.encode(
        {
            "number": number,
            "channel": "api",
            "lines": lines,
            "receiver": {
                "name": "张示例",
                "phone": "13900000000",
                "province": place[0],
                "city": place[1],
                "district": "示例区",
                "detail": "示例路 100 号示例小区 1 栋 2 单元 301 室",
            },
            # paid just now: an old payment's promises would all break while it is measured
            "paid_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "postage_fen": 600,
            "buyer_note": "请尽快发货,周末可以送货,放快递柜即可,谢谢。" * 4,
        }
    )


class _Line(Struct):
    """The one field of a batch's line that counts."""

    status: int


_decode_line = msgspec.json.Decoder(_Line).decode


class _Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request in flight."""

    def __init__(
        self, done: Callable[[_Connection, int, bytes], None], lost: Callable[[_Connection], None]
    ) -> None:
        self.done = done
        self.lost = lost
        self.buffer = b""
        self.due = 0.0
        self.numbers: list[str] = []
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # as every TCP connection has

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end].lower()
        at = head.find(b"content-length:")
        size = int(head[at + 15 : (head + b"\r\n").find(b"\r\n", at)])
        if len(self.buffer) < end + 4 + size:
            return
        body = self.buffer[end + 4 : end + 4 + size]
        self.buffer = self.buffer[end + 4 + size :]
        self.done(self, int(head[9:12]), body)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost(self)


class _Run:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.idle: deque[_Connection] = deque()
        self.latencies_ms: list[float] = []
        self.statuses: dict[str, int] = {}
        self.acknowledged: list[str] = []
        self.sent = 0
        self.open = 0

    def done(self, connection: _Connection, status: int, body: bytes) -> None:
        self.latencies_ms.append((time.perf_counter() - connection.due) * 1000)
        self.statuses[str(status)] = self.statuses.get(str(status), 0) + 1
        if self.plan.orders > 1 and status == 200:  # a batch answers each of its lines
            lines = [_decode_line(line).status for line in body.splitlines()]
            self.acknowledged += [
                n for n, s in zip(connection.numbers, lines, strict=True) if 200 <= s < 300
            ]
        elif 200 <= status < 300:
            self.acknowledged.extend(connection.numbers)
        self.open -= 1
        self.idle.append(connection)

    def lost(self, connection: _Connection) -> None:
        if connection in self.idle:
            self.idle.remove(connection)
        else:
            self.statuses["lost"] = self.statuses.get("lost", 0) + 1
            self.open -= 1


async def drive(plan: Plan) -> Outcome:
    """Send everything when it is due and wait for the answers."""
    run = _Run(plan)
    loop = asyncio.get_running_loop()
    for _ in range(plan.connections):
        _, connection = await loop.create_connection(
            lambda: _Connection(run.done, run.lost), plan.host, plan.port
        )
        run.idle.append(connection)
    path = "/v1/orders" if plan.orders == 1 else "/v1/orders:batch"
    kind = "application/json" if plan.orders == 1 else "application/x-ndjson"
    head = _HEAD.format(path=path, key=plan.key, kind=kind).encode()
    total = int(plan.rate * plan.seconds)
    source = bodies(plan)
    ready = _requests(plan, source, head, total)
    start = time.perf_counter() + 0.2
    for i in range(total):
        due = start + i / plan.rate
        while (wait := due - time.perf_counter()) > 0 or not run.idle:
            await asyncio.sleep(min(max(wait, 0.0), 0.001))
            if not run.idle and not run.open:
                break
        if not run.idle:
            break
        connection = run.idle.popleft()
        numbers, request = next(ready)
        connection.due, connection.numbers = due, numbers
        connection.transport.write(request)
        run.sent += 1
        run.open += 1
    deadline = time.perf_counter() + 30
    while run.open > 0 and time.perf_counter() < deadline:
        await asyncio.sleep(0.01)
    wall_s = time.perf_counter() - start
    found = np.array(run.latencies_ms or [0.0])
    return Outcome(
        sent=run.sent,
        answered=len(run.latencies_ms),
        statuses=run.statuses,
        p50_ms=round(float(np.percentile(found, 50)), 2),
        p99_ms=round(float(np.percentile(found, 99)), 2),
        max_ms=round(float(found.max()), 2),
        wall_s=round(wall_s, 2),
        acknowledged=run.acknowledged,
    )


def _requests(
    plan: Plan, source: Iterator[tuple[str, bytes]], head: bytes, total: int
) -> Iterator[tuple[list[str], bytes]]:
    """Make the requests ahead of time, so that making them is no part of the load."""
    made = []
    for _ in range(total):
        orders = [next(source) for _ in range(plan.orders)]
        body = b"\n".join(b for _, b in orders)
        made.append(([n for n, _ in orders], head + str(len(body)).encode() + b"\r\n\r\n" + body))
    return iter(made)


def main() -> None:
    """Read a Plan from standard input, drive it, write the Outcome."""
    import gc
    import sys

    import uvloop

    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    gc.disable()
    outcome = uvloop.run(drive(plan))
    sys.stdout.buffer.write(msgspec.json.encode(outcome))


if __name__ == "__main__":
    main()
