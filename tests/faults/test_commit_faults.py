"""The fault table of the hub's commits: cut before each statement, and after the commit was done.

A cut before: failed, and nothing is there. A cut after: failed, and all of it is there. Whoever
asked hears that the outcome is unknown; the same key again settles it; the hub goes on by itself,
and what it predicts is what the database holds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import numpy as np
import psycopg
import pytest

from danshu.capabilities.orders.commands import Command
from danshu.hub import batch, clocks
from danshu.hub.compose import Hub
from danshu.hub.requests import Answer, Outcome
from danshu.hub.worlds import Worlds
from danshu.kernel.errors import NotAvailable, UnknownOutcome
from danshu.ledger.write import connect
from tests.faults import shop
from tests.faults.proxy import COMMIT, Proxy, open_proxy

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio

DAY_MS = 86_400_000
# Units kept for safety are not for sale: how a test takes stock away and gives it back.
HIDE = "update stock set safety=case when wh=%s then 0 else on_hand-reserved end returning 1"
SHOW = "update stock set safety=case when wh=%s then on_hand-reserved else 0 end returning 1"
UNSURE = (UnknownOutcome, NotAvailable)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def stock_rows(url: str) -> list[tuple[int, int, int]]:
    rows = await shop.query(url, "select sku, wh, on_hand-reserved-safety from stock order by 1,2")
    return [(s, w, a) for s, w, a in rows]


async def memory_is_true(hub: Hub, tenant: int, url: str) -> None:
    """What the hub predicts, once it has looked again, is what the database holds."""
    world = await hub.worlds.ensure(tenant)
    wanted = np.zeros_like(world.atp)
    for sku, wh, atp in await stock_rows(url):
        wanted[sku, wh] = atp
    assert (world.atp == wanted).all()


def unsure(outcomes: Sequence[Outcome]) -> bool:
    return all(isinstance(o, UNSURE) for o in outcomes)


async def cut_is_over(url: str) -> None:
    """Wait until the server has noticed that a client is gone, and has let go of its locks."""
    held = (
        "select count(*) from pg_stat_activity where datname=current_database()"
        " and pid<>pg_backend_pid() and state like 'idle in transaction%%'"
    )
    for _ in range(1000):
        ((open_ones,),) = await shop.query(url, held)
        if not open_ones:
            return
        await asyncio.sleep(0.01)
    pytest.fail("the transaction that was cut is still open")


async def order_rows(url: str) -> int:
    ((n,),) = await shop.query(url, "select count(*) from orders")
    return int(n)


def basket(tenant: int, turn: str) -> list[shop.Request]:
    """Three new orders: one of two SKUs, one SKU on two lines, one key that comes twice."""
    a, b = shop.CODES[0], shop.CODES[1]
    return [
        shop.request(tenant, f"{turn}-1", (a, 1), (b, 2)),
        shop.request(tenant, f"{turn}-2", (a, 1), (a, 2)),
        shop.request(tenant, f"{turn}-3", (b, 1)),
        shop.request(tenant, f"{turn}-3", (b, 1)),
    ]


async def place_twice(
    hub: Hub, proxy: Proxy, tenant: int, turn: str, step: int, persisted: bool, url: str
) -> None:
    """Place with a fault, look, and place again with the same keys."""
    before = await order_rows(url)
    hub.worlds[tenant].named = ""  # as when nobody has named the snapshot before
    fault = proxy.arm(step, persisted=persisted)
    failed = await hub.place(basket(tenant, turn))
    assert fault.fired, (turn, proxy.seen[-1])
    assert unsure(failed), (turn, failed)
    assert await order_rows(url) == before + (3 if persisted else 0), turn
    again = shop.answers(await hub.place(basket(tenant, turn)))
    assert [a.existing for a in again] == [persisted, persisted, persisted, True]
    assert [a.open_units for a in again] == [0, 0, 0, 0]
    assert await order_rows(url) == before + 3
    await memory_is_true(hub, tenant, url)


async def test_placing_fails_at_every_statement(database: str) -> None:
    tenant = await shop.furnish(database, shop.everywhere(500))
    async with open_proxy(database) as proxy, shop.open_hubs(proxy.url) as (hub,):
        shop.answers(await hub.place(basket(tenant, "warm")))
        steps = len(proxy.seen[-1])
        assert proxy.seen[-1][-1].lower().startswith("commit")
        assert steps >= 5, proxy.seen[-1]  # begin, keys, stock, rows, commit
        for step in range(1, steps + 1):
            await place_twice(hub, proxy, tenant, f"b{step}", step, False, database)
        await place_twice(hub, proxy, tenant, "after", COMMIT, True, database)
    placed = 3 * (steps + 2)
    await shop.must_be_true(database, tenant, placed, now_ms())


@pytest.mark.parametrize("locked", [False, True], ids=["decided again", "locked"])
async def test_placing_again_after_a_wrong_guess_fails_at_every_statement(
    database: str, locked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another node took the stock that was predicted; then the second try is cut."""
    if locked:
        monkeypatch.setattr(batch, "_OPTIMISTIC_TRIES", 0)
    tenant = await shop.furnish(database, shop.everywhere(3))
    hot = shop.CODES[2]
    async with open_proxy(database) as proxy, shop.open_hubs(proxy.url) as (hub,):

        async def guess_wrong(number: str) -> list[Outcome]:
            """Place one unit where the prediction says warehouse 0 and the truth says it is out."""
            await shop.query(database, HIDE, 0)
            hub.worlds.distrust({tenant})
            world = await hub.worlds.ensure(tenant)
            world.named = ""  # as when nobody has named the snapshot before
            await shop.query(database, SHOW, 0)
            made = await hub.place([shop.request(tenant, number, (hot, 1))])
            await shop.query(database, "update stock set safety=0 returning 1")
            return made

        first = shop.answers(await guess_wrong("warm"))
        assert first[0].open_units == 0
        assert hub.batch.slow_groups == 1, "the guess was right: the test tests nothing"
        steps = len(proxy.seen[-1])
        assert any(sql.startswith("insert into idem") for sql in proxy.seen[-1]) is locked
        faults = [(step, False) for step in range(1, steps + 1)] + [(COMMIT, True)]
        for step, persisted in faults:
            before = await order_rows(database)
            await shop.query(database, "update stock set on_hand=on_hand+1 returning 1")
            proxy.arm(step, persisted=persisted, skip=1)
            assert unsure(await guess_wrong(f"n{step}"))
            assert await order_rows(database) == before + persisted
            (again,) = shop.answers(await hub.place([shop.request(tenant, f"n{step}", (hot, 1))]))
            assert again.existing is persisted
            await memory_is_true(hub, tenant, database)
        counts = await shop.counts(database, tenant)
    assert set(counts.values()) == {len(faults) + 1}
    assert await shop.deadlocks(database) == 0


