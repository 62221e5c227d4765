"""`danshu bench redecide`: from a red alert to the last open order that it touches decided again.

`size` (50,000) paid orders of one to three lines lie in one warehouse, placed by the desk; the
workers are a real process, and have followed the log before anything counts. Then a red rainstorm
alert about that warehouse comes in by the door of readings. `seconds_50k` is the time from there
until the last order has its outcome in the database: the next snapshot, the run, all commits.
Floor: the routing engine and its records alone, on the same orders in groups of the same size.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import signal
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec.structs import replace

from danshu.bench import rig
from danshu.bench.cpu import cpu_us
from danshu.bench.report import Report, make_report, read_machine
from danshu.capabilities.orders import model
from danshu.capabilities.orders.decide import open_units
from danshu.capabilities.stock.model import StockLevel
from danshu.hub import catalogues, compose, merchants, routing, shelves, signal_feeds
from danshu.hub.compose import Hub
from danshu.hub.requests import Answer, Request
from danshu.kernel.errors import ProgramError
from danshu.kernel.fact import Actor
from danshu.kernel.limits import REDECIDE_GROUP
from danshu.ports.channel import Draft, DraftKind, DraftLine, Receiver
from danshu.ports.signal import Message
from danshu.testing import merchant

if TYPE_CHECKING:
    from danshu.hub.world import World

SIZE: Final = 50_000
BUDGET: Final = {"seconds_50k": 5.0}
_TESTER: Final = Actor(sub="bench", role="admin")
_PATIENCE_S: Final = 600
_RED_RAINSTORM: Final = 204.0  # type 02, level 4
_SITES: Final = 12
_SKUS: Final = 200
_PLENTY: Final = 5_000_000
_GROUP: Final = 1_000
_decode = msgspec.json.Decoder(model.Order).decode


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure `size` affected orders (50,000)."""
    del seconds
    return asyncio.run(_measure(size or SIZE))


async def _measure(size: int) -> Report:
    machine = read_machine()
    with rig.lend_store({"max_wal_size": "4GB"}) as store:
        compose.prepare(store.url)
        postmaster = int((store.data / "postmaster.pid").read_text().split("\n", 1)[0])
        tenant = await _furnish(store.url)
        hub = Hub(store.url)
        await hub.start()
        worker = None
        try:
            code = await _place_all(hub, tenant, size)
            worker = rig.start_process(store.url, "work")
            await _until(store.url, "select count(*) from worklist where tenant=%s", tenant, size)
            await _until(
                store.url, "select count(*) from redecided_heads where tenant=%s", tenant, 1
            )
            before = (cpu_us(worker.pid), cpu_us(postmaster, tree=True))
            took_s = await _alert(hub, store.url, tenant, code, size)
            worker_us = cpu_us(worker.pid) - before[0]
            database_us = cpu_us(postmaster, tree=True) - before[1]
            await hub.worlds.look()
            floor_s = await _floor(store.url, await hub.worlds.ensure(tenant))
            outcomes = await _outcomes(store.url, tenant)
        finally:
            if worker is not None:
                worker.send_signal(signal.SIGTERM)
                worker.wait(30)
            await hub.close()
    figures: dict[str, Any] = {
        "seconds_50k": took_s * SIZE / size,
        "seconds": took_s,
        "orders": size,
        "outcomes": outcomes,
        "worker_us_per_order": worker_us / size,
        "database_us_per_order": database_us / size,
    }
    floor = {"seconds_50k": floor_s * SIZE / size}
    return make_report("redecide", figures=figures, floor=floor, budget=BUDGET, machine=machine)


async def _furnish(url: str) -> int:
    """Make a merchant whose warehouses have work and goods for all."""
    sites = [replace(w, capacity_units=2_000_000) for w in merchant.warehouses()[:_SITES]]
    skus = _skus()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        tenant = await merchants.create_tenant(connection, "bench", "基准", _TESTER)
        await catalogues.put_regions(connection, tenant, merchant.regions(), _TESTER)
        await catalogues.put_warehouses(connection, tenant, sites, _TESTER)
        await catalogues.put_skus(connection, tenant, skus, _TESTER)
        codes = {site.code for site in sites}
        lanes = [lane for lane in merchant.lanes() if lane.warehouse in codes]
        await catalogues.put_lanes(connection, tenant, lanes, _TESTER)
        levels = [
            StockLevel(warehouse=site.code, sku=sku.code, on_hand=_PLENTY)
            for site in sites
            for sku in skus
        ]
        await shelves.count_stock(connection, tenant, levels, "bench", _TESTER)
    return tenant


