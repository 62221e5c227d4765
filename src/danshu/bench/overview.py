"""`danshu bench overview`: the overview and exact counts over the counters of millions of orders.

`size` orders (10,000,000) in 30 days over 8 channels and 37 warehouses, as counters only: nothing
here reads an order. `overview_ms` is the 99th percentile of the database's time for today's
overview, from sending to the last row; the others are told beside it.
Floor: the orders by state alone, one question by one index.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.bench import overview_rows
from danshu.bench.report import Report, make_report, percentile
from danshu.bench.rig import BENCH
from danshu.hub import board_queries, catalogues, compose, counts, merchants
from danshu.hub.board_frame import Frame
from danshu.hub.board_marks import ANYWHERE, EVERY, Kind
from danshu.hub.board_views import Boards
from danshu.hub.filters import Asked
from danshu.ledger import engine
from danshu.testing import merchant

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SIZE: Final = 10_000_000
SECONDS: Final = 20
BUDGET: Final = {"overview_ms": 100.0, "count_ms": 10.0, "first_ms": 500.0}
_SETTINGS: Final = {
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
    "fsync": "off",  # filling only; reading does not wait for it
    "full_page_writes": "off",
    "autovacuum": "off",
    "work_mem": "64MB",
}
_FLOOR: Final = f"""
select state, sum(n)::int8, sum(amount)::int8 from board_counts
where tenant=%s and kind={int(Kind.STATE)} and wh={ANYWHERE} and channel='{EVERY}' group by 1
"""


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure over the counters of `size` orders (10,000,000) for about `seconds` (20)."""
    with (
        tempfile.TemporaryDirectory(prefix="danshu-") as folder,
        engine.start(Path(folder) / "pg", _SETTINGS) as store,
    ):
        compose.prepare(store.url)
        tenant = asyncio.run(_furnish(store.url))
        with psycopg.connect(store.url, autocommit=True) as connection:
            overview_rows.fill(connection, tenant, size or SIZE, compose.now_ms())
            row = connection.execute("select count(*) from board_counts").fetchone()
        rows = int(row[0]) if row else 0
        return asyncio.run(_measure(store.url, tenant, rows, size or SIZE, seconds or SECONDS))


async def _furnish(url: str) -> int:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        tenant = await merchants.create_tenant(connection, "board", "看板商户", BENCH)
        await catalogues.put_regions(connection, tenant, merchant.regions(), BENCH)
        await catalogues.put_warehouses(connection, tenant, merchant.warehouses(), BENCH)
        return tenant


async def _measure(url: str, tenant: int, rows: int, size: int, seconds: int) -> Report:
    async with compose.open_hub(url) as hub, hub.connection() as connection:
        world = await hub.worlds.ensure(tenant)
        began_s = time.perf_counter()
        board = await Boards(hub).read(tenant)
        first_ms = (time.perf_counter() - began_s) * 1000
        wh = world.warehouses[0].code
        frames = {
            "today": _frame(tenant, "", "", None, "today"),
            "channel": _frame(tenant, "jd", "", None, "today"),
            "warehouse": _frame(tenant, "", wh, 0, "today"),
            "7d": _frame(tenant, "", "", None, "7d"),
            "7d_warehouse": _frame(tenant, "", wh, 0, "7d"),
        }
        asked = (
            Asked(),
            Asked(states=(35,)),
            Asked(channels=("jd", "pdd"), warehouses=(0, 1)),
            Asked(placed_from_ms=frames["today"].begin_ms, states_not=(5,)),
        )
        share_s = seconds / (len(frames) + 2)

        def ask(frame: Frame) -> Callable[[], Awaitable[Any]]:
            return lambda: board_queries.ask(connection, frame)

        async def count() -> None:
            for one in asked:
                known = await counts.count_by_board(connection, tenant, one)
                assert known is not None

        async def floor() -> None:
            await (await connection.execute(_FLOOR, (tenant,), binary=True)).fetchall()

        times = {name: await _time(ask(frame), share_s) for name, frame in frames.items()}
        counted = await _time(count, share_s)
        least = await _time(floor, share_s)
    p99 = {name: round(percentile(ms, 0.99), 2) for name, ms in times.items()}
    return make_report(
        "overview",
        figures={
            "overview_ms": p99["today"],
            "count_ms": percentile(counted, 0.99) / len(asked),
            "first_ms": first_ms,
            "p99_ms": p99,
            "p50_ms": {name: round(percentile(ms, 0.5), 2) for name, ms in times.items()},
            "orders": size,
            "orders_today": board.figures.orders.count,
            "counters": rows,
        },
        floor={"overview_ms": percentile(least, 0.99)},
        budget=BUDGET,
    )


def _frame(tenant: int, channel: str, warehouse: str, wh: int | None, range_: str) -> Frame:
    return Frame(
        tenant=tenant,
        channel=channel,
        warehouse=warehouse,
        wh=wh,
        range=range_,
        now_ms=compose.now_ms(),
    )


async def _time(work: Callable[[], Awaitable[Any]], share_s: float) -> list[float]:
    """Do it again and again; milliseconds of each, sorted, the first ones left out."""
    times: list[float] = []
    end_s = time.monotonic() + share_s
    while time.monotonic() < end_s or len(times) < 20:
        began_s = time.perf_counter()
        await work()
        times.append((time.perf_counter() - began_s) * 1000)
    return sorted(times[3:])
