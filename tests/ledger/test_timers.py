"""Timers: due ones are claimed once, in order, and come back when the claim fails."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from danshu.ledger import timers, write
from danshu.ledger.timers import Timer
from tests.fixtures.ledger import Connection, make_tenant

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio

NOON_US = 1_790_000_000_000_123


def timer(tenant: int, after_us: int, kind: int = 1) -> Timer:
    return Timer(tenant=tenant, due_us=NOON_US + after_us, id=uuid.uuid4(), kind=kind)


async def put(connection: Connection, *each: Timer) -> None:
    await write.commit(connection, [timers.put(each)])


async def claim(connection: Connection, after_us: int, limit: int = 100) -> list[Timer]:
    async with connection.transaction():
        return await timers.claim(connection, NOON_US + after_us, limit)


async def test_due_ones_are_claimed_earliest_first(database: str) -> None:
    async with await write.connect(database) as connection:
        a, b = [await make_tenant(connection, code) for code in "ab"]
        every = [timer(b, 1), timer(a, 0), timer(a, 2), timer(b, 3), timer(a, -5, kind=9)]
        await put(connection, *every)
        assert await timers.next_due_us(connection) == NOON_US - 5
        assert await claim(connection, -6) == []
        assert await claim(connection, 2, limit=2) == [every[4], every[1]]
        assert await claim(connection, 2) == [every[0], every[2]]
        assert await timers.next_due_us(connection) == NOON_US + 3
        assert await claim(connection, 3) == [every[3]]
        assert await timers.next_due_us(connection) is None


async def test_setting_twice_is_setting_once(database: str) -> None:
    async with await write.connect(database) as connection:
        tenant = await make_tenant(connection, "a")
        once = timer(tenant, 0)
        await put(connection, once, timer(tenant, 50))
        await put(connection, once)
        assert await claim(connection, 10) == [once]
        assert await claim(connection, 10) == []


async def test_a_failed_claim_gives_them_back(database: str) -> None:
    async with await write.connect(database) as connection:
        once = timer(await make_tenant(connection, "a"), 0)
        await put(connection, once)

        async def fail() -> None:
            async with connection.transaction():
                assert await timers.claim(connection, NOON_US) == [once]
                raise TimeoutError

        with pytest.raises(TimeoutError):
            await fail()
        assert await claim(connection, 0) == [once]


async def test_claims_pass_over_each_other(database: str) -> None:
    async with (
        await write.connect(database) as one,
        await write.connect(database) as two,
    ):
        tenant = await make_tenant(one, "a")
        every = [timer(tenant, n) for n in range(10)]
        await put(one, *every)
        async with one.transaction():
            first = await timers.claim(one, NOON_US + 100, 4)
            async with two.transaction():
                second = await timers.claim(two, NOON_US + 100, 4)
        assert first == every[:4]
        assert second == every[4:8]
        assert await claim(one, 100) == every[8:]


async def test_many_claimers_fire_each_once(database: str) -> None:
    async with await write.connect(database) as connection:
        tenants = [await make_tenant(connection, code) for code in "abc"]
        every = [timer(tenants[n % 3], n) for n in range(300)]
        await put(connection, *every)

        async def run() -> list[Timer]:
            mine = []
            async with await write.connect(database) as own:
                while taken := await claim(own, 1_000, 7):
                    mine += taken
                    await asyncio.sleep(0)
            return mine

        parts = await asyncio.gather(*(run() for _ in range(4)))
        assert sorted(each for part in parts for each in part) == sorted(every)


async def test_a_withdrawn_timer_does_not_fire(database: str) -> None:
    async with await write.connect(database) as connection:
        tenant = await make_tenant(connection, "a")
        stays, goes, never_set = (timer(tenant, n) for n in range(3))
        await put(connection, stays, goes)
        await write.commit(connection, [timers.withdraw([goes, never_set])])
        assert await claim(connection, 10) == [stays]


async def test_microseconds_survive(database: str) -> None:
    async with await write.connect(database) as connection:
        tenant = await make_tenant(connection, "a")
        every = [timer(tenant, n) for n in (0, 1, 999_999, 123_456)]
        await put(connection, *every)
        assert await claim(connection, 10**6) == sorted(every)