def _skus() -> list[Any]:
    return [sku for sku in merchant.skus() if int(sku.storage) == 1][:_SKUS]


def _draft(number: int, chance: random.Random, now_ms: int) -> Draft:
    skus = chance.sample(_skus_of(), chance.choice((1, 1, 1, 2, 3)))
    lines = tuple(
        DraftLine(line=str(n), sku=sku, title="示例", quantity=1, price=1_990, paid=1_990)
        for n, sku in enumerate(skus)
    )
    total = 1_990 * len(lines)
    return Draft(
        kind=DraftKind.ORDER,
        channel="api",
        number=f"R{number:07d}",
        status="paid",
        lines=lines,
        goods=total,
        discount=0,
        postage=0,
        total=total,
        paid=total,
        created_ms=now_ms,
        paid_ms=now_ms,
        receiver=Receiver(name="张示例", province="上海市", city="上海市", detail="示例路 1 号"),
    )


def _skus_of() -> list[str]:
    return [sku.code for sku in _skus()]


async def _place_all(hub: Hub, tenant: int, size: int) -> str:
    """Place the orders; gives the warehouse that all of them are in."""
    chance = random.Random(7)
    places: set[str] = set()
    for first in range(0, size, _GROUP):
        requests = []
        for number in range(first, min(first + _GROUP, size)):
            draft = _draft(number, chance, hub.clock())
            raw = msgspec.json.encode(draft)
            requests.append(
                Request(
                    tenant=tenant,
                    key=f"api//{draft.number}",
                    digest=hashlib.sha256(raw).digest(),
                    draft=draft,
                    raw=raw,
                    actor=_TESTER,
                )
            )
        for outcome in await hub.batch.place(requests):
            if not isinstance(outcome, Answer):
                raise ProgramError(f"an order was not placed: {outcome!r}")
            places |= {f.warehouse for f in outcome.plan}
    if len(places) != 1:
        raise ProgramError(f"the orders lie in {sorted(places)}, not in one warehouse")
    return places.pop()


async def _alert(hub: Hub, url: str, tenant: int, code: str, size: int) -> float:
    """Tell a red alert; gives the seconds until no order waits for its outcome."""
    now_ms = hub.clock()
    told = [
        {"key": "wx_alert", "subject": f"wh:{code}", "value": _RED_RAINSTORM, "observed": now_ms}
    ]
    message = Message(body=msgspec.json.encode(told), received_ms=now_ms)
    began_s = time.perf_counter()
    await signal_feeds.take(hub.connection, hub.readings, tenant, "telemetry", message)
    decided = "select count(*) from redecision_items where tenant=%s and outcome is not null"
    await _until(url, decided, tenant, size)
    return time.perf_counter() - began_s


async def _until(url: str, sql: str, tenant: int, count: int) -> None:
    """Ask, twenty times a second, until the count is there."""
    end_s = time.monotonic() + _PATIENCE_S
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        while time.monotonic() < end_s:
            row = await (await connection.execute(sql, (tenant,))).fetchone()
            if row is not None and row[0] >= count:
                return
            await asyncio.sleep(0.05)
    raise ProgramError(f"not in time: {sql}")


async def _outcomes(url: str, tenant: int) -> dict[str, int]:
    sql = "select outcome, count(*) from redecision_items where tenant=%s group by 1"
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        rows = await (await connection.execute(sql, (tenant,))).fetchall()
    return dict(rows)


async def _floor(url: str, world: World) -> float:
    """Seconds of the engine and its records alone for the same orders, as they were asked."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        sql = "select id, doc from orders where tenant=%s order by id"
        rows = await (await connection.execute(sql, (world.tenant,))).fetchall()
    asks = []
    for id_, doc in rows:
        order = _decode(bytes(doc))
        lines = [
            (n.no, world.skus[n.sku][0], n.quantity - open_units(n), world.skus[n.sku][1])
            for n in order.lines
        ]
        asks.append(
            routing.Ask(
                id=id_,
                region=world.regions[order.region],
                channel=order.channel,
                promise_ms=0,
                value=order.total,
                lines=lines,
            )
        )
    now_ms = time.time_ns() // 1_000_000
    began_s = time.perf_counter()
    for first in range(0, len(asks), REDECIDE_GROUP):
        routing.route(world, asks[first : first + REDECIDE_GROUP], now_ms)
    return time.perf_counter() - began_s
