"""`danshu bench sentinel`: what the sentinel costs beside the placing, and how soon a finding is on
the board; with `--faults`, whether it finds injected faults, all of them and nothing else.

`cpu_share_percent` is the CPU of the room `sentinel` with its connection's share of the database,
while orders are placed at `--size` a second, against the CPU of the hub at the same work: servers,
the log's rooms and the rest of the database. `board_ms` is the 99th percentile, over faults placed
meanwhile, from the answer that acknowledged the fact's commit to the finding in `GET /v1/findings`,
which is asked every 20 ms. The floor reads the same facts from the database and decodes their
envelopes, and finds nothing.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec
import numpy as np
import psycopg
from msgspec.structs import replace

from danshu.bench import rig as rigs
from danshu.bench.cpu import cpu_us
from danshu.bench.load import Outcome, Plan
from danshu.bench.place import ambient, plenty
from danshu.bench.report import Report, make_report, read_machine, read_rss_mb
from danshu.capabilities.sentinel.model import BY_CODE
from danshu.kernel import fact
from danshu.ledger import migrate, write
from danshu.testing import fault_run, fault_trades

if TYPE_CHECKING:
    from danshu.bench.rig import Rig

RATE: Final = 4_421
BUDGET: Final = {"cpu_share_percent": 10.0, "board_ms": 1_000.0}
ORDERS: Final = 1_000_000
FAULT_SHARE: Final = 100
_ROOMS: Final = ("sequence", "seal", "sentinel")
_FAULTS: Final = 60
_ASK_S: Final = 0.02
_SETTLE_S: Final = 180
_STOCK: Final = 5_000  # of each SKU that is sold for faults, in each warehouse
_DAYS: Final = 60  # before today, over which orders with faults are spread


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure the share at `size` orders a second, and findings meanwhile."""
    seconds = seconds or 20
    with rigs.open_rig(plenty(), workers=False) as rig:
        for room in _ROOMS:
            rig.processes[room] = rigs.start_process(rig.url, "work", "--only", room)
        plan = Plan(
            host="127.0.0.1",
            port=rig.ports[0],
            key=rig.key,
            rate=size or RATE,
            seconds=seconds,
            regions=rigs.places(),
            skus=ambient(),
        )
        rigs.drive(msgspec.structs.replace(plan, prefix="w", seconds=3, seed=2))
        _settle(rig)
        before = _cpu(rig)
        out, waits = asyncio.run(_work(rig, plan))
        _settle(rig)  # what the rooms still owe counts too
        after = _cpu(rig)
        floor = _floor(rig)
    orders = max(1, out.answered)
    used = {name: (after[name] - before[name]) / orders for name in after}
    sentinel = used["sentinel"] + used["watching"]
    hub = used["server"] + used["sequence"] + used["seal"] + used["database"] - used["watching"]
    figures = {
        "cpu_share_percent": round(100 * sentinel / hub, 2),
        "board_ms": round(float(np.percentile(waits, 99)), 1),
        "board_median_ms": round(float(np.median(waits)), 1),
        "sentinel_us_per_order": round(sentinel, 1),
        "sentinel_database_us": round(used["watching"], 1),
        "hub_us_per_order": round(hub, 1),
        "orders": orders,
        "offered_per_s": size or RATE,
        "answered_per_s": round(out.answered / max(out.wall_s, 0.001)),
        "faults": len(waits),
    }
    plain = {"sentinel_us_per_order": floor}
    return make_report("sentinel", figures=figures, floor=plain, budget=BUDGET)


def run_faults(seconds: int | None = None, size: int | None = None) -> Report:
    """Inject one fault in a hundred orders; what was found of each class."""
    del seconds
    orders = size or ORDERS
    machine = read_machine()
    goods = {sku.code for sku in fault_trades.SKUS}
    stock = [replace(level, on_hand=_STOCK) for level in plenty() if level.sku in goods]
    with rigs.open_rig(stock, servers=0, workers=False) as rig:
        _make_days(rig.url)
        began_s = time.monotonic()
        injected = fault_run.Run(rig.url, rig.tenant, orders, orders // FAULT_SHARE)
        scores = asyncio.run(injected.play(_tell))
        sys.stderr.write("\n")
        figures: dict[str, Any] = {
            "orders": orders,
            "faults": sum(score.faults for score in scores.values()),
            "findings": sum(score.findings for score in scores.values()),
            "wall_s": round(time.monotonic() - began_s, 1),
            "rss_mb": round(read_rss_mb()),
        }
    for kind, score in scores.items():
        figures[kind] = {
            "injected": score.faults,
            "found": score.findings,
            "right": score.right,
            "recall": round(score.recall, 6),
            "precision": round(score.precision, 6),
            "exact": BY_CODE[kind].exact,
        }
    met = all(
        score.right == score.faults == score.findings
        for kind, score in scores.items()
        if BY_CODE[kind].exact
    )
    return make_report("sentinel", figures=figures, floor={}, budget={}, met=met, machine=machine)


def _make_days(url: str) -> None:
    """Make the partitions of the weeks that the load lies in."""
    first = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=_DAYS)
    with psycopg.connect(url, autocommit=True) as connection:
        migrate.make_partitions(connection, first, _DAYS)


