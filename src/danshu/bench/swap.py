"""`bench swap`: a customs broker is swapped for another under a steady load of calls; then both
sides' books are compared.

Two brokers run as processes of their own and prove every signature; a worker runs the room
`connectors` alone. First the outbox is filled and emptied at full speed. Then calls are asked for
at `--size` a second (500) for `--seconds`: all to the first broker; a canary of 1 %, then 25 % to
the other, which fails 60 % of it and goes back by itself; repaired, 1 %, 25 %, everything; the
first one drains. Lost: in nobody's books. Doubled: in both, or twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

import httpx
from msgspec import Struct

from danshu.bench import rig
from danshu.bench.cpu import cpu_us
from danshu.bench.report import Report, make_report
from danshu.capabilities.weave.routes import Canary
from danshu.hub import compose, connecting, connector_books, connector_routes, connectors
from danshu.hub.compose import now_ms
from danshu.hub.connecting import Context
from danshu.ledger.write import connect
from danshu.testing import customs_brokers, customs_orders

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from danshu.hub.connectors import Desk

RATE: Final = 500
SECONDS: Final = 30
CALLS_PER_S: Final = 700  # of one worker, at least
FULL_SPEED: Final = 4_000  # calls in the outbox when it is emptied at full speed
PATIENCE_S: Final = 180.0
_BEAT_S: Final = 0.05
_OPEN: Final = "select count(*) from connector_calls where tenant=%s and state in ('due','pending')"


class Swapped(Struct, kw_only=True):
    """What a swap under load gave. Counts are calls; `cpu_us_per_call` is the worker's alone."""

    calls: int = 0
    rate_per_s: int = 0
    calls_per_s: int = 0
    cpu_us_per_call: int = 0
    lost: int = 0
    doubled: int = 0
    strange: int = 0
    differing: int = 0
    agreed: int = 0
    first_broker: int = 0
    second_broker: int = 0
    rolled_back_after_ms: int = 0
    drained_after_ms: int = 0


class Play:
    """A merchant with two brokers, and a connection to act by."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], tenant: int) -> None:
        self.connection, self.tenant = connection, tenant
        self.asked = 0
        self.body = customs_orders.write("T1")

    async def connect(self, kind: str, url: str) -> Desk:
        """Connect a broker and switch it on."""
        wish = connectors.Wish(
            adapter=customs_brokers.ADAPTERS[kind],
            title=f"broker {kind}",
            url=url,
            options=customs_brokers.OPTIONS[kind],
            secrets=customs_brokers.SECRETS,
            concurrency=64,
        )
        desk = await connectors.connect(self.connection, self.tenant, rig.BENCH, wish, now_ms())
        return await connector_routes.switch(
            self.connection, self.tenant, desk.id, rig.BENCH, "on", "bench", now_ms()
        )

    async def ask(self, count: int) -> None:
        """Put calls into the outbox, each of an order of its own."""
        async with self.connection.pipeline(), self.connection.transaction():
            for _ in range(count):
                self.asked += 1
                key = f"swap-{self.asked:07d}"
                await connecting.ask(
                    self.connection,
                    self.tenant,
                    capability="customs",
                    operation="declare",
                    key=key,
                    subject=key,
                    body=self.body.replace(b'"T1"', f'"{key}"'.encode(), 1),
                    at_ms=now_ms(),
                    context=Context(warehouse="WH-SHA", channel="taobao"),
                )

    async def load(self, rate: int, stop: asyncio.Event) -> None:
        """Ask at a rate until told to stop."""
        began, before = time.monotonic(), self.asked
        while not stop.is_set():
            due = round((time.monotonic() - began) * rate) - (self.asked - before)
            if due > 0:
                await self.ask(due)
            await asyncio.sleep(_BEAT_S)

    async def canary(self, candidate: Desk, replaced: Desk, share: int) -> None:
        """Give the candidate a share, in hundredths of a percent."""
        canary = Canary(
            candidate=str(candidate.id), replaces=str(replaced.id), share=share, began=0
        )
        await connector_routes.set_canary(
            self.connection, self.tenant, "customs", canary, rig.BENCH, "bench", now_ms()
        )

    async def wait(self, sql: str, wanted: Any, *values: Any) -> bool:
        """Wait until a question is answered so; False when it never was."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            row = await (await self.connection.execute(sql, values)).fetchone()
            if row is not None and row[0] == wanted:
                return True
            await asyncio.sleep(0.1)
        return False


