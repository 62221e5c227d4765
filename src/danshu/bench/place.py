"""`danshu bench place`: the whole line of an order under an open loop, beside the raw floor.

Server, workers (sequencer, sealer, timers, rows) and database are real processes; the
generator is one more on the same machine and is not counted. `cpu_us_per_order` is server and
database, the connections of the ledger's rooms and of the lists' included; what the sentinel (which
has a budget of its own on top) and the journal (which need not be in time) ask of the database is
`database_beside_us`, `cpu_us_with_beside` the sum; `workers_us` is the workers' own process, all
rooms. Of the database, `database_placing_us` is the connection that places and
`database_workers_us` those of the workers; the rest is the database's own housekeeping. The floor
writes the same ready rows by COPY in groups of the same mean size.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg

from danshu.bench import rig as rigs
from danshu.bench.cpu import cpu_us
from danshu.bench.load import Outcome, Plan
from danshu.bench.report import Report, make_report
from danshu.capabilities.stock.model import StockLevel
from danshu.ledger import write
from danshu.testing import merchant

if TYPE_CHECKING:
    from danshu.bench.rig import Rig

RATE = 4_421
STEPS = (500, 1_000, 2_000)
BUDGET = {"cpu_us_per_order": 300.0, "lost": 0.0, "oversold": 0.0, "deadlocks": 0.0, "ratio": 2.0}
BESIDE = ("journal", "sentinel")
_PLENTY = 2_000_000
_TABLES = ("orders", "facts", "vault")


def plenty() -> list[StockLevel]:
    """Enough of everything everywhere."""
    return [
        StockLevel(warehouse=w.code, sku=s.code, on_hand=_PLENTY)
        for w in merchant.warehouses()
        for s in merchant.skus()
        if int(s.storage) & w.storage_bits
    ]


def ambient() -> list[str]:
    """SKUs that every warehouse may hold."""
    return [s.code for s in merchant.skus() if int(s.storage) == 1]


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure 500, 1,000, 2,000 and 4,421 orders a second, batches of 100, and the floor."""
    seconds = seconds or 30
    rate = size or RATE
    with rigs.open_rig(plenty()) as rig:
        plan = Plan(
            host="127.0.0.1",
            port=rig.ports[0],
            key=rig.key,
            rate=rate,
            seconds=seconds,
            regions=rigs.places(),
            skus=ambient(),
        )
        drive(rig, plan, "w", 500, 3)  # compiled code and caches are warm before anything counts
        figures: dict[str, Any] = {}
        acknowledged = 0
        for step in STEPS:
            out, cpu = drive(rig, plan, f"s{step}", step, min(seconds, 8))
            figures[f"p50_ms_{step}"], figures[f"p99_ms_{step}"] = out.p50_ms, out.p99_ms
            figures[f"cpu_us_per_order_{step}"] = cpu["all"]
            acknowledged += len(out.acknowledged)
        before = _groups(rig)
        out, cpu = drive(rig, plan, "m", rate, seconds)
        acknowledged += len(out.acknowledged)
        group = out.answered / max(1, _groups(rig) - before)
        batched, batch_cpu = drive(rig, plan, "n", rate / 100, min(seconds, 10), orders=100)
        acknowledged += len(batched.acknowledged)
        figures |= {
            "cpu_us_per_order": cpu["all"],
            "server_us": cpu["server"],
            "database_us": cpu["database"],
            "database_placing_us": cpu["placing"],
            "database_workers_us": cpu["following"],
            "database_beside_us": cpu["beside"],
            "cpu_us_with_beside": round(cpu["all"] + cpu["beside"], 1),
            "workers_us": cpu["work"],
            "p50_ms": out.p50_ms,
            "p99_ms": out.p99_ms,
            "sent": out.sent,
            "answered": out.answered,
            "statuses": out.statuses,
            "lost": out.sent - out.statuses.get("201", 0),
            "mean_group": round(group, 1),
            "batch_cpu_us_per_order": batch_cpu["all"],
            "batch_p99_ms": batched.p99_ms,
            "batch_placed": len(batched.acknowledged),
        }
        figures |= check(rig, acknowledged)
        floor = _floor(rig, max(1, round(group)))
    ratio = round(figures["cpu_us_per_order"] / floor["cpu_us_per_order"], 2)
    return make_report(
        "place",
        figures=figures,
        floor=floor,
        ratio={"cpu": ratio},
        budget=BUDGET,
        met=figures["cpu_us_per_order"] <= BUDGET["cpu_us_per_order"]
        and figures["lost"] == figures["oversold"] == figures["deadlocks"] == 0
        and ratio <= BUDGET["ratio"],
    )