def _tell(placed: int) -> None:
    """Say on the error stream how far a run has come."""
    sys.stderr.write(f"\r{placed:>9,} orders")
    sys.stderr.flush()


async def _work(rig: Rig, plan: Plan) -> tuple[Outcome, list[float]]:
    """Offer the load, and place faults meanwhile."""
    load = asyncio.create_task(asyncio.to_thread(rigs.drive, plan))
    waits = await _find(rig, round(plan.seconds))
    return await load, waits


async def _find(rig: Rig, seconds: int) -> list[float]:
    """Place pairs of one order under two numbers; ms from the second's answer to its finding."""
    waits: list[float] = []
    headers = {"authorization": f"Bearer {rig.key}"}
    address = f"http://127.0.0.1:{rig.ports[0]}"
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=60) as client:
        end = time.monotonic() + seconds
        for nth in range(_FAULTS):
            if time.monotonic() > end:
                break
            order = ""
            for half in (1, 2):
                placed = await client.post("/v1/orders", json=_order(nth, half))
                order = placed.json().get("order", "")
            began = time.monotonic()
            while order and time.monotonic() - began < _SETTLE_S:
                asked = {"order": order, "kind": "duplicate"}
                page = (await client.get("/v1/findings", params=asked)).json()
                if page.get("items"):
                    waits.append((time.monotonic() - began) * 1000)
                    break
                await asyncio.sleep(_ASK_S)
    return waits or [float("inf")]


def _order(nth: int, half: int) -> dict[str, Any]:
    return {
        "number": f"fault-{nth}-{half}",
        "lines": [{"sku": ambient()[0], "quantity": 1, "price_fen": 990}],
        "receiver": {
            "name": "张示例", "phone": f"138{nth:08d}", "province": "浙江省",
            "city": "杭州市", "detail": "示例路 1 号",
        },
        "paid_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }  # fmt: skip


def _settle(rig: Rig) -> None:
    """Wait until the sentinel has read all that was said."""
    sql = (
        "select coalesce(bool_and(b.size = coalesce(c.position, 0)), false) and not exists"
        " (select 1 from facts f where not exists (select 1 from segments s where s.gen = f.gen"
        " and s.tenant = f.tenant and s.xid_to >= f.xid)) from books b left join cursors c"
        " on c.name='sentinel' and c.tenant=b.tenant and c.half=b.half"
    )
    end = time.monotonic() + _SETTLE_S
    while not rigs.query(rig.url, sql)[0][0]:
        if time.monotonic() > end:
            raise RuntimeError(f"the sentinel did not come to the end within {_SETTLE_S} s")
        time.sleep(0.2)


def _cpu(rig: Rig) -> dict[str, float]:
    sql = "select pid from pg_stat_activity where application_name = %s"
    watching = [pid for (pid,) in rigs.query(rig.url, sql, f"{write.WORKING} sentinel")]
    return {
        "server": sum(cpu_us(pid) for pid in rig.pids("server")),
        **{room: sum(cpu_us(pid) for pid in rig.pids(room)) for room in _ROOMS},
        "database": cpu_us(rig.pg_pid, tree=True),
        "watching": sum(cpu_us(pid) for pid in watching),
    }


def _floor(rig: Rig) -> float:
    """Read the facts of orders and decode their envelopes; CPU us an order, both sides."""
    with psycopg.connect(rig.url, autocommit=True) as connection:
        backend = connection.info.backend_pid
        before = cpu_us(backend) + time.process_time() * 1e6
        cursor = connection.cursor(binary=True)
        rows = cursor.execute("select body from facts where v = 1 limit 20000").fetchall()
        orders = 0
        for (body,) in rows:
            for part in fact.unpack(bytes(body)):
                orders += json.loads(part)["type"] == "order.placed"
        used = cpu_us(backend) + time.process_time() * 1e6 - before
    return round(used / max(1, orders), 1)
