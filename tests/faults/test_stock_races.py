"""Stock from several sides: counts of a new row at once, receipts that take away, quotas."""

from __future__ import annotations

import asyncio
import time

import psycopg
import pytest

from danshu.capabilities.orders.commands import Command
from danshu.capabilities.stock.facts import Moved, QuotaSet
from danshu.hub import shelves
from danshu.hub.requests import Answer
from tests.faults import shop

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio

WAREHOUSE = shop.WAREHOUSES[0].code
SKU = shop.CODES[0]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def receive(url: str, tenant: int, **units: int) -> object:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as c:
        moved = [Moved(sku=SKU, **units)]
        return await shelves.receive_stock(c, tenant, WAREHOUSE, moved, "tests", shop.TESTER)


async def test_a_new_row_counted_by_many_at_once(database: str) -> None:
    """The last count stands, and the facts add up to it."""
    tenant = await shop.furnish(database, [])
    await asyncio.gather(
        *(
            shop.count(database, tenant, [shop.level(s, 10 + n) for s in shop.CODES])
            for n in range(8)
        ),
        *(receive(database, tenant, on_hand=3) for _ in range(8)),
    )
    assert await shop.deadlocks(database) == 0
    await shop.must_be_true(database, tenant, 0, now_ms())


async def test_receipts_take_away_what_is_free(database: str) -> None:
    tenant = await shop.furnish(database, [shop.level(SKU, 10)])
    async with shop.open_hubs(database) as (hub,):
        shop.answers(await hub.place([shop.request(tenant, "a", (SKU, 4))]))
    assert await receive(database, tenant, on_hand=-6) is None
    assert await receive(database, tenant, on_hand=-1) == shelves.BELOW_RESERVED
    assert await shop.query(database, "select on_hand, reserved from stock") == [(4, 4)]
    await shop.must_be_true(database, tenant, 1, now_ms())


async def test_counts_while_orders_come(database: str) -> None:
    """Counting, buying, cancelling, handing over: rows and facts never part."""
    tenant = await shop.furnish(database, shop.everywhere(30))
    async with shop.open_hubs(database, database) as hubs:

        async def buy(n: int) -> None:
            hub = hubs[n % 2]
            goods = [(shop.CODES[(n + i) % 5], 1 + n % 2) for i in range(2)]
            (placed,) = shop.answers(await hub.place([shop.request(tenant, f"n{n}", *goods)]))
            if n % 3 == 0:
                await hub.act(tenant, placed.order, Command(event="cancel"), shop.TESTER)
            elif n % 3 == 1 and not placed.open_units:
                for event in ("release", "pick", "pack", "ship"):
                    waybill = "SF1" if event == "ship" else ""
                    told = Command(event=event, waybill=waybill)
                    assert isinstance(
                        await hub.act(tenant, placed.order, told, shop.TESTER), Answer
                    )

        async def count(n: int) -> None:
            async with await psycopg.AsyncConnection.connect(database, autocommit=True) as c:
                levels = [
                    shop.level(s, 30 + n, w.code) for s in shop.CODES[:5] for w in shop.WAREHOUSES
                ]
                await shelves.count_stock(c, tenant, levels, "tests", shop.TESTER)

        await asyncio.gather(*(buy(n) for n in range(120)), *(count(n) for n in range(6)))
    assert await shop.deadlocks(database) == 0
    await shop.must_be_true(database, tenant, 120, now_ms())


async def test_back_orders_and_new_orders_want_the_same_goods(database: str) -> None:
    """Allocations of one node and groups of another lock the same rows, and never for ever."""
    tenant = await shop.furnish(database, [])
    goods = [(s, 1) for s in shop.CODES[:6]]
    async with shop.open_hubs(database, database) as (one, two):
        old = shop.answers(
            await one.place([shop.request(tenant, f"o{n}", *goods) for n in range(60)])
        )
        assert {a.open_units for a in old} == {6}
        await shop.count(database, tenant, shop.everywhere(20))
        one.worlds.distrust({tenant})
        told = Command(event="allocate")
        done, new = await asyncio.gather(
            asyncio.gather(*(one.act(tenant, a.order, told, shop.TESTER) for a in old)),
            two.place([shop.request(tenant, f"n{n}", *goods[::-1]) for n in range(60)]),
        )
    given = sum(shop.reserved(a) for a in [*done, *new] if isinstance(a, Answer))
    assert given == 20 * len(goods) * len(shop.WAREHOUSES)
    ((reserved,),) = await shop.query(database, "select sum(reserved) from stock")
    assert reserved == given
    assert await shop.deadlocks(database) == 0
    await shop.must_be_true(database, tenant, 120, now_ms())


async def set_quota(url: str, tenant: int, cap: int) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as c:
        quota = QuotaSet(warehouse=WAREHOUSE, sku=SKU, channel="taobao", cap=cap)
        await shelves.set_quota(c, tenant, quota, shop.TESTER)


async def used(url: str) -> int:
    ((n,),) = await shop.query(url, "select used from quotas")
    return int(n)


@pytest.mark.parametrize("buyers", [24, 100])
async def test_a_quota_over_two_nodes(database: str, buyers: int) -> None:
    """The channel may have 7 of the 50; the rest are back orders, though goods are there."""
    tenant = await shop.furnish(database, [shop.level(SKU, 50)])
    await set_quota(database, tenant, 7)
    async with shop.open_hubs(database, database) as hubs:
        made = await asyncio.gather(
            *(hubs[n % 2].place([shop.request(tenant, f"n{n}", (SKU, 1))]) for n in range(buyers))
        )
    got = shop.answers([o for (o,) in made])
    assert sum(shop.reserved(a) for a in got) == 7
    assert await used(database) == 7
    assert await shop.deadlocks(database) == 0
    await shop.must_be_true(database, tenant, buyers, now_ms())


async def test_a_quota_comes_back_with_what_is_cancelled(database: str) -> None:
    """Two lines of one SKU count twice, and come back twice; what is allocated later counts too."""
    tenant = await shop.furnish(database, [shop.level(SKU, 50)])
    await set_quota(database, tenant, 5)
    async with shop.open_hubs(database) as (hub,):
        (two,) = shop.answers(await hub.place([shop.request(tenant, "a", (SKU, 2), (SKU, 3))]))
        (late,) = shop.answers(await hub.place([shop.request(tenant, "b", (SKU, 4))]))
        assert (two.open_units, late.open_units) == (0, 4)
        assert await used(database) == 5
        await hub.act(tenant, two.order, Command(event="cancel"), shop.TESTER)
        assert await used(database) == 0
        hub.worlds.distrust({tenant})
        now = await hub.act(tenant, late.order, Command(event="allocate"), shop.TESTER)
        assert isinstance(now, Answer)
        assert now.open_units == 0
        assert await used(database) == 4
    await shop.must_be_true(database, tenant, 2, now_ms())