def drive(
    rig: Rig, plan: Plan, prefix: str, rate: float, seconds: int, orders: int = 1
) -> tuple[Outcome, dict[str, float]]:
    """Drive a load and give its outcome with CPU us an order of server, workers and database."""
    import msgspec

    told = msgspec.structs.replace(
        plan, prefix=prefix, rate=rate, seconds=seconds, orders=orders, seed=hash(prefix) % 2**31
    )
    before = _cpu(rig)
    out = rigs.drive(told)
    time.sleep(1.0)  # what the workers still owe counts too
    after = _cpu(rig)
    n = max(1, out.answered * orders)
    used = {k: round((after[k] - before[k]) / n, 1) for k in after}
    used["all"] = round(used["server"] + used["database"] - used["beside"], 1)
    return out, used


def _cpu(rig: Rig) -> dict[str, float]:
    return {
        "server": sum(cpu_us(pid) for pid in rig.pids("server")),
        "work": sum(cpu_us(pid) for pid in rig.pids("work")),
        "database": cpu_us(rig.pg_pid, tree=True),
        "placing": sum(cpu_us(pid) for pid in _backends(rig, write.PLACING)),
        "following": sum(cpu_us(pid) for pid in _backends(rig, write.WORKING)),
        "beside": sum(
            cpu_us(pid) for room in BESIDE for pid in _backends(rig, f"{write.WORKING} {room}")
        ),
    }


def _backends(rig: Rig, name: str) -> list[int]:
    """Give the pids of the database's processes that serve connections whose name begins so."""
    sql = "select pid from pg_stat_activity where starts_with(application_name, %s)"
    return [pid for (pid,) in rigs.query(rig.url, sql, name)]


def _groups(rig: Rig) -> int:
    rows = rigs.query(rig.url, "select count(distinct xid::text) from facts")
    return int(rows[0][0])


def check(rig: Rig, acknowledged: int) -> dict[str, Any]:
    """Ask the database whether anything was lost, doubled or oversold."""
    ((orders, keys, rows, least, reserved, deadlocks),) = rigs.query(
        rig.url,
        "select (select count(*) from orders where tenant=%s),"
        " (select count(*) from idem where tenant=%s),"
        " (select count(*) from facts f join orders o"
        "  on o.tenant=f.tenant and o.id=f.stream and f.v=1),"
        " (select min(on_hand-reserved-safety) from stock where tenant=%s),"
        " (select sum(reserved) from stock where tenant=%s),"
        " (select deadlocks from pg_stat_database where datname=current_database())",
        *[rig.tenant] * 4,
    )
    return {
        "stored": orders,
        "missing": max(0, acknowledged - orders),
        "keys_unlike_orders": keys - orders,
        "facts_unlike_orders": rows - orders,
        "oversold": max(0, -int(least)),
        "reserved_units": int(reserved),
        "deadlocks": deadlocks,
    }


def _floor(rig: Rig, group: int) -> dict[str, float]:
    """COPY rows as they are stored now into tables of the same shape, `group` orders a commit."""
    with psycopg.connect(rig.url, autocommit=True) as connection:
        columns = {}
        for table in (*_TABLES, "idem", "timers"):
            connection.execute(f"create table floor_{table} (like {table} including all)")
            columns[table] = [
                r[0]
                for r in connection.execute(
                    "select column_name from information_schema.columns where table_name=%s"
                    " and column_name <> 'xid' order by ordinal_position",
                    (table,),
                )
            ]
        ids = [
            r[0]
            for r in connection.execute(
                "select id from orders order by id desc limit 20000"
            ).fetchall()
        ]
        rows = {t: _read(connection, t, columns[t], ids) for t in columns}
        before = cpu_us(rig.pg_pid, tree=True)
        own = time.process_time()
        for at in range(0, len(ids), group):
            with connection.transaction():
                for table, found in rows.items():
                    names = ",".join(columns[table])
                    with connection.cursor().copy(
                        f"copy floor_{table} ({names}) from stdin"
                    ) as copy:
                        for id_ in ids[at : at + group]:
                            for row in found.get(id_, ()):
                                copy.write_row(row)
        client_us = (time.process_time() - own) * 1e6
        server_us = cpu_us(rig.pg_pid, tree=True) - before
    n = len(ids)
    return {
        "cpu_us_per_order": round((client_us + server_us) / n, 1),
        "client_us": round(client_us / n, 1),
        "database_us": round(server_us / n, 1),
        "orders": n,
    }


def _read(
    connection: psycopg.Connection[Any], table: str, columns: list[str], ids: list[Any]
) -> dict[Any, list[tuple[Any, ...]]]:
    key = {"facts": "stream", "idem": "oid"}.get(table, "id")
    found: dict[Any, list[tuple[Any, ...]]] = {}
    at = columns.index(key)
    for row in connection.execute(
        f"select {','.join(columns)} from {table} where {key} = any(%s)", (ids,)
    ):
        found.setdefault(row[at], []).append(row)
    return found