async def swap(
    url: str, tenant: int, brokers: dict[str, str], rate: int, seconds: float, worker: int
) -> Swapped:
    """Play the whole of it on a database whose room `connectors` runs in a worker."""
    told = Swapped(rate_per_s=rate)
    acting, asking = await connect(url), await connect(url)
    try:
        play, feeder = Play(acting, tenant), Play(asking, tenant)
        first = await play.connect("rest", brokers["rest"])
        await feeder.ask(1)
        await play.wait(_OPEN, 0, tenant)  # the worker is up
        await feeder.ask(FULL_SPEED)
        began, spent_us = time.monotonic(), cpu_us(worker)
        await play.wait(_OPEN, 0, tenant)
        told.calls_per_s = round(FULL_SPEED / (time.monotonic() - began))
        told.cpu_us_per_call = round((cpu_us(worker) - spent_us) / FULL_SPEED)
        second = await play.connect("window", brokers["window"])
        stop = asyncio.Event()
        load = asyncio.create_task(feeder.load(rate, stop))
        try:
            await _stages(play, told, first, second, brokers, seconds)
        finally:
            stop.set()
            await load
        await play.wait(_OPEN, 0, tenant)
        off = "select state from connectors where tenant=%s and id=%s"
        await play.wait(off, "off", tenant, first.id)
        told.drained_after_ms += now_ms()
        told.calls = feeder.asked
        await _compare(acting, told, [first, second])
    finally:
        await acting.close()
        await asking.close()
    return told


async def _stages(
    play: Play, told: Swapped, first: Desk, second: Desk, brokers: dict[str, str], seconds: float
) -> None:
    """Canary, a broken candidate that goes back by itself, repaired, everything, drain."""
    part_s = seconds / 6
    await asyncio.sleep(part_s)
    await play.canary(second, first, 100)
    await asyncio.sleep(part_s)
    await play.canary(second, first, 2_500)
    await asyncio.sleep(part_s)
    await set_mood(brokers["window"], latency_ms=5, fail=60, receipt_ms=20)
    broken = time.monotonic()
    stage = "select state from connector_routes where tenant=%s order by version desc limit 1"
    await play.wait(stage, "rolled_back", play.tenant)
    told.rolled_back_after_ms = round((time.monotonic() - broken) * 1000)
    await set_mood(brokers["window"], latency_ms=5, receipt_ms=20)
    await play.canary(second, first, 100)
    await asyncio.sleep(part_s)
    await play.canary(second, first, 2_500)
    await asyncio.sleep(part_s)
    await connector_routes.promote(
        play.connection, play.tenant, "customs", rig.BENCH, "bench", now_ms()
    )
    told.drained_after_ms = -now_ms()
    await asyncio.sleep(part_s)


async def _compare(
    connection: psycopg.AsyncConnection[Any], told: Swapped, desks: list[Desk]
) -> None:
    """Compare our calls with both brokers' books."""
    books, _ = await connector_books.read_theirs(connection, desks, now_ms())
    held = connector_books.gather(desks, books)
    ours = await connector_books.read_ours(
        connection, desks[0].tenant, "customs", "infinity", frozenset({"declare"})
    )
    figures, _ = connector_books.compare(ours, held, frozenset(books))
    told.lost, told.doubled = figures.lost + (told.calls - figures.ours), figures.doubled
    told.strange, told.differing = figures.strange, figures.differing + figures.unheard
    told.agreed = figures.agreed
    told.first_broker, told.second_broker = (len(books.get(desk.id, ())) for desk in desks)


async def set_mood(url: str, **how: Any) -> None:
    """Change how a broker is."""
    async with httpx.AsyncClient(trust_env=False) as web:
        await web.post(f"{url}/_mood", content=customs_brokers.mood_body(**how))


@contextlib.contextmanager
def start_brokers(*kinds: str) -> Iterator[dict[str, str]]:
    """Run brokers as processes of their own; gives their origins by kind."""
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "danshu.testing.customs_brokers", kind],
            stdout=subprocess.PIPE,
        )
        for kind in kinds
    ]
    try:
        origins = {}
        for kind, child in zip(kinds, children, strict=True):
            assert child.stdout is not None
            origins[kind] = json.loads(child.stdout.readline())["url"]
        yield origins
    finally:
        for child in children:
            child.kill()
            child.wait()


def run(seconds: int | None, size: int | None) -> Report:
    """Swap under load in a database of its own."""
    os.environ.setdefault("DANSHU_SAFE_KEY", uuid.uuid4().hex * 2)
    rate = size or RATE
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(rig.lend_store({"shared_buffers": "256MB"}))
        compose.prepare(store.url)
        tenant, _ = asyncio.run(rig.furnish(store.url, "swap", ()))
        brokers = stack.enter_context(start_brokers("rest", "window"))
        worker = rig.start_process(store.url, "work", "--only", "connectors")
        stack.callback(_end, worker)
        told = asyncio.run(swap(store.url, tenant, brokers, rate, seconds or SECONDS, worker.pid))
    figures = {name: getattr(told, name) for name in Swapped.__struct_fields__}
    return make_report(
        "swap",
        figures=figures,
        floor={},
        budget={"lost": 0, "doubled": 0, "calls_per_s": CALLS_PER_S},
        met=told.lost == told.doubled == 0 and told.calls_per_s >= CALLS_PER_S,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
