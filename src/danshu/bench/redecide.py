"""`danshu bench redecide`: from a red alert to the last open order that it touches decided again.

Two cases, each with a database, servers and workers of its own, real processes that have followed
the log before anything counts. `open`: `size` (50,000) paid orders of one to three lines lie in 37
warehouses, as routing placed them for receivers all over the country; the alert is about the city
whose warehouses hold the most. `touched`, the worst there is: as many orders, all of one city, all
in one warehouse. A red typhoon alert comes in by the door of readings; the seconds run from there
until the last order that it touches has its outcome in the database: the next snapshot, the run,
all commits. Floor: the routing engine and its records alone, on the same orders in groups of the
same size.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import signal
import time
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.bench import rig
from danshu.bench.cpu import cpu_us
from danshu.bench.report import Machine, Report, make_report, read_machine
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
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from danshu.capabilities.routing.model import Region
    from danshu.hub.world import World

SIZE: Final = 50_000
# The budget is that of open orders; the worst case stands beside it.
BUDGET: Final = {"seconds_50k": 5.0, "seconds_50k_open": 5.0}
_TESTER: Final = Actor(sub="bench", role="admin")
_PATIENCE_S: Final = 600
_RED_TYPHOON: Final = 104.0  # type 01, level 4: unlike rain, it stops any building
_SKUS: Final = 200
_PLENTY: Final = 5_000_000
_GROUP: Final = 1_000
_decode = msgspec.json.Decoder(model.Order).decode


class Case(Struct, frozen=True, kw_only=True):
    """What lies where: how many sites the merchant has, and the one receivers' city, "" for all."""

    sites: int
    city: str


class Took(Struct, frozen=True, kw_only=True):
    """What a case took; `touched` orders were decided again, in `seconds`."""

    seconds: float
    touched: int
    floor_s: float
    worker_us: float
    database_us: float
    outcomes: dict[str, int]


