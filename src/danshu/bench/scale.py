"""`danshu bench scale`: what a second server process and three more workers bring on this machine,
and what they are stopped by.

Placing is driven as fast as it is answered, first against one server process, then against two on
the same database. Then a backlog of leaves is worked off by one worker that has all rooms, and by
four that share them: from the moment that all go on (they are held by SIGSTOP while the backlog is
placed) until every follower has read the log to its end. Of each step stand the cores that each
part used and `machine`, those that were busy with anything: near the number of cores, the machine
is what stops it, and another machine is what helps. What does not depend on who else uses this
machine is the CPU an order or a leaf: `ratio` has it beside the throughput. `bytes_an_order` is
what an order that was placed takes on the disk, by table, indexes counted, and
`parquet_bytes_an_order` what its facts take in the archive. The floor is one process of each.
"""

from __future__ import annotations

import concurrent.futures
import os
import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from danshu.bench import rig as rigs
from danshu.bench.cpu import cpu_us
from danshu.bench.load import Plan
from danshu.bench.place import ambient, plenty
from danshu.bench.report import Report, make_report
from danshu.ledger import archive_files, write

if TYPE_CHECKING:
    from danshu.bench.rig import Rig

ORDERS: Final = 12_000
BUDGET: Final = {"lost": 0.0}
_SATURATED: Final = 0.85  # of the cores: the rest is the kernel's, and waits
_WARM: Final = 1_500
_PATIENCE_S: Final = 120.0
_FOLLOWERS: Final = ("rows", "journal", "sentinel")
_UP: Final = [f"{write.WORKING} {room}" for room in ("sequence", "seal", *_FOLLOWERS)]
_LED: Final = """
select count(distinct application_name) from pg_stat_activity where application_name = any(%s)
"""
_SHARES: Final = (
    ("--only", "sequence,seal"),
    ("--only", "rows"),
    ("--only", "journal"),
    ("--except", "sequence,seal,rows,journal"),
)
_WAL: Final = "select (pg_current_wal_insert_lsn() - '0/0')::int8"
_SIZES: Final = """
select coalesce(p.relname, c.relname) as name, sum(pg_total_relation_size(c.oid))::int8
from pg_class c left join pg_inherits i on i.inhrelid = c.oid left join pg_class p
on p.oid = i.inhparent where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
group by 1 order by 2 desc
"""
_SAMPLE: Final = """
select uuid_send(f.stream), f.v, f.n, f.gen, f.xid::text::int8, f.body from facts f
join orders o on o.tenant=f.tenant and o.id=f.stream order by f.stream, f.v limit 10000
"""
_CAUGHT_UP: Final = """
select coalesce(min(least(b.signed, c.position)), 0), coalesce(max(b.size), 0) from books b
cross join unnest(%s::text[]) n(name) left join lateral (select coalesce((select position from
cursors c where c.name = n.name and c.tenant = b.tenant and c.half = b.half), 0) as position) c
on true
"""


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure one and two servers, one and four workers; `size` orders a step."""
    del seconds
    orders = size or ORDERS
    figures: dict[str, Any] = {}
    with rigs.open_rig(plenty(), servers=2, workers=False) as rig:
        for port in rig.ports:
            _place(rig, f"w{port}", [port], _WARM)
        for count in (1, 2):
            began = rigs.query(rig.url, _WAL)[0][0]
            figures[f"servers_{count}"] = _place(rig, f"s{count}", rig.ports[:count], orders)
            written = rigs.query(rig.url, _WAL)[0][0] - began
            figures[f"servers_{count}"]["wal_bytes_an_order"] = round(written / orders)
        figures["workers_1"] = _work_off(rig, [()], orders, "one")
        figures["workers_4"] = _work_off(rig, list(_SHARES), orders, "four")
        figures["bytes_an_order"] = _weigh(rig)
        figures["parquet_bytes_an_order"] = _weigh_parquet(rig)
    ratio = {
        "servers_1_to_2": _ratio(figures, "servers_2", "servers_1", "orders_per_s"),
        "workers_1_to_4": _ratio(figures, "workers_4", "workers_1", "leaves_per_s"),
        "cpu_an_order_1_to_2": _ratio(figures, "servers_2", "servers_1", "cpu_us"),
        "cpu_a_leaf_1_to_4": _ratio(figures, "workers_4", "workers_1", "cpu_us"),
    }
    cores = os.cpu_count() or 1
    for name in ("servers_2", "workers_4"):
        own, busy = figures[name]["cores_used"], figures[name]["cores"]["machine"]
        word = "CPU" if busy >= _SATURATED * cores else "not CPU"
        figures[f"{name}_limit"] = f"{word}: {busy} of {cores} cores were busy, {own} of it here"
    figures["lost"] = sum(
        each.get("lost", 0) for each in figures.values() if isinstance(each, dict)
    )
    return make_report(
        "scale",
        figures=figures,
        floor={**figures["servers_1"], **figures["workers_1"]},
        ratio=ratio,
        budget=BUDGET,
        met=figures["lost"] == 0,
    )


def _weigh(rig: Rig) -> dict[str, int]:
    """Give the bytes an order of each table that takes ten or more, the largest first, and all."""
    count = rigs.query(rig.url, "select count(*) from orders")[0][0]
    sizes = {name: round(size / count) for name, size in rigs.query(rig.url, _SIZES)}
    large = {name: size for name, size in sizes.items() if size >= 10}
    return {"all": sum(large.values()), **large}


def _weigh_parquet(rig: Rig) -> int:
    rows = [tuple(row) for row in rigs.query(rig.url, _SAMPLE)]
    with tempfile.TemporaryDirectory(prefix="danshu-") as folder:
        path = Path(folder) / "part.parquet"
        archive_files.write(path, rows)
        return round(path.stat().st_size / len({row[0] for row in rows}))


def _ratio(figures: dict[str, Any], name: str, base: str, figure: str) -> float:
    return round(float(figures[name][figure]) / float(figures[base][figure]), 2)


def _place(rig: Rig, prefix: str, ports: list[int], orders: int) -> dict[str, Any]:
    """Place orders as fast as they are answered, shared over ports; a generator each."""
    before, begun_s = _cpu(rig), time.monotonic()
    plans = [
        Plan(
            host="127.0.0.1",
            port=port,
            key=rig.key,
            rate=1e7,  # all are due at once: what is answered sets the pace
            seconds=orders / len(ports) / 1e7,
            connections=512 // len(ports),
            prefix=f"{prefix}-{number}-",
            seed=number,
            regions=rigs.places(),
            skus=ambient(),
        )
        for number, port in enumerate(ports)
    ]
    with concurrent.futures.ThreadPoolExecutor(len(plans)) as pool:
        outcomes = list(pool.map(rigs.drive, plans))
    wall_s = max(outcome.wall_s for outcome in outcomes)
    placed = sum(outcome.statuses.get("201", 0) for outcome in outcomes)
    spent = _spent(before, _cpu(rig), time.monotonic() - begun_s, placed)
    return {
        "orders_per_s": round(placed / wall_s),
        "lost": sum(outcome.sent for outcome in outcomes) - placed,
        "wall_s": round(wall_s, 2),
        **spent,
    }


def _work_off(rig: Rig, shares: list[tuple[str, ...]], orders: int, prefix: str) -> dict[str, Any]:
    """Hold workers, place a backlog, let them go; time until the log has been read to its end."""
    names = [f"work{number}" for number in range(len(shares))]
    for name, share in zip(names, shares, strict=True):
        rig.processes[name] = rigs.start_process(rig.url, "work", *share)
    _until(lambda: rigs.query(rig.url, _LED, _UP) == [(len(_UP),)])
    _place(rig, f"{prefix}-warm", rig.ports, _WARM)  # their code is compiled before it counts
    _until(lambda: _is_idle(rig))
    for name in names:
        rig.processes[name].send_signal(signal.SIGSTOP)
    _, start = rigs.query(rig.url, _CAUGHT_UP, list(_FOLLOWERS))[0]
    placed = _place(rig, prefix, rig.ports, orders)
    before, begun_s = _cpu(rig), time.monotonic()
    for name in names:
        rig.processes[name].send_signal(signal.SIGCONT)
    _until(lambda: _is_idle(rig))
    wall_s = time.monotonic() - begun_s
    after = _cpu(rig)
    _, end = rigs.query(rig.url, _CAUGHT_UP, list(_FOLLOWERS))[0]
    spent = _spent(before, after, wall_s, end - start)
    for name in names:
        process = rig.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        process.wait(_PATIENCE_S)
    return {
        "leaves_per_s": round((end - start) / wall_s),
        "leaves": end - start,
        "lost": placed["lost"],
        "seconds": round(wall_s, 2),
        **spent,
    }


def _is_idle(rig: Rig) -> bool:
    """Tell that every fact is in the log, signed, and read by every follower."""
    waiting = rigs.query(
        rig.url,
        "select exists (select 1 from facts f where f.xid >= (select coalesce(max(position), 0)"
        "::text::xid8 from cursors where name = 'sequencer'))",
    )
    read, size = rigs.query(rig.url, _CAUGHT_UP, list(_FOLLOWERS))[0]
    return not waiting[0][0] and size > 0 and read == size


def _until(true: Any) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("the workers do not come to the end of the log")
        time.sleep(0.05)


def _cpu(rig: Rig) -> dict[str, float]:
    """Give the CPU so far by part; `generators` are children of this process that have ended."""
    ended = os.times()
    return {
        "servers": sum(cpu_us(pid) for pid in rig.pids("server")),
        "workers": sum(cpu_us(pid) for pid in rig.pids("work")),
        "database": cpu_us(rig.pg_pid, tree=True),
        "generators": (ended.children_user + ended.children_system) * 1e6,
        "machine": _busy_us(),
    }


def _busy_us() -> float:
    """Give how long all cores together were busy with anything, from /proc/stat (proc_stat(5))."""
    first = Path("/proc/stat").read_text().partition("\n")[0].split()[1:]
    user, nice, system, _, _, irq, softirq, steal, *_ = map(int, first)
    return (user + nice + system + irq + softirq + steal) * 1e6 / os.sysconf("SC_CLK_TCK")


def _spent(
    before: dict[str, float], after: dict[str, float], wall_s: float, count: int
) -> dict[str, Any]:
    """Give the cores that each part used over the wall time, and the hub's CPU a thing done."""
    used = {k: round(max(0.0, after[k] - before[k]) / wall_s / 1e6, 2) for k in after}
    hub_us = sum(after[k] - before[k] for k in ("servers", "workers", "database"))
    return {
        "cores_used": round(sum(v for k, v in used.items() if k != "machine"), 2),
        "cores": used,
        "cpu_us": round(hub_us / max(1, count), 1),
    }
