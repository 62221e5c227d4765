"""What a node believes: never too little, never for ever, and never another node's yesterday."""

from __future__ import annotations

import time

import msgspec
import numpy as np
import psycopg
import pytest

from danshu.capabilities.contract import definitions
from danshu.capabilities.orders.commands import Command
from danshu.hub import masters, merchants
from danshu.hub.compose import Hub
from danshu.hub.requests import Answer
from danshu.hub.worlds import Worlds
from danshu.kernel.errors import DanshuError, InputError
from tests.faults import shop

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def test_what_the_next_group_took_is_taken_once(database: str) -> None:
    """Rows that the commit told of lose the next group's units; others have lost them already."""
    tenant = await shop.furnish(database, shop.everywhere(10))
    worlds = Worlds(database)
    world = await worlds.ensure(tenant)
    world.atp[0, 0] -= 4  # the group that is being committed
    world.atp[0, 0] -= 1  # the next group, decided meanwhile
    world.atp[1, 0] -= 3
    worlds.learn([[(1, [tenant], [0], [0], [6])]], [(tenant, 0, 0, 1), (tenant, 0, 1, 3)])
    assert (world.atp[0, 0], world.atp[1, 0]) == (5, 7)


async def test_distrust_is_heard_while_stock_is_read(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await shop.furnish(database, shop.everywhere(10))
    worlds = Worlds(database)
    await worlds.ensure(tenant)
    read = masters.load_stock
    reads: list[int] = []

    async def load_stock(connection, world):
        await read(connection, world)
        if not reads:
            worlds.distrust({tenant})
        reads.append(1)

    monkeypatch.setattr(masters, "load_stock", load_stock)
    worlds.distrust({tenant})
    await worlds.ensure(tenant)
    await worlds.ensure(tenant)
    await worlds.ensure(tenant)
    assert len(reads) == 2


async def test_capacity_comes_back_with_the_day(database: str) -> None:
    """A node that runs for days does not run out of it; the orders of today count."""
    tenant = await shop.furnish(database, shop.everywhere(1_000))
    clock = [now_ms()]
    hub = Hub(database, lambda: clock[0])
    await hub.start()
    try:
        shop.answers(await hub.place([shop.request(tenant, f"n{n}") for n in range(50)]))
        world = await hub.worlds.ensure(tenant)
        full = np.array([w.capacity_units for w in world.warehouses], dtype=np.float64)
        assert world.capacity.sum() < full.sum()
        clock[0] += masters.DAY_MS
        hub.worlds.distrust({tenant})
        world = await hub.worlds.ensure(tenant)
        assert (world.capacity == full).all()
    finally:
        await hub.close()


async def test_a_promise_that_this_node_has_not_heard_of(database: str) -> None:
    """Defined through another node a moment ago: acts and repeats load it, nobody hears 500."""
    tenant = await shop.furnish(database, shop.everywhere(100))
    async with shop.open_hubs(database, database) as (one, two):
        for n, hub in enumerate((one, two)):
            shop.answers(await hub.place([shop.request(tenant, f"warm{n}")]))
        clause = definitions.shipped()[0]
        newer = msgspec.structs.replace(clause.definition, version=clause.version + 1)
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as c:
            body = definitions.encode(newer)
            await merchants.define(c, tenant, definitions.read(body), shop.TESTER)
        one.worlds.forget(tenant)
        placed = shop.answers(await one.place([shop.request(tenant, f"n{n}") for n in range(2)]))
        assert clause.version + 1 in {p.version for p in placed[0].promises}
        done = await two.act(tenant, placed[0].order, Command(event="release"), shop.TESTER)
        assert isinstance(done, Answer)
    async with shop.open_hubs(database) as (three,):
        shop.answers(await three.place([shop.request(tenant, "warm2")]))
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as c:
            newest = msgspec.structs.replace(clause.definition, version=clause.version + 2)
            body = definitions.encode(newest)
            await merchants.define(c, tenant, definitions.read(body), shop.TESTER)
        async with shop.open_hubs(database) as (four,):
            (made,) = shop.answers(await four.place([shop.request(tenant, "m")]))
        heard = await three.place([shop.request(tenant, "m")])
        if isinstance(heard[0], DanshuError):  # told to ask again: by then it has read
            heard = await three.place([shop.request(tenant, "m")])
        assert [a.order for a in shop.answers(heard)] == [made.order]
    await shop.must_be_true(database, tenant, 6, now_ms())


async def test_an_order_too_large_for_a_fact(database: str) -> None:
    """It hears why; the others of its group are placed, and no stock is lost in memory."""
    tenant = await shop.furnish(database, shop.everywhere(500))
    lines = [(shop.CODES[n % 8], 1) for n in range(200)]
    huge = shop.request(tenant, "huge", *lines)
    long = tuple(msgspec.structs.replace(n, title="很长的名字" * 100) for n in huge.draft.lines)
    huge.draft = msgspec.structs.replace(huge.draft, lines=long)
    async with shop.open_hubs(database) as (hub,):
        made = await hub.place(
            [shop.request(tenant, "a"), huge, shop.request(tenant, "b"), shop.request(tenant, "c")]
        )
        assert isinstance(made[1], InputError)
        assert made[1].code == "too_large"
        shop.answers([made[0], made[2], made[3]])
        hub.worlds.distrust({tenant})
        world = await hub.worlds.ensure(tenant)
        assert world.atp.sum() == 500 * len(shop.CODES) * len(shop.WAREHOUSES) - 3
    await shop.must_be_true(database, tenant, 3, now_ms())
