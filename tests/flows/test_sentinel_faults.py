"""Injected faults: each class among many right orders is found, all of it and nothing else."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, Any

import psycopg

from danshu.hub import sentinel_arrivals, sentinel_shops
from danshu.testing import faults
from tests.fixtures.hub import TESTER

if TYPE_CHECKING:
    from danshu.testing.faults import Injection
    from tests.fixtures.hub import House

ORDERS, FAULTS = 2_000, 196


async def _commit(url: str, tenant: int, injection: Injection, now_ms: int) -> None:
    numbered = sentinel_shops.NewShop(
        channel="wechat-miniprogram", shop=faults.NUMBERED, is_sequence=True
    )
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as c:
        await sentinel_shops.put(c, tenant, numbered, TESTER, now_ms)
        for stories in injection.make(ORDERS, FAULTS):
            await faults.commit(c, tenant, stories)


async def _score(url: str, tenant: int, injection: Injection, now_ms: int) -> Any:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as c:
        await sentinel_arrivals.look_at_gaps(c, tenant, now_ms + 60_000)
        return await faults.score(c, tenant, injection.expected)


def test_every_fault_is_found_and_nothing_else(house: House) -> None:
    now_ms = time.time_ns() // 1_000_000 - ORDERS
    injection = faults.Injection(11, now_ms)
    asyncio.run(_commit(house.url, house.tenant, injection, now_ms))
    house.work("sequence", "sentinel")
    scores = asyncio.run(_score(house.url, house.tenant, injection, now_ms))
    for kind, score in scores.items():
        sys.stdout.write(
            f"{kind}: recall {score.recall:.4f} precision {score.precision:.4f} of {score.faults}\n"
        )
    assert set(scores) == set(faults.KINDS)
    assert {k: (s.recall, s.precision) for k, s in scores.items() if s.findings != s.faults} == {}
    assert all(score.right == score.faults > 0 for score in scores.values())
    board = house.call("GET", "/v1/findings/board").json()
    counted = {kind: 0 for kind in faults.KINDS}
    for row in board["counts"]:
        counted[row["kind"]] += row["n"]
    assert counted == {kind: score.faults for kind, score in scores.items()}
    assert sum(row["open"] for row in board["incidents"]) == FAULTS
