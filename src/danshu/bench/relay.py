"""`danshu bench relay`: how fast events leave by NATS and by webhooks, how late they are, and what
they cost beside the placing.

`events_per_s`: a filled log to a JetStream stream that three nodes on this machine keep, each
syncing every write before it is acknowledged; `events_per_s_one_node`: to one such node. The floor
publishes the same messages, ready made, by the shortest program that waits for every answer.
`webhook_events_per_s`: `order.placed` of the same log to ten receivers in batches, all together.

Then orders are placed at `--size` a second while one process works in the rooms `relay` (every
event, three nodes) and `events` (ten webhooks that take `order.placed` in batches). `lag_p99_ms` is
that of all orders between the time that its event names and the moment at which a consumer of the
stream has it; `webhook_lag_p99_ms` that of the oldest event of each POST at its receiver.
`cpu_share_percent` is the CPU of those two rooms with their connections' share of the database,
against that of the hub at the same work: server, the log's rooms, the rest of the database. NATS
nodes, the consumer and the receivers are other people's programs: their CPU is named apart.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec
import numpy as np
import psycopg

from danshu.bench import relay_sides as sides
from danshu.bench import rig as rigs
from danshu.bench.cpu import cpu_us
from danshu.bench.load import Plan
from danshu.bench.place import ambient, plenty
from danshu.bench.report import Report, make_report
from danshu.hub import relay_room
from danshu.kernel.limits import EVENT_BATCH
from danshu.ledger import write
from danshu.testing import event_counters, nats_nodes

if TYPE_CHECKING:
    from danshu.bench.rig import Rig
    from danshu.testing.event_counters import Farm
    from danshu.testing.nats_nodes import Nodes

RATE: Final = 4_421
BUDGET: Final = {"lag_p99_ms": 1_000.0, "cpu_share_percent": 15.0}
WEBHOOKS: Final = 10
_FILL: Final = 30_000  # orders of the filled log
_SETTLE_S: Final = 120
_LOG_ROOMS: Final = ("sequence", "seal")
_ROOMS: Final = "relay,events"


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure full speed on a filled log, then lag and share under load."""
    seconds, rate = seconds or 20, size or RATE
    with (
        rigs.open_rig(plenty(), workers=False) as rig,
        event_counters.serve(WEBHOOKS) as farm,
    ):
        for room in _LOG_ROOMS:
            rig.processes[room] = rigs.start_process(rig.url, "work", "--only", room)
        plan = Plan(
            host="127.0.0.1",
            port=rig.ports[0],
            key=rig.key,
            rate=rate,
            seconds=seconds,
            regions=rigs.places(),
            skus=ambient(),
        )
        fill = min(_FILL, rate * seconds)
        rigs.drive(
            msgspec.structs.replace(plan, prefix="f", orders=100, rate=fill / 1000, seconds=10)
        )
        _settle(rig)
        with nats_nodes.run(1) as nodes:
            one = asyncio.run(_pour(rig, nodes.url))
        with nats_nodes.run(3) as nodes:
            figures: dict[str, Any] = asyncio.run(_pour(rig, nodes.url))
            floor = asyncio.run(sides.pour_plainly(nodes.url))
            figures["events_per_s_one_node"] = one["events_per_s"]
            figures["webhook_events_per_s"] = _subscribe(rig, farm, nodes.url)
            figures |= _work(rig, plan, nodes, farm)
    return make_report("relay", figures=figures, floor=floor, budget=BUDGET)


async def _pour(rig: Rig, url: str) -> dict[str, Any]:
    """Relay the whole log into a stream."""
    worker = relay_room.Relay(url)
    async with await psycopg.AsyncConnection.connect(rig.url, autocommit=True) as connection:
        await connection.execute("delete from cursors where name='relay'")
        await connection.execute(
            "insert into relays(tenant,since) values (0,'2000-01-01') on conflict (tenant)"
            " do update set since=excluded.since"
        )
        await worker.warm()
        began, own = time.perf_counter(), time.process_time()
        while await worker.step(connection):
            pass
        wall_s, own_s = time.perf_counter() - began, time.process_time() - own
        await worker.close()
    events, messages = await sides.count(url)
    return {
        "events_per_s": round(events / wall_s),
        "events": events,
        "messages": messages,
        "relay_us_per_event": round(own_s * 1e6 / events, 2),
    }


