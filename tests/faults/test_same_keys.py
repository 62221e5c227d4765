"""The same order again: at once on two nodes, twice in a group, with another body, long after."""

from __future__ import annotations

import asyncio
import time

import pytest

from danshu.hub.requests import CONFLICT, Answer, Outcome
from tests.faults import shop

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def test_two_nodes_in_opposite_order(database: str) -> None:
    """Both nodes want every key; neither waits for the other for ever."""
    tenant = await shop.furnish(database, shop.everywhere(1_000))
    numbers = [f"n{n:04d}" for n in range(600)]
    async with shop.open_hubs(database, database) as hubs:
        up, down = await asyncio.gather(
            hubs[0].place([shop.request(tenant, n) for n in numbers]),
            hubs[1].place([shop.request(tenant, n) for n in reversed(numbers)]),
        )
    one, two = shop.answers(up), shop.answers(down)[::-1]
    assert [a.order for a in one] == [b.order for b in two]
    assert all(a.existing != b.existing for a, b in zip(one, two, strict=True))
    assert [a.number for a in one] == numbers
    assert await shop.query(database, "select sum(reserved) from stock") == [(len(numbers),)]
    assert await shop.deadlocks(database) == 0
    await shop.must_be_true(database, tenant, len(numbers), now_ms())


async def test_two_nodes_over_the_same_keys_and_the_last_units(database: str) -> None:
    """Keys and stock are both contested: groups fail for either reason, and end well."""
    tenant = await shop.furnish(database, shop.everywhere(4))
    rounds, numbers = 8, 48
    async with shop.open_hubs(database, database, database) as hubs:
        made: list[list[Outcome]] = []
        for turn in range(rounds):
            requests = [
                shop.request(tenant, f"n{turn}-{n}", (shop.CODES[(turn + n) % 6], 1 + n % 2))
                for n in range(numbers)
            ]
            made += await asyncio.gather(
                hubs[0].place(requests), hubs[1].place(requests[::-1]), hubs[2].place(requests)
            )
    for turn in range(rounds):
        one, two, three = (shop.answers(m) for m in made[3 * turn : 3 * turn + 3])
        ids = [[a.order for a in g] for g in (one, two[::-1], three)]
        assert ids[0] == ids[1] == ids[2]
        placed = [
            sum(not a.existing for a in of_key)
            for of_key in zip(one, two[::-1], three, strict=True)
        ]
        assert placed == [1] * numbers
    assert await shop.deadlocks(database) == 0
    await shop.must_be_true(database, tenant, rounds * numbers, now_ms())


async def test_a_key_twice_in_one_group(database: str) -> None:
    tenant = await shop.furnish(database, shop.everywhere(10))
    async with shop.open_hubs(database) as (hub,):
        made = await hub.place([shop.request(tenant, n) for n in ("a", "b", "a", "a", "b")])
    got = shop.answers(made)
    assert [a.existing for a in got] == [False, False, True, True, True]
    assert got[0].order == got[2].order == got[3].order
    assert got[1].order == got[4].order != got[0].order
    assert got[2].plan == got[0].plan
    assert await shop.query(database, "select sum(reserved) from stock") == [(2,)]
    await shop.must_be_true(database, tenant, 2, now_ms())


@pytest.mark.parametrize("together", [True, False], ids=["in one group", "after the fact"])
async def test_a_key_with_another_body(database: str, together: bool) -> None:
    """Strict callers hear of the conflict; a channel's news of a known order is its order."""
    tenant = await shop.furnish(database, shop.everywhere(10))
    first = shop.request(tenant, "a", (shop.CODES[0], 1), strict=True)
    other = shop.request(tenant, "a", (shop.CODES[0], 2), strict=True)
    news = shop.request(tenant, "a", (shop.CODES[0], 3))
    async with shop.open_hubs(database) as (hub,):
        if together:
            made = await hub.place([first, other, news, first])
        else:
            made = [(await hub.place([r]))[0] for r in (first, other, news, first)]
    assert made[1] == CONFLICT
    kept = [m for m in made if isinstance(m, Answer)]
    assert len(kept) == 3
    assert {a.order for a in kept} == {kept[0].order}
    assert await shop.query(database, "select sum(reserved) from stock") == [(1,)]
    await shop.must_be_true(database, tenant, 1, now_ms())


async def test_a_bad_order_takes_nobody_with_it(database: str) -> None:
    """A refused first try leaves its key free, and the rest of its group whole."""
    tenant = await shop.furnish(database, shop.everywhere(10))
    bad = shop.request(tenant, "a", (shop.CODES[0], 0))
    unstorable = shop.request(tenant, "n\0ul")
    async with shop.open_hubs(database) as (hub,):
        made = await hub.place(
            [bad, shop.request(tenant, "b"), unstorable, shop.request(tenant, "a")]
        )
        again = await hub.place([shop.request(tenant, "b")])
    assert [isinstance(m, Answer) for m in made] == [False, True, False, True]
    assert shop.answers(again)[0].existing
    await shop.must_be_true(database, tenant, 2, now_ms())


async def test_delivered_again_long_after(database: str) -> None:
    """A new node, the order has gone on: the answer tells its state of now, nothing is written."""
    from danshu.capabilities.orders.commands import Command

    tenant = await shop.furnish(database, shop.everywhere(10))
    async with shop.open_hubs(database) as (hub,):
        (placed,) = shop.answers(await hub.place([shop.request(tenant, "a")]))
        await hub.act(tenant, placed.order, Command(event="release"), shop.TESTER)
    facts = await shop.query(database, "select count(*), sum(n) from facts")
    async with shop.open_hubs(database) as (hub,):
        (told,) = shop.answers(await hub.place([shop.request(tenant, "a")]))
    assert (told.order, told.existing, told.state) == (placed.order, True, "released")
    assert await shop.query(database, "select count(*), sum(n) from facts") == facts
    await shop.must_be_true(database, tenant, 1, now_ms())