ACTS: dict[str, list[Command]] = {
    "cancel": [Command(event="cancel", reason="buyer")],
    "ship": [
        Command(event="release"),
        Command(event="pick"),
        Command(event="pack"),
        Command(event="ship", waybill="SF1", carrier="sf"),
    ],
    "pay": [Command(event="pay", amount=10**6)],
}


@pytest.mark.parametrize("name", list(ACTS))
async def test_an_act_fails_at_every_statement(database: str, name: str) -> None:
    tenant = await shop.furnish(database, shop.everywhere(500))
    *steps_before, last = ACTS[name]
    async with open_proxy(database) as proxy, shop.open_hubs(proxy.url) as (hub,):

        async def new_order(number: str) -> Answer:
            made = shop.request(tenant, number, (shop.CODES[0], 2), paid=name != "pay")
            (placed,) = shop.answers(await hub.place([made]))
            for command in steps_before:
                await hub.act(tenant, placed.order, command, shop.TESTER)
            return placed

        orders = 2
        for number in range(orders):  # the first may read what is remembered from then on
            warm = await new_order(f"warm{number}")
            done = await hub.act(tenant, warm.order, last, shop.TESTER)
            assert isinstance(done, Answer)
        steps = len(proxy.seen[-1])
        for step, persisted in [*((s, False) for s in range(1, steps + 1)), (COMMIT, True)]:
            orders += 1
            placed = await new_order(f"n{step}")
            fault = proxy.arm(step, persisted=persisted)
            with pytest.raises(UNSURE):
                await hub.act(tenant, placed.order, last, shop.TESTER)
            assert fault.fired
            await memory_is_true(hub, tenant, database)
            again = await hub.act(tenant, placed.order, last, shop.TESTER)
            assert isinstance(again, Answer) is not persisted, (step, again)
            await memory_is_true(hub, tenant, database)
    ((reserved,),) = await shop.query(database, "select sum(reserved) from stock")
    assert reserved == (2 * orders if name == "pay" else 0)
    await shop.must_be_true(database, tenant, orders, now_ms())


