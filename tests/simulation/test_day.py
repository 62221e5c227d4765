"""Whole days from seeds: two nodes, everything at once, restarts, lost connections."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from danshu.capabilities.stock.facts import QuotaSet
from danshu.hub import shelves
from danshu.testing import simulation
from danshu.testing.simulation import CHANNELS, Stage
from tests.faults import shop
from tests.faults.proxy import COMMIT, Proxy, open_proxy
from tests.simulation import invariants

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio

START_MS = 1_795_132_800_000  # 2026-11-20T00:00:00Z
PLACES = (("浙江省", "杭州市"), ("浙江省", "宁波市"), ("北京市", "北京市"), ("上海市", "上海市"))


async def stage(
    url: str, *urls: str, disturb: Callable[[random.Random], None] | None = None
) -> Stage:
    """Furnish the shop with little stock and a few quotas."""
    import psycopg

    tenant = await shop.furnish(url, shop.everywhere(25))
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as c:
        for n, channel in enumerate(CHANNELS[:3]):
            for warehouse in shop.WAREHOUSES:
                quota = QuotaSet(
                    warehouse=warehouse.code, sku=shop.CODES[n], channel=channel, cap=4 + n
                )
                await shelves.set_quota(c, tenant, quota, shop.TESTER)
    return Stage(
        urls=urls or (url, url),
        tenant=tenant,
        skus=shop.CODES,
        warehouses=tuple(w.code for w in shop.WAREHOUSES),
        places=PLACES,
        start_ms=START_MS,
        disturb=disturb,
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_day_on_two_nodes(database: str, seed: int) -> None:
    tally = await simulation.live(await stage(database), seed)
    figures = await invariants.check(database, tally_tenant(database), tally)
    assert len(tally.orders) > 100
    assert tally.refusals < tally.acts
    assert tally.fired
    assert {"shipped", "cancelled", "kept", "broken"} <= set(figures), figures


def tally_tenant(url: str) -> int:
    import psycopg

    with psycopg.connect(url) as connection:
        row = connection.execute("select id from tenants where code='shop'").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("seed", [11])
async def test_a_day_with_lost_connections(database: str, seed: int) -> None:
    """Now and then a node's connection is cut, before a statement or after the commit."""
    async with open_proxy(database) as one, open_proxy(database) as two:

        def disturb(rng: random.Random) -> None:
            proxies: tuple[Proxy, ...] = (one, two)
            for proxy in proxies:
                if rng.random() < 0.15:
                    if rng.random() < 0.4:
                        proxy.arm(COMMIT, persisted=True)
                    else:
                        proxy.arm(rng.randint(1, 6))

        made = await stage(database, one.url, two.url, disturb=disturb)
        tally = await simulation.live(made, seed)
    assert tally.unsure, "nothing was cut: the test tests nothing"
    await invariants.check(database, made.tenant, tally)
