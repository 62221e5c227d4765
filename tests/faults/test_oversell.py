"""More buyers than units, over two nodes: nothing oversold, nothing undersold, sums exact."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter

import numpy as np
import pytest

from tests.faults import shop

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio

UNITS = 5


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.mark.parametrize("buyers", [24, 64, 256])
async def test_five_units_over_two_nodes(database: str, buyers: int) -> None:
    tenant = await shop.furnish(database, [shop.level(shop.CODES[0], UNITS)])
    async with shop.open_hubs(database, database) as hubs:
        made = await asyncio.gather(
            *(
                hubs[n % 2].place([shop.request(tenant, f"n{n}", (shop.CODES[0], 1))])
                for n in range(buyers)
            )
        )
    got = shop.answers([o for (o,) in made])
    assert Counter(shop.reserved(a) for a in got) == {1: UNITS, 0: buyers - UNITS}
    assert Counter(a.open_units for a in got) == {0: UNITS, 1: buyers - UNITS}
    assert await shop.query(database, "select on_hand, reserved from stock") == [(UNITS, UNITS)]
    assert await shop.deadlocks(database) == 0
    await shop.must_be_true(database, tenant, buyers, now_ms())


async def test_units_that_come_in_small_pieces(database: str) -> None:
    """Buyers of 1 to 3 units; one who wants 3 of the last 2 gets none, one who wants 1 may."""
    tenant = await shop.furnish(database, [shop.level(shop.CODES[0], 40)])
    rng = random.Random(7)
    wants = [rng.randint(1, 3) for _ in range(120)]
    async with shop.open_hubs(database, database) as hubs:
        made = await asyncio.gather(
            *(
                hubs[n % 2].place([shop.request(tenant, f"n{n}", (shop.CODES[0], q))])
                for n, q in enumerate(wants)
            )
        )
    got = shop.answers([o for (o,) in made])
    sold = sum(shop.reserved(a) for a in got)
    assert all(shop.reserved(a) + a.open_units == q for a, q in zip(got, wants, strict=True))
    assert sold == 40
    assert await shop.query(database, "select on_hand, reserved from stock") == [(40, 40)]
    await shop.must_be_true(database, tenant, len(wants), now_ms())


@pytest.mark.parametrize("seed", [1, 2])
async def test_hot_goods_in_baskets_over_two_nodes(database: str, seed: int) -> None:
    """Zipf 1.1 over the SKUs, one to four lines, some of one SKU twice; the hot ones sell out."""
    tenant = await shop.furnish(database, shop.everywhere(15))
    rng = np.random.default_rng(seed)
    weights = 1.0 / np.arange(1, len(shop.CODES) + 1) ** 1.1
    weights /= weights.sum()
    baskets = [
        [
            (shop.CODES[s], int(rng.integers(1, 3)))
            for s in rng.choice(len(shop.CODES), size=int(rng.integers(1, 5)), p=weights)
        ]
        for _ in range(300)
    ]
    async with shop.open_hubs(database, database) as hubs:
        made = []
        for start in range(0, len(baskets), 60):  # waves, so that predictions are wrong at times
            made += await asyncio.gather(
                *(
                    hubs[n % 2].place([shop.request(tenant, f"n{n}", *baskets[n])])
                    for n in range(start, start + 60)
                )
            )
    got = shop.answers([o for (o,) in made])
    sold: Counter[tuple[str, str]] = Counter()
    for answer in got:
        for part in answer.plan:
            for share in part.lines:
                sold[part.warehouse, share.sku] += share.quantity
    rows = await shop.query(
        database,
        "select w.code, k.code, s.on_hand, s.reserved from stock s"
        " join warehouses w on w.tenant=s.tenant and w.no=s.wh"
        " join skus k on k.tenant=s.tenant and k.no=s.sku",
    )
    assert {(w, s): r for w, s, _, r in rows} == {(w, s): sold[w, s] for w, s, _, _ in rows}
    assert all(r <= units for _, _, units, r in rows)
    assert any(a.open_units for a in got), "nothing sold out: the test is too easy"
    assert await shop.deadlocks(database) == 0
    await shop.must_be_true(database, tenant, len(baskets), now_ms())
