"""`danshu bench assets`: the heat map of 10,000,000 orders against hand-written SQL over the same
files, a refresh after 100,000 facts that were placed for real, a question in business words, and a
leak traced among 1,000 recipients.

`heatmap_s` is the engine's own build (query by ibis, cells written as a file) of
`fulfilment-heatmap`; its floor is a query written by hand that gives the same cells, compared in
the same run; both twice, turn about, the least of each. The ratio is that of CPU, which a busy
machine disturbs less. `--size` are orders of the heat map; the facts of the refresh shrink with
them.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.bench import asset_rows, traces
from danshu.bench import rig as rigs
from danshu.bench.load import Plan
from danshu.bench.place import ambient, plenty
from danshu.bench.report import Report, make_report, read_machine
from danshu.capabilities.people.policies import Principal
from danshu.hub import asset_search, asset_store, assets, rights
from danshu.hub.compose import Hub
from danshu.hub.worlds import now_ms
from danshu.kernel import fact
from danshu.kernel.limits import ASSET_BATCH, ASSET_BUILD_MB, ASSET_THREADS
from danshu.ledger.follow import read_beside

if TYPE_CHECKING:
    from danshu.bench.rig import Rig

ORDERS: Final = 10_000_000
FACTS: Final = 100_000
BUDGET: Final = {
    "heatmap_ratio_to_sql": 1.3,
    "incremental_s": 5.0,
    "search_ms": 50.0,
    "trace_s": 10.0,
}
_ASSET: Final = "fulfilment-heatmap"
_TENANT: Final = 1
_ROUNDS: Final = 2
_SETTLE_S: Final = 120
_QUESTIONS: Final = (
    "上个月各省的订单数", "哪个渠道退货最多", "广东的签收时长", "承诺兑现率", "毛利最高的渠道",
    "上周各仓的拆单率", "客户最常投诉的履约环节", "哪些商品常常一起买",
)  # fmt: skip
_BY_HAND: Final = """
with paid as (select stream, min("at") as paid from payments group by stream),
times as (select stream, min(occurred) filter (step = 'shipped') as picked_up,
    max(occurred) filter (step = 'delivered') as signed
  from steps where step in ('shipped', 'delivered') group by stream),
said as (select stream, code, arg_max(case when event in ('corrected', 'ruled') then verdict
    else event end, seq) as verdict from promises where event in ('kept', 'broken', 'late',
    'borderline', 'superseded', 'corrected', 'ruled') group by stream, code),
judged as (select stream, sum((verdict <> 'kept')::int) as missed from said semi join
    (select stream, code from promises where event = 'made') made using (stream, code)
  where verdict in ('kept', 'broken', 'late') group by stream),
