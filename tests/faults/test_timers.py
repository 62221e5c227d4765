"""Clocks that ring: twice at once, late, in a process that dies, and on an order that cannot."""

from __future__ import annotations

import asyncio
import time

import psycopg
import pytest

from danshu.capabilities.orders.commands import Command
from danshu.hub import clocks
from danshu.hub.worlds import Worlds
from danshu.kernel import fact
from danshu.ledger.write import connect
from tests.faults import shop

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio

DAY_MS = 86_400_000
LATE_MS = shop.PAID_MS + 400 * DAY_MS


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def place(url: str, tenant: int, orders: int) -> None:
    async with shop.open_hubs(url) as (hub,):
        shop.answers(await hub.place([shop.request(tenant, f"n{n}") for n in range(orders)]))


async def said(url: str, *types: str) -> list[tuple[str, str]]:
    """Every fact of these types: (stream, promise)."""
    found = []
    for (body,) in await shop.query(url, "select body from facts"):
        for one in fact.unpack(body):
            read = fact.read(one)
            if read.type in types:
                found.append((str(read.stream), getattr(read.data, "code", "")))
    return found


async def work(url: str, at_ms: int) -> int:
    """One worker with a world and a connection of its own, until nothing is due."""
    worlds, connection = Worlds(url), await connect(url)
    try:
        total = 0
        while fired := await clocks.fire(connection, worlds, at_ms):
            total += fired
            await asyncio.sleep(0)
        return total
    finally:
        await connection.close()


async def test_many_workers_break_a_promise_once(database: str) -> None:
    tenant = await shop.furnish(database, shop.everywhere(500))
    await place(database, tenant, 200)
    ((timers,),) = await shop.query(database, "select count(*) from timers")
    fired = await asyncio.gather(*(work(database, LATE_MS) for _ in range(4)))
    assert sum(fired) == timers == 200
    broken = await said(database, "promise.broken")
    assert len(broken) == len(set(broken)) >= 200
    assert await shop.deadlocks(database) == 0
    await shop.must_be_true(database, tenant, 200, now_ms())


async def test_old_and_new_timers_of_the_same_orders(database: str) -> None:
    """An order may have several timers; workers that hold some of each don't wait for ever."""
    tenant = await shop.furnish(database, shop.everywhere(500))
    await place(database, tenant, 120)
    await shop.query(
        database,
        "insert into timers(tenant,due,id,kind) select tenant,"
        " due - interval '1 hour' * (1 + mod(abs(hashtext(id::text || n)), 5)), id, kind"
        " from timers, generate_series(1, 4) n on conflict do nothing returning 1",
    )
    await asyncio.gather(*(work(database, LATE_MS) for _ in range(4)))
    broken = await said(database, "promise.broken")
    assert len(broken) == len(set(broken)) >= 120
    left = "select count(*) from timers where due <= to_timestamp(%s)"
    assert await shop.query(database, left, LATE_MS / 1000) == [(0,)]
    assert await shop.deadlocks(database) == 0
    await shop.must_be_true(database, tenant, 120, now_ms())


async def test_a_worker_that_dies_between(database: str) -> None:
    """Its claim is gone with it: the next one finds every timer, and rings each once."""
    tenant = await shop.furnish(database, shop.everywhere(500))
    await place(database, tenant, 20)
    worlds, connection = Worlds(database), await connect(database)
    step = asyncio.create_task(clocks.fire(connection, worlds, LATE_MS))
    while not await shop.query(
        database,
        "select 1 from pg_stat_activity where datname=current_database()"
        " and pid=%s and xact_start is not null",
        connection.info.backend_pid,
    ):
        await asyncio.sleep(0)
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as other:
        await other.execute("select pg_terminate_backend(%s)", (connection.info.backend_pid,))
    with pytest.raises(psycopg.OperationalError):
        await step
    await connection.close()
    assert await said(database, "promise.broken") == []
    assert await work(database, LATE_MS) == 20
    broken = await said(database, "promise.broken")
    assert len(broken) == len(set(broken)) >= 20
    await shop.must_be_true(database, tenant, 20, now_ms())


async def test_the_goods_left_while_the_clock_rang(database: str) -> None:
    """Handing over and ringing at once: one verdict, whoever came first."""
    tenant = await shop.furnish(database, shop.everywhere(500))
    async with shop.open_hubs(database) as (hub,):
        placed = shop.answers(await hub.place([shop.request(tenant, f"n{n}") for n in range(40)]))
        for answer in placed:
            for event in ("release", "pick", "pack"):
                await hub.act(tenant, answer.order, Command(event=event), shop.TESTER)
        ship = Command(event="ship", carrier="sf", waybill="SF1", occurred_ms=LATE_MS)
        await asyncio.gather(
            work(database, LATE_MS),
            *(hub.act(tenant, a.order, ship, shop.TESTER) for a in placed),
        )
        await work(database, LATE_MS)
    verdicts = await shop.query(database, "select id, code, state from verdicts")
    shipping = [(i, s) for i, c, s in verdicts if c == "ship-48h"] or [
        (i, s) for i, c, s in verdicts
    ]
    assert {s for _, s in shipping} <= {"broken", "late"}
    broken = await said(database, "promise.broken")
    assert len(broken) == len(set(broken))
    assert await shop.deadlocks(database) == 0
    await shop.must_be_true(database, tenant, 40, now_ms())


async def test_warned_before_broken_and_each_once(database: str) -> None:
    """Time goes on hour by hour; a worker that slept for days says the last thing only."""
    tenant = await shop.furnish(database, shop.everywhere(500))
    await place(database, tenant, 3)
    at_ms = shop.PAID_MS
    while at_ms < shop.PAID_MS + 20 * DAY_MS:
        at_ms += DAY_MS // 24
        await work(database, at_ms)
    warned = await said(database, "promise.warned")
    broken = await said(database, "promise.broken")
    assert warned, "no promise warns: the test tests nothing"
    assert len(broken) == len(set(broken)) >= 3
    await work(database, LATE_MS)
    assert len(await said(database, "promise.warned")) == len(warned)
    await shop.must_be_true(database, tenant, 3, now_ms())


async def test_an_order_that_cannot_ring_holds_up_nobody(database: str) -> None:
    """Its row is damaged; its timer stays due, the others ring, and no room spins on it."""
    tenant = await shop.furnish(database, shop.everywhere(500))
    await place(database, tenant, 10)
    ((victim, doc),) = await shop.query(database, "select id, doc from orders order by id limit 1")
    await shop.query(database, "update orders set doc='{}' where id=%s returning 1", victim)
    assert await work(database, LATE_MS) == 9
    assert await shop.query(database, "select id from timers") == [(victim,)]
    await shop.query(database, "update orders set doc=%s where id=%s returning 1", doc, victim)
    assert await work(database, LATE_MS) == 1
    await shop.must_be_true(database, tenant, 10, now_ms())
