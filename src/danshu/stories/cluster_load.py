"""The load of a cluster's demo: signed messages of eight platforms through one address, and each
answer judged. Nothing is sent twice: what fails, fails.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import httpx
from msgspec import Struct

from danshu.testing import messages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from danshu.ports.channel import Account

CALLERS: Final = 24
_SEED: Final = 7
_WAIT_S: Final = 30.0


class Answered(Struct, kw_only=True):
    """What came back: messages sent, by answer; the slowest, in ms."""

    sent: int = 0
    accepted: int = 0
    failed: int = 0
    statuses: dict[str, int] = {}
    p99_ms: float = 0.0
    max_ms: float = 0.0
    seconds: float = 0.0


class Load:
    """Messages at `rate` a second to one address, in a thread, until it is stopped."""

    def __init__(self, address: str, shops: dict[str, Account], rate: float) -> None:
        self._address, self._shops, self._rate = address, shops, rate
        self._stop = threading.Event()
        self._statuses: Counter[str] = Counter()
        self._latencies_ms: list[float] = []
        self._numbers = _count()
        self._start_s = 0.0
        self._end_s = 0.0
        self._thread = threading.Thread(target=self._run, name="load")

    @property
    def accepted(self) -> int:
        """How many were taken so far."""
        return self._statuses["200"]

    def start(self) -> None:
        """Begin to send."""
        self._start_s = time.monotonic()
        self._thread.start()

    def stop(self) -> Answered:
        """Send nothing more; give what came back, once all of it has."""
        self._stop.set()
        self._thread.join()
        sorted_ms = sorted(self._latencies_ms) or [0.0]
        sent = sum(self._statuses.values())
        return Answered(
            sent=sent,
            accepted=self.accepted,
            failed=sent - self.accepted,
            statuses=dict(self._statuses),
            p99_ms=round(sorted_ms[int(len(sorted_ms) * 0.99)], 1),
            max_ms=round(sorted_ms[-1], 1),
            seconds=round(self._end_s - self._start_s, 1),
        )

    def _run(self) -> None:
        asyncio.run(self._send_all())
        self._end_s = time.monotonic()

    async def _send_all(self) -> None:
        limits = httpx.Limits(max_connections=CALLERS)
        async with (
            httpx.AsyncClient(
                base_url=self._address, timeout=_WAIT_S, limits=limits, trust_env=False
            ) as client,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(CALLERS):
                group.create_task(self._send(client))

    async def _send(self, client: httpx.AsyncClient) -> None:
        while not self._stop.is_set():
            number = next(self._numbers)
            due_s = self._start_s + number / self._rate
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            channel = messages.CHANNELS[number % len(messages.CHANNELS)]
            began_s = time.monotonic()
            self._statuses[await self._tell(client, self._shops[channel], number)] += 1
            self._latencies_ms.append((time.monotonic() - began_s) * 1000)

    async def _tell(self, client: httpx.AsyncClient, shop: Account, number: int) -> str:
        now_ms = time.time_ns() // 1_000_000
        body = messages.message(shop.channel, number, _SEED, now_ms)
        signed = messages.sign(shop.channel, body, shop.secret, key=shop.key, now_ms=now_ms)
        query: dict[str, Any] = {**signed.query, "account": f"{shop.tenant}.{shop.account}"}
        try:
            said = await client.post(
                f"/v1/channels/{shop.channel}",
                params=query,
                headers={"content-type": "application/json", **signed.headers},
                content=signed.body,
            )
        except httpx.HTTPError as error:
            return type(error).__name__
        return str(said.status_code)


def _count() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number