OPEN: Final = Case(sites=37, city="")
TOUCHED: Final = Case(sites=12, city="310000")


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure `size` open orders (50,000), then as many touched ones."""
    del seconds
    machine = read_machine()
    count = size or SIZE
    opened, touched = (asyncio.run(_measure(case, count)) for case in (OPEN, TOUCHED))
    return report(count, opened, touched, machine)


def report(size: int, opened: Took, touched: Took, machine: Machine | None = None) -> Report:
    """Tell both cases; what was measured on fewer orders is told as of 50,000."""
    scale = SIZE / size
    figures: dict[str, Any] = {
        "seconds_50k": opened.seconds * scale,
        "seconds_50k_open": opened.seconds * scale,
        "seconds_50k_touched": touched.seconds * scale,
        "orders": size,
    }
    for name, took in (("open", opened), ("touched", touched)):
        figures |= {
            f"{name}_touched": took.touched,
            f"{name}_outcomes": took.outcomes,
            f"{name}_worker_us_per_order": took.worker_us / took.touched,
            f"{name}_database_us_per_order": took.database_us / took.touched,
        }
    floor = {
        "seconds_50k": opened.floor_s * scale,
        "seconds_50k_open": opened.floor_s * scale,
        "seconds_50k_touched": touched.floor_s * scale,
    }
    return make_report("redecide", figures=figures, floor=floor, budget=BUDGET, machine=machine)


async def _measure(case: Case, size: int) -> Took:
    with rig.lend_store({"max_wal_size": "4GB"}) as store:
        compose.prepare(store.url)
        postmaster = int((store.data / "postmaster.pid").read_text().split("\n", 1)[0])
        tenant = await _furnish(store.url, case)
        hub = Hub(store.url)
        await hub.start()
        worker = None
        try:
            placed = await _place_all(hub, tenant, case, size)
            city, touched = _most(placed)
            worker = rig.start_process(store.url, "work")
            await _until(store.url, "select count(*) from worklist where tenant=%s", tenant, size)
            await _until(
                store.url, "select count(*) from redecided_heads where tenant=%s", tenant, 1
            )
            before = (cpu_us(worker.pid, tree=True), cpu_us(postmaster, tree=True))
            took_s = await _alert(hub, store.url, tenant, city, len(touched))
            worker_us = cpu_us(worker.pid, tree=True) - before[0]
            database_us = cpu_us(postmaster, tree=True) - before[1]
            await hub.worlds.look()
            floor_s = await _floor(store.url, await hub.worlds.ensure(tenant), touched)
            outcomes = await _outcomes(store.url, tenant)
        finally:
            if worker is not None:
                worker.send_signal(signal.SIGTERM)
                worker.wait(30)
            await hub.close()
    return Took(
        seconds=took_s,
        touched=len(touched),
        floor_s=floor_s,
        worker_us=worker_us,
        database_us=database_us,
        outcomes=outcomes,
    )


async def _furnish(url: str, case: Case) -> int:
    """Make a merchant whose warehouses have work and goods for all."""
    sites = [replace(w, capacity_units=2_000_000) for w in merchant.warehouses()[: case.sites]]
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


@cache
def _skus() -> list[Any]:
    return [sku for sku in merchant.skus() if int(sku.storage) == 1][:_SKUS]


@cache
def _homes(city: str) -> tuple[list[Region], list[float]]:
    """Give the regions that orders go to, and how often."""
    often = merchant.demand()
    homes = [r for r in merchant.regions() if r.code == (city or r.code) and r.code.isdigit()]
    return homes, [float(often[home.code]) for home in homes]


def _draft(number: int, chance: random.Random, case: Case, now_ms: int) -> Draft:
    skus = chance.sample([sku.code for sku in _skus()], chance.choice((1, 1, 1, 2, 3)))
    lines = tuple(
        DraftLine(line=str(n), sku=sku, title="示例", quantity=1, price=1_990, paid=1_990)
        for n, sku in enumerate(skus)
    )
    total = 1_990 * len(lines)
    homes, often = _homes(case.city)
    (home,) = chance.choices(homes, often)
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
        receiver=Receiver(
            name="张示例", province=home.province, city=home.name, detail="示例路 1 号"
        ),
    )


async def _place_all(hub: Hub, tenant: int, case: Case, size: int) -> dict[str, list[UUID]]:
    """Place the orders; gives them by warehouse. One in two warehouses is in both."""
    chance = random.Random(7)
    placed: dict[str, list[UUID]] = {}
    for first in range(0, size, _GROUP):
        requests = []
        for number in range(first, min(first + _GROUP, size)):
            draft = _draft(number, chance, case, hub.clock())
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
            if not isinstance(outcome, Answer) or not outcome.plan:
                raise ProgramError(f"an order was not placed: {outcome!r}")
            for f in outcome.plan:
                placed.setdefault(f.warehouse, []).append(outcome.order)
    return placed


def _most(placed: Mapping[str, Sequence[UUID]]) -> tuple[list[str], list[UUID]]:
    """Find the city with most orders: its warehouses, and the orders in any of them."""
    cities: dict[str, list[str]] = {}
    for site in merchant.warehouses():
        if site.code in placed:
            cities.setdefault(site.region, []).append(site.code)
    found = [(codes, {id_ for c in codes for id_ in placed[c]}) for codes in cities.values()]
    codes, ids = max(found, key=lambda each: len(each[1]))
    return codes, sorted(ids)


async def _alert(hub: Hub, url: str, tenant: int, codes: Sequence[str], touched: int) -> float:
    """Tell a red alert; gives the seconds until no order waits for its outcome."""
    now_ms = hub.clock()
    told = [
        {"key": "wx_alert", "subject": f"wh:{code}", "value": _RED_TYPHOON, "observed": now_ms}
        for code in codes
    ]
    message = Message(body=msgspec.json.encode(told), received_ms=now_ms)
    began_s = time.perf_counter()
    await signal_feeds.take(hub.connection, hub.readings, tenant, "telemetry", message)
    decided = (
        "select count(*) from redecision_items where tenant=%s and outcome in"
        " ('moved','stays','held','begun','refused')"
    )
    await _until(url, decided, tenant, touched)
    return time.perf_counter() - began_s


async def _until(url: str, sql: str, tenant: int, count: int) -> None:
    """Ask until the count is there: rarely while much is left, for counting costs what is measured;
    twenty times a second towards the end.
    """
    began_s = time.monotonic()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        while (took_s := time.monotonic() - began_s) < _PATIENCE_S:
            row = await (await connection.execute(sql, (tenant,))).fetchone()
            done = row[0] if row is not None else 0
            if done >= count:
                return
            left_s = took_s * (count - done) / done if done else 0.0
            await asyncio.sleep(min(2.0, max(0.05, left_s / 4)))
    raise ProgramError(f"not in time: {sql}")


async def _outcomes(url: str, tenant: int) -> dict[str, int]:
    sql = "select outcome, count(*) from redecision_items where tenant=%s group by 1"
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        rows = await (await connection.execute(sql, (tenant,))).fetchall()
    return dict(rows)


async def _floor(url: str, world: World, touched: Sequence[UUID]) -> float:
    """Seconds of the engine and its records alone for the same orders, as they were asked."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        sql = "select id, doc from orders where tenant=%s and id=any(%s) order by id"
        rows = await (await connection.execute(sql, (world.tenant, touched))).fetchall()
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
