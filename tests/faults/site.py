"""A merchant's site for tests that kill: a database, HTTP nodes and workers of their own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psycopg

from danshu.bench import load, rig
from danshu.capabilities.stock.model import StockLevel
from danshu.hub import compose, merchants
from danshu.ledger import engine
from tests.faults import shop
from tests.fixtures.engine import FAST
from tests.fixtures.hub import PAID_AT, assets_apart

PATIENCE_S = 60.0  # only so that a failing test ends
HANGZHOU = [["浙江省", "杭州市"]]


async def _furnish(url: str, levels: Sequence[StockLevel]) -> tuple[int, str]:
    tenant = await shop.furnish(url, levels)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as c:
        return tenant, await merchants.issue_key(c, tenant, "tests", "admin", shop.TESTER)


@contextlib.contextmanager
def open_site(made: Path, levels: Sequence[StockLevel]) -> Iterator[rig.Rig]:
    """Own the database in `made`; no process has been started yet."""
    with assets_apart(), engine.start(made, FAST) as store:
        compose.prepare(store.url)
        tenant, key = asyncio.run(_furnish(store.url, levels))
        site = rig.Rig(url=store.url, ports=[], processes={}, tenant=tenant, key=key, store=store)
        try:
            yield site
        finally:
            rig.stop_all(site)


def start_server(site: rig.Rig, name: str, url: str = "", port: int = 0) -> int:
    """Start an HTTP node, on the database or on what stands before it; give its port."""
    port = port or rig.free_port()
    site.processes[name] = rig.start_process(url or site.url, "serve", "--port", str(port))
    return port


def start_work(site: rig.Rig) -> None:
    """Start the workers."""
    site.processes["work"] = rig.start_process(site.url, "work")


def kill(site: rig.Rig, name: str) -> None:
    """Kill a process as the kernel does when memory is short."""
    process = site.processes[name]
    process.kill()
    process.wait()


def kill_database(site: rig.Rig) -> None:
    """Kill the postmaster; the engine starts it again by itself."""
    os.kill(site.pg_pid, signal.SIGKILL)


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for something that must come."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def plan(site: rig.Rig, port: int, prefix: str, **more: Any) -> load.Plan:
    """Make a load of small orders to Hangzhou."""
    what = {"rate": 250.0, "seconds": 4.0, "connections": 24, "seed": 1, "zipf": 1.0} | more
    return load.Plan(
        host="127.0.0.1",
        port=port,
        key=site.key,
        prefix=prefix,
        regions=HANGZHOU,
        skus=list(shop.CODES),
        **what,
    )


def body(number: str, sku: str, units: int = 1) -> dict[str, Any]:
    """Make the JSON of an order."""
    return {
        "number": number,
        "lines": [{"sku": sku, "quantity": units, "price_fen": 100}],
        "receiver": {
            "name": "张示例",
            "phone": "13900000000",
            "province": "浙江省",
            "city": "杭州市",
            "detail": "示例路 1 号",
        },
        "paid_at": PAID_AT,
    }


def client(site: rig.Rig, port: int) -> httpx.AsyncClient:
    """Talk to a node with the admin's key."""
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        headers={"authorization": f"Bearer {site.key}"},
        timeout=PATIENCE_S,
        limits=httpx.Limits(max_connections=300),
        trust_env=False,
    )


def finish(drive: subprocess.Popen[bytes]) -> load.Outcome:
    """Wait for a load to end, and give what came back."""
    assert drive.stdout is not None
    out = drive.stdout.read()
    drive.wait()
    return msgspec.json.decode(out, type=load.Outcome)


async def stored(url: str) -> dict[str, int]:
    """Count the orders of each number that came over HTTP."""
    rows = await shop.query(url, "select substr(okey, 5), count(*) from orders group by 1")
    return dict(rows)


async def check(site: rig.Rig, acknowledged: Sequence[str]) -> int:
    """Every acknowledged order is there once and whole, nothing half written, audits clean."""
    there = await stored(site.url)
    lost = [n for n in acknowledged if there.get(n) != 1]
    assert not lost, f"{len(lost)} of {len(acknowledged)} acknowledged orders: {lost[:3]}"
    assert set(there.values()) <= {1}
    await shop.must_be_true(site.url, site.tenant, len(there), compose.now_ms())
    assert await shop.deadlocks(site.url) == 0
    return len(there)
