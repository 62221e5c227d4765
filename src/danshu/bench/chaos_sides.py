"""The outside of `bench chaos`: buyers who go on at another server, and a consumer of the stream
that acts on each event once.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sqlite3
import time
from typing import TYPE_CHECKING, Final

import aiohttp
import msgspec

from danshu.bench.load import Plan, bodies
from danshu.kernel import consumer

if TYPE_CHECKING:
    from collections.abc import Iterator

STREAM: Final = "danshu-events"
_CALLERS: Final = 24
_TIMEOUT_S: Final = 5.0
_AGAIN_S: Final = 0.05
_EFFECTS: Final = "create table effects (subject text, id text)"


class Buyers:
    """Buyers at a rate. Each repeats its order, under its number, until a server has acknowledged
    it, at the next server where one does not answer.
    """

    def __init__(self, plan: Plan, ports: list[int]) -> None:
        self._plan, self._ports = plan, ports
        self._made: Iterator[tuple[str, bytes]] = bodies(plan)
        self._due = itertools.count()
        self.acknowledged: dict[str, str] = {}  # number -> order
        self.unlike = 0  # repeats that were answered with another order
        self.repeats = 0
        self.waited_max_s = 0.0
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Buy until told to stop; whoever has begun comes to an end."""
        headers = {
            "authorization": f"Bearer {self._plan.key}",
            "content-type": "application/json",
        }
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
        self._began_s = time.monotonic()
        async with (
            aiohttp.ClientSession(headers=headers, timeout=timeout) as web,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(_CALLERS):
                group.create_task(self._buy_on(web))

    def stop(self) -> None:
        """Begin no new order."""
        self._stop.set()

    async def _buy_on(self, web: aiohttp.ClientSession) -> None:
        while not self._stop.is_set():
            nth = next(self._due)
            due_s = self._began_s + nth / self._plan.rate - time.monotonic()
            if due_s > 0:
                await asyncio.sleep(due_s)
            number, body = next(self._made)
            began_s = time.monotonic()
            await self._buy(web, number, body, nth)
            self.waited_max_s = max(self.waited_max_s, time.monotonic() - began_s)

    async def _buy(self, web: aiohttp.ClientSession, number: str, body: bytes, nth: int) -> None:
        for port in itertools.islice(itertools.cycle(self._ports), nth, None):
            try:
                url = f"http://127.0.0.1:{port}/v1/orders"
                async with web.post(url, data=body) as answer:
                    told = await answer.read()
                    if answer.status in (200, 201):
                        order = str(msgspec.json.decode(told)["order"])
                        self.unlike += self.acknowledged.get(number, order) != order
                        self.acknowledged[number] = order
                        return
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            self.repeats += 1
            await asyncio.sleep(_AGAIN_S)


class Inbox:
    """A consumer of the stream: the event's id and what it does are one commit of its own books,
    and the message is acknowledged after that.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._books = sqlite3.connect(":memory:")
        self._books.executescript(f"{consumer.TABLE};{_EFFECTS};")
        self.placed: set[str] = set()
        self.events = 0
        self.repeats = 0
        self.out_of_order = 0
        self._last: dict[str, int] = {}

    async def run(self) -> None:
        """Read until cancelled, whatever node is there."""
        import nats

        client = await nats.connect(
            self._url.split(","),
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.2,
            error_cb=_ignore,
        )
        pull = None
        try:
            while True:
                try:
                    if pull is None:
                        stream = client.jetstream(timeout=2)
                        pull = await stream.pull_subscribe(
                            "danshu.events.>", durable="inbox", stream=STREAM
                        )
                    for message in await pull.fetch(32, timeout=1):
                        self._take(message.data)
                        await message.ack()
                except (nats.errors.Error, TimeoutError, OSError):
                    await asyncio.sleep(0.1)
        finally:
            with contextlib.suppress(nats.errors.Error, OSError):
                await client.close()

    def _take(self, body: bytes) -> None:
        told = msgspec.json.decode(body)
        for each in told if isinstance(told, list) else [told]:
            event = consumer.read_event(each)
            with self._books:
                if not consumer.once(self._books, event):
                    self.repeats += 1
                    continue
                effect = (event.subject, event.id)
                self._books.execute("insert into effects values (?, ?)", effect)
            self.events += 1
            self.out_of_order += event.seq <= self._last.get(event.subject, 0)
            self._last[event.subject] = event.seq
            if event.type == "danshu.order.placed":
                self.placed.add(event.subject)

    def doubled(self) -> int:
        """Count events that took effect more than once."""
        query = "select count(*) from (select 1 from effects group by id having count(*) > 1)"
        return int(self._books.execute(query).fetchone()[0])


async def _ignore(error: Exception) -> None:
    """A node that went away is what is played here."""
    del error
