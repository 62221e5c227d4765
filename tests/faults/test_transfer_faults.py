"""Transfer orders whose commits fail, or succeed unseen; and a race with orders for units."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from danshu.capabilities.transfers.model import Plan, PlannedUnits, Transfer
from danshu.hub import transfers
from danshu.hub.compose import Hub
from danshu.hub.requests import Answer
from danshu.kernel.errors import NotAvailable, Refusal, UnknownOutcome
from tests.faults import shop
from tests.faults.proxy import COMMIT, Proxy, open_proxy

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio

FROM, TO = (w.code for w in shop.WAREHOUSES[:2])
SKU = shop.CODES[0]
ROWS = "select on_hand, reserved, in_transit from stock order by wh"
Act = Callable[[], Awaitable[Transfer | Refusal]]


def wish(key: str, units: int) -> Plan:
    lines = (PlannedUnits(quantity=units, sku=SKU),)
    return Plan(from_warehouse=FROM, to_warehouse=TO, lines=lines, key=key)


async def fail(proxy: Proxy, step: int, *, persisted: bool, act: Act) -> None:
    """Do an act whose commit is cut: nobody hears what became of it."""
    fault = proxy.arm(step, persisted=persisted)
    with pytest.raises((UnknownOutcome, NotAvailable, psycopg.OperationalError)):
        await act()
    assert fault.fired, proxy.seen[-1]


async def do(act: Act) -> Transfer:
    done = await act()
    assert isinstance(done, Transfer), done
    return done


async def test_what_failed_is_not_there_and_what_was_done_is_done_once(database: str) -> None:
    tenant = await shop.furnish(database, [shop.level(SKU, 50), shop.level(SKU, 0, TO)])
    async with open_proxy(database) as proxy, shop.open_hubs(proxy.url) as (hub,):
        me = shop.TESTER
        made: list[uuid.UUID] = []

        def plan() -> Any:
            return transfers.plan(hub, tenant, wish("one", 20), me)

        def dispatch() -> Any:
            return transfers.dispatch(hub, tenant, made[0], "out", {SKU: 18}, "", me)

        def receive() -> Any:
            return transfers.receive(hub, tenant, made[0], "in", {SKU: (15, 1)}, "", me, final=True)

        before: list[tuple[Any, ...]] = [(50, 0, 0), (0, 0, 0)]
        for act, after in (
            (plan, [(50, 20, 0), (0, 0, 0)]),
            (dispatch, [(32, 0, 0), (0, 0, 18)]),
            (receive, [(32, 0, 0), (15, 0, 0)]),
        ):
            for step in (3, 5, COMMIT):
                await fail(proxy, step, persisted=False, act=act)
                assert await shop.query(database, ROWS) == before
            await fail(proxy, COMMIT, persisted=True, act=act)
            assert await shop.query(database, ROWS) == after
            made.append((await do(act)).id)
            assert await shop.query(database, ROWS) == after
            before = after
        assert len(set(made)) == 1
    await shop.must_be_true(database, tenant, 0, time.time_ns() // 1_000_000)


async def test_orders_and_transfers_want_the_same_units(database: str) -> None:
    """Two nodes plan, send back and sell: no unit is promised twice, and none is lost."""
    tenant = await shop.furnish(database, [shop.level(SKU, 40), shop.level(SKU, 40, TO)])
    async with shop.open_hubs(database, database) as hubs:
        outcomes = await asyncio.gather(
            *(one_of(hubs[n % 2], tenant, n) for n in range(60)), return_exceptions=True
        )
    odd = [o for o in outcomes if isinstance(o, BaseException)]
    assert odd == []
    assert await shop.deadlocks(database) == 0
    rows = await shop.query(database, ROWS)
    assert all(0 <= reserved <= on_hand for on_hand, reserved, _ in rows)
    assert sum(on_hand + in_transit for on_hand, _, in_transit in rows) == 80
    orders = sum(isinstance(o, Answer) for o in outcomes)
    assert orders == 20
    await shop.must_be_true(database, tenant, orders, time.time_ns() // 1_000_000)


async def one_of(hub: Hub, tenant: int, n: int) -> Any:
    """Sell three units, or move four of one warehouse to the other and perhaps back."""
    if n % 3 == 0:
        (told,) = await hub.place([shop.request(tenant, f"n{n}", (SKU, 3))])
        return told
    ends = (FROM, TO) if n % 3 == 1 else (TO, FROM)
    lines = (PlannedUnits(quantity=4, sku=SKU),)
    asked = Plan(from_warehouse=ends[0], to_warehouse=ends[1], lines=lines, key=f"k{n}")
    made = await transfers.plan(hub, tenant, asked, shop.TESTER)
    if isinstance(made, Refusal):
        assert made.code == "transfer_short"
        return made
    if n % 4 == 0:
        return await transfers.cancel(hub, tenant, made.id, "tests", shop.TESTER)
    await transfers.dispatch(hub, tenant, made.id, "out", {}, "", shop.TESTER)
    if n % 4 == 1:
        return made
    return await transfers.receive(
        hub, tenant, made.id, "in", {SKU: (4, 0)}, "", shop.TESTER, final=False
    )