async def test_a_back_order_is_allocated_with_faults(database: str) -> None:
    """Stock comes in; the allocation is cut at every statement, and happens once."""
    tenant = await shop.furnish(database, [shop.level(shop.CODES[0], 0)])
    async with open_proxy(database) as proxy, shop.open_hubs(proxy.url) as (hub,):
        placed = shop.answers(
            await hub.place([shop.request(tenant, f"n{n}", (shop.CODES[0], 1)) for n in range(30)])
        )
        assert {a.open_units for a in placed} == {1}
        await shop.count(database, tenant, [shop.level(shop.CODES[0], 50)])
        hub.worlds.distrust({tenant})
        first = await hub.act(tenant, placed[0].order, Command(event="allocate"), shop.TESTER)
        assert isinstance(first, Answer)
        steps = len(proxy.seen[-1])
        faults = [*((s, False) for s in range(1, steps + 1)), (COMMIT, True)]
        for (step, persisted), answer in zip(faults, placed[1:], strict=False):
            proxy.arm(step, persisted=persisted)
            with pytest.raises(UNSURE):
                await hub.act(tenant, answer.order, Command(event="allocate"), shop.TESTER)
            await memory_is_true(hub, tenant, database)
            again = await hub.act(tenant, answer.order, Command(event="allocate"), shop.TESTER)
            assert isinstance(again, Answer) is not persisted
    ((reserved,),) = await shop.query(database, "select sum(reserved) from stock")
    assert reserved == 1 + len(faults)
    await shop.must_be_true(database, tenant, 30, now_ms())


async def test_timers_fail_at_every_statement(database: str) -> None:
    """A cut firing leaves the timer for the next; a lost answer leaves nothing to do twice."""
    tenant = await shop.furnish(database, shop.everywhere(500))
    async with open_proxy(database) as proxy, shop.open_hubs(database) as (hub,):
        worlds = Worlds(proxy.url)
        late = shop.PAID_MS + 400 * DAY_MS

        async def fire() -> int:
            connection = await connect(proxy.url)
            try:
                return await clocks.fire(connection, worlds, late)
            finally:
                await connection.close()

        async def place(number: str) -> None:
            shop.answers(await hub.place([shop.request(tenant, number)]))

        await place("warm")
        assert await fire() > 0
        steps = len(proxy.seen[-1])
        orders = 1
        for step, persisted in [*((s, False) for s in range(1, steps + 1)), (COMMIT, True)]:
            orders += 1
            await place(f"n{step}")
            proxy.arm(step, persisted=persisted)
            with pytest.raises((psycopg.OperationalError, psycopg.InterfaceError)):
                await fire()
            await cut_is_over(database)  # timers that are still locked are passed over
            assert await fire() == (0 if persisted else 1)
        assert await fire() == 0
    rows = await shop.query(
        database, "select id, count(*) from verdicts where state='broken' group by id, code"
    )
    assert len({r[0] for r in rows}) == orders
    assert {n for _, n in rows} == {1}
    await shop.must_be_true(database, tenant, orders, now_ms())


async def test_the_database_is_away_and_comes_back(database: str) -> None:
    """No answer is a lie while it is away; the hub goes on by itself when it is back."""
    tenant = await shop.furnish(database, shop.everywhere(500))
    async with open_proxy(database) as proxy, shop.open_hubs(proxy.url) as (hub,):
        shop.answers(await hub.place([shop.request(tenant, "a")]))
        for turn in range(3):
            proxy.shut = True
            proxy.arm(3)
            failed = await hub.place([shop.request(tenant, f"n{turn}-{n}") for n in range(4)])
            assert unsure(failed)
            for _ in range(3):
                assert unsure(await hub.place([shop.request(tenant, f"n{turn}-0")]))
            proxy.shut = False
            again = shop.answers(
                await hub.place([shop.request(tenant, f"n{turn}-{n}") for n in range(4)])
            )
            assert not any(a.existing for a in again)
            await memory_is_true(hub, tenant, database)
    await shop.must_be_true(database, tenant, 13, now_ms())


async def test_closing_answers_everyone(database: str) -> None:
    """Who was decided hears the outcome of the commit, who waited hears that it is closing."""
    tenant = await shop.furnish(database, shop.everywhere(5_000))
    async with shop.open_hubs(database) as (hub,):
        shop.answers(await hub.place([shop.request(tenant, "warm")]))
        waiting = [hub.batch.submit(shop.request(tenant, f"n{n}")) for n in range(900)]
        await asyncio.sleep(0.02)
        await hub.batch.close()
        made = [f.result() for f in waiting]
    told = [m for m in made if isinstance(m, Answer)]
    assert told
    assert all(isinstance(m, Answer | NotAvailable) for m in made)
    assert await order_rows(database) == 1 + len(told)
    with pytest.raises(NotAvailable):
        hub.batch.submit(shop.request(tenant, "late"))