t as (select region, ((created + 28800000) // 3600000) % 24 as hour,
    (picked_up - coalesce(paid, created)) // 60000 as to_pickup,
    (signed - coalesce(paid, created)) // 60000 as to_sign, missed
  from orders left join paid using (stream) left join times using (stream)
  left join judged using (stream))
select left(region, 2) || '0000' as province, region, hour, count(*), count(to_pickup),
  count(to_sign), floor(quantile_cont(to_pickup, 0.5) + 0.46)::bigint,
  floor(quantile_cont(to_pickup, 0.9) + 0.46)::bigint,
  floor(quantile_cont(to_sign, 0.5) + 0.46)::bigint,
  floor(quantile_cont(to_sign, 0.9) + 0.46)::bigint, count(missed),
  (sum((missed = 0)::int) * 2000 + count(missed)) // nullif(count(missed) * 2, 0)
from t group by 1, 2, 3 order by 1, 2, 3
"""
"""What somebody who knows DuckDB would write for the same cells."""


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure all four; `seconds` is not used."""
    del seconds
    machine, orders = read_machine(), size or ORDERS
    facts = min(FACTS, max(10_000, orders // 100))
    with tempfile.TemporaryDirectory(prefix="danshu-assets-") as folder:
        figures, floor = _heat(Path(folder), orders)
        figures |= traces.measure(Path(folder))
    more, beneath = _refresh(facts)
    figures |= more
    floor |= beneath
    return make_report(
        "assets", figures=figures, floor=floor, budget=BUDGET, machine=machine,
        ratio={
            "heatmap_s": figures["heatmap_ratio_to_sql"],
            "incremental_s": round(figures["incremental_s"] / floor["incremental_s"], 2),
        },
    )  # fmt: skip


def _heat(folder: Path, orders: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Build the heat map and run the query by hand, turn about, over the same files."""
    index = asset_rows.write(folder / str(_TENANT), orders, _tell)
    size = sum(f.size for piece in index.pieces for f in piece.files.values())
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    cells = 0
    for _ in range(_ROUNDS):
        by_hand, took = _timed(lambda: _by_hand(folder))
        theirs.append(took)
        built, took = _timed(lambda: _build(folder))
        ours.append(took)
        if built != by_hand:
            raise RuntimeError("the heat map and the query by hand differ")
        cells = len(built)
    cpu_s, wall_s = min(ours)[0], min(w for _, w in ours)
    floor_cpu_s, floor_wall_s = min(theirs)[0], min(w for _, w in theirs)
    figures = {
        "heatmap_s": wall_s,
        "heatmap_cpu_s": cpu_s,
        "heatmap_ratio_to_sql": round(cpu_s / floor_cpu_s, 2),
        "heatmap_orders": orders,
        "heatmap_cells": cells,
        "sources_mb": size >> 20,
    }
    return figures, {"heatmap_s": floor_wall_s, "heatmap_cpu_s": floor_cpu_s}


def _timed(work: Any) -> tuple[Any, tuple[float, float]]:
    began, wall = time.process_time(), time.perf_counter()
    made = work()
    return made, (time.process_time() - began, time.perf_counter() - wall)


def _build(folder: Path) -> list[tuple[Any, ...]]:
    """Build the asset as the room does, and read what was written."""
    import pyarrow.parquet as pq

    with asset_store.open_store(folder, _TENANT, memory_mb=ASSET_BUILD_MB) as store:
        built = asset_store.build(store, assets.find(_ASSET), "bench", 0)
    table = pq.read_table(folder / str(_TENANT) / built.file.name)
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _by_hand(folder: Path) -> list[tuple[Any, ...]]:
    """Run the query by hand, with as many threads and as much memory."""
    import duckdb

    mine = folder / str(_TENANT)
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": ASSET_THREADS,
        "memory_limit": f"{ASSET_BUILD_MB}MB",
        "temp_directory": str(mine / ".spill"),
        "preserve_insertion_order": False,
    }
    with duckdb.connect(config=settings) as engine:
        for name in ("orders", "payments", "steps", "promises"):
            path = mine / "sources" / name / "*.parquet"
            engine.execute(f"create view {name} as select * from read_parquet('{path}')")
        found: list[tuple[Any, ...]] = engine.execute(_BY_HAND).fetchall()
    return found


def _refresh(facts: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Place orders on a real hub until so many facts are new, and refresh."""
    with rigs.open_rig(plenty(), workers=False) as rig, contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="danshu-assets-")))
        rig.processes["sequence"] = rigs.start_process(rig.url, "work", "--only", "sequence")
        plan = Plan(
            host="127.0.0.1", port=rig.ports[0], key=rig.key, rate=20, seconds=5, orders=100,
            regions=rigs.places(), skus=ambient(),
        )  # fmt: skip
        rigs.drive(msgspec.structs.replace(plan, prefix="b"))
        each = _settle(rig) / 10_000  # facts of an order
        asyncio.run(_bring_up(rig, folder))
        before = _settle(rig)
        seconds = max(1, round(facts / each / 2_000))
        rigs.drive(msgspec.structs.replace(plan, prefix="n", seconds=seconds, seed=2))
        new = _settle(rig) - before
        cpu_s, wall_s = asyncio.run(_bring_up(rig, folder, _ASSET))
        floor_s = asyncio.run(_decode(rig, before))
        rest_cpu_s, rest_wall_s = asyncio.run(_bring_up(rig, folder))
        figures = {
            "incremental_s": wall_s,
            "incremental_cpu_s": cpu_s,
            "incremental_facts": new,
            "incremental_all_s": wall_s + rest_wall_s,
            "incremental_all_cpu_s": cpu_s + rest_cpu_s,
        }
        figures["search_ms"] = asyncio.run(_search(rig))
    return figures, {"incremental_s": floor_s}


def _settle(rig: Rig) -> int:
    """Wait until the log has every fact; gives how many."""
    until_s = time.monotonic() + _SETTLE_S
    last = -1
    while time.monotonic() < until_s:
        ((size,),) = rigs.query(
            rig.url, "select coalesce(sum(size),0)::int8 from books where tenant=%s", rig.tenant
        )
        if size == last:
            return int(size)
        last = size
        time.sleep(2.0)
    raise RuntimeError("the log does not settle")


async def _bring_up(rig: Rig, folder: Path, *names: str) -> tuple[float, float]:
    """Refresh; CPU and wall seconds of this process."""
    async with await psycopg.AsyncConnection.connect(rig.url, autocommit=True) as connection:
        began, wall = time.process_time(), time.perf_counter()
        runs = await assets.bring_up(connection, rig.tenant, folder, names, clock=now_ms)
        took = time.process_time() - began, time.perf_counter() - wall
    if failed := [run.trouble for run in runs if run.trouble]:
        raise RuntimeError(failed[0])
    return took


async def _decode(rig: Rig, first: int) -> float:
    """Read the new leaves and decode them whole, by nothing more than that; wall seconds."""
    ((half, size),) = rigs.query(
        rig.url, "select half, size from books where tenant=%s", rig.tenant
    )
    decode = msgspec.json.Decoder().decode
    async with await psycopg.AsyncConnection.connect(rig.url, autocommit=True) as connection:
        wall = time.perf_counter()
        for at in range(first, size, ASSET_BATCH):
            end = min(size, at + ASSET_BATCH)
            for row in (await read_beside(connection, rig.tenant, half, at, end)).rows:
                for body in fact.unpack(row[3]):
                    decode(body)
        return time.perf_counter() - wall


async def _search(rig: Rig) -> float:
    """Ask questions in business words; the slowest to be understood and ranked, in ms."""
    hub = Hub(rig.url)
    await hub.start()
    try:
        principal = Principal(kind=rights.KEY, id="bench", name="bench", roles=("admin",))
        async with hub.connection() as connection:
            seated = await rights.Rights().seat(connection, rig.tenant, "bench", 0, principal)
        for question in _QUESTIONS:  # the first one puts the words together
            await asset_search.find(hub, rig.tenant, seated, question)
        told = [
            (await asset_search.find(hub, rig.tenant, seated, q)).understood_ms for q in _QUESTIONS
        ]
    finally:
        await hub.close()
    return max(told)


def _tell(done: int, total: int) -> None:
    if isinstance(sys.stderr, io.TextIOBase) and sys.stderr.isatty():
        sys.stderr.write(f"\r{done:,} / {total:,}")