def _subscribe(rig: Rig, farm: Farm, url: str) -> int:
    """Start both rooms, and let ten webhooks read the log from its beginning; events a second."""
    os.environ[relay_room.URL] = url
    rig.processes["outward"] = rigs.start_process(rig.url, "work", "--only", _ROOMS)
    headers = {"authorization": f"Bearer {rig.key}"}
    address = f"http://127.0.0.1:{rig.ports[0]}"
    ((half,),) = rigs.query(rig.url, "select half from books where tenant=%s", rig.tenant)
    with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
        for number, receiver in enumerate(farm.urls):
            wanted = {"name": f"w{number}", "url": receiver, "types": ["danshu.order.placed"]}
            made = client.post(
                "/v1/subscriptions", json={**wanted, "mode": "batch", "batch": EVENT_BATCH}
            )
            id_ = made.raise_for_status().json()["subscription"]["id"]
            again = client.post(f"/v1/subscriptions/{id_}/replay", json={"place": f"{half}/0"})
            again.raise_for_status()
    ((orders,),) = rigs.query(rig.url, "select count(*) from orders")
    began = time.perf_counter()
    _wait_for(rig, farm)
    return round(WEBHOOKS * int(orders) / (time.perf_counter() - began))


def _work(rig: Rig, plan: Plan, nodes: Nodes, farm: Farm) -> dict[str, Any]:
    """Offer the load while both rooms are at work; lag and CPU."""
    with sides.consume(nodes.url) as consumer:
        rigs.drive(msgspec.structs.replace(plan, prefix="w", rate=500, seconds=3, seed=2))
        _settle(rig, "relay")
        _wait_for(rig, farm)
        consumer.ask()
        posted = [len(each.ages_ms) for each in farm.count()]
        before = _cpu(rig, nodes, farm, consumer.pid)
        out = rigs.drive(plan)
        _settle(rig, "relay")
        counted = _wait_for(rig, farm)
        after = _cpu(rig, nodes, farm, consumer.pid)
        came = consumer.ask()
    orders = max(1, out.answered)
    used = {name: round((after[name] - before[name]) / orders, 1) for name in after}
    outward = used["outward"] + used["reading"]
    hub = used["server"] + used["sequence"] + used["seal"] + used["database"] - used["reading"]
    late = [age for each, n in zip(counted, posted, strict=True) for age in each.ages_ms[n:]]
    return {
        "lag_p99_ms": _late(came.ages_ms, 99),
        "lag_median_ms": _late(came.ages_ms, 50),
        "lag_max_ms": max(came.ages_ms, default=0),
        "webhook_lag_p99_ms": _late(late, 99),
        "cpu_share_percent": round(100 * outward / hub, 2),
        "outward_us_per_order": round(outward, 1),
        "outward_database_us": used["reading"],
        "hub_us_per_order": round(hub, 1),
        "nats_us_per_order": used["nats"],
        "receivers_us_per_order": used["receivers"],
        "orders": orders,
        "offered_per_s": plan.rate,
        "answered_per_s": round(out.answered / max(out.wall_s, 0.001)),
        "relayed": came.events,
        "delivered_twice": sum(each.events - each.distinct for each in counted),
    }


def _late(ages_ms: list[int], share: int) -> float:
    return round(float(np.percentile(ages_ms, share))) if ages_ms else float("inf")


def _cpu(rig: Rig, nodes: Nodes, farm: Farm, consumer: int) -> dict[str, float]:
    rooms = [f"{write.WORKING} {room}" for room in _ROOMS.split(",")]
    sql = "select pid from pg_stat_activity where application_name = any(%s)"
    reading = [pid for (pid,) in rigs.query(rig.url, sql, rooms)]
    pids = {name: rig.pids(name) for name in ("server", *_LOG_ROOMS, "outward")}
    pids["reading"] = reading
    pids["nats"] = [node.process.pid for node in nodes.nodes]
    pids["receivers"] = [farm.pid, consumer]
    used = {name: sum(map(cpu_us, each)) for name, each in pids.items()}
    return {**used, "database": cpu_us(rig.pg_pid, tree=True)}


def _settle(rig: Rig, *cursors: str) -> None:
    """Wait until all facts are leaves and these followers have read them."""
    facts = (
        "select not exists (select 1 from facts f where not exists (select 1 from segments s"
        " where s.gen = f.gen and s.tenant = f.tenant and s.xid_to >= f.xid))"
    )
    read = (
        "select coalesce(bool_and(b.size = coalesce(c.position, 0)), false) from books b"
        " left join cursors c on c.name=%s and c.tenant=b.tenant and c.half=b.half"
    )
    end = time.monotonic() + _SETTLE_S
    while not rigs.query(rig.url, facts)[0][0] or not all(
        rigs.query(rig.url, read, name)[0][0] for name in cursors
    ):
        if time.monotonic() > end:
            raise RuntimeError(f"what was placed was not relayed within {_SETTLE_S} s")
        time.sleep(0.2)


def _wait_for(rig: Rig, farm: Farm) -> list[event_counters.Counted]:
    """Wait until every receiver has had every order."""
    ((orders,),) = rigs.query(rig.url, "select count(*) from orders")
    end = time.monotonic() + _SETTLE_S
    while time.monotonic() < end:
        counted = farm.count()
        if min(each.distinct for each in counted) >= orders:
            return counted
        time.sleep(0.05)
    raise RuntimeError(f"what was placed was not delivered within {_SETTLE_S} s")
