"""`danshu bench signals`: readings from a feed's bytes to their durable commit, beside the floor.

Messages of `size` readings (500) in the telemetry envelope are parsed by the adapter, judged,
gathered and committed by the door, four messages in flight, for `seconds` (10); the database syncs
every commit. `readings_per_s` counts what was acknowledged, on the clock of the whole. Sources are
those of 37 warehouses: three sensors in each of three zones, and eight figures of each warehouse.
`single_per_s` is the same with one reading a message, as MQTT brings them, 500 in flight. Floor:
COPY of the same rows into a table of the same key, in groups of the same size.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.bench import rig
from danshu.bench.cpu import cpu_us
from danshu.bench.report import Report, make_report, read_machine
from danshu.hub import catalogues, compose, merchants, signal_feeds
from danshu.hub.compose import Hub
from danshu.hub.signals_room import SignalsRoom
from danshu.kernel.fact import Actor
from danshu.ports.signal import Message
from danshu.testing import merchant

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE: Final = 500
SECONDS: Final = 10
IN_FLIGHT: Final = 4
SINGLES_IN_FLIGHT: Final = 500
BUDGET: Final = {"readings_per_s": 10_000.0}
_TESTER: Final = Actor(sub="bench", role="admin")
_HOUR_MS: Final = 3_600_000
_ZONES: Final = ("chilled", "frozen", "licensed")
_FIGURES: Final = {
    "agv_availability": 0.8,
    "cold_unit_health": 0.9,
    "dock_queue": 14.0,
    "equipment_health": 0.9,
    "labour_redundancy": 0.95,
    "pick_backlog": 44.0,
}
_FLOOR: Final = (
    "create table floor_readings (tenant int not null, no int not null, observed bigint not null,"
    " received bigint not null, value double precision not null, quality smallint not null,"
    " primary key (tenant, no, observed))"
)


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure messages of `size` readings (500) for `seconds` (10)."""
    return asyncio.run(_measure(seconds or SECONDS, size or SIZE))


async def _measure(seconds: int, size: int) -> Report:
    machine = read_machine()
    with rig.lend_store({"max_wal_size": "4GB"}) as store:
        compose.prepare(store.url)
        postmaster = int((store.data / "postmaster.pid").read_text().split("\n", 1)[0])
        tenant = await _furnish(store.url)
        hub = Hub(store.url)
        await hub.start()
        try:
            await hub.worlds.ensure(tenant)
            began_us = cpu_us(postmaster, tree=True)
            began_own = time.process_time()
            many, took_s = await _load(hub, tenant, seconds, size, IN_FLIGHT)
            own_us = (time.process_time() - began_own) * 1e6
            database_us = cpu_us(postmaster, tree=True) - began_us
            singles, singles_s = await _load(
                hub, tenant, max(seconds // 2, 1), 1, SINGLES_IN_FLIGHT
            )
            step_ms = await _step(store.url)
        finally:
            await hub.close()
        floor_s = await _copy(store.url, tenant, many, size * IN_FLIGHT)
    figures = {
        "readings_per_s": many / took_s,
        "single_per_s": singles / singles_s,
        "readings": many + singles,
        "server_us_per_reading": own_us / many,
        "database_us_per_reading": database_us / many,
        "room_step_ms": step_ms,
    }
    floor = {"readings_per_s": many / floor_s}
    return make_report(
        "signals",
        figures=figures,
        floor=floor,
        budget=BUDGET,
        ratio={"readings_per_s": round(figures["readings_per_s"] / floor["readings_per_s"], 3)},
        met=figures["readings_per_s"] >= BUDGET["readings_per_s"],
        machine=machine,
    )


async def _furnish(url: str) -> int:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        tenant = await merchants.create_tenant(connection, "bench", "基准", _TESTER)
        await catalogues.put_regions(connection, tenant, merchant.regions(), _TESTER)
        await catalogues.put_warehouses(connection, tenant, merchant.warehouses(), _TESTER)
        lanes = [lane for lane in merchant.lanes() if lane.warehouse == "BJ01"]
        await catalogues.put_lanes(connection, tenant, lanes, _TESTER)
    return tenant


def _subjects() -> list[tuple[str, str, float]]:
    """(key, subject, value) of every source."""
    told: list[tuple[str, str, float]] = []
    for site in merchant.warehouses():
        told += [(key, f"wh:{site.code}", value) for key, value in _FIGURES.items()]
        for zone in _ZONES:
            for sensor in range(3):
                told.append(("zone_temp", f"zn:{site.code}/{zone}/s{sensor}", 3.0))
    return told


def _bodies(size: int, ago_ms: int) -> Iterator[bytes]:
    """Messages without end, from `ago_ms` on; each source's moments go forward 1 ms at a time."""
    sources = _subjects()
    start_ms = time.time_ns() // 1_000_000 - ago_ms
    number = 0
    while True:
        rows: list[dict[str, Any]] = []
        for _ in range(size):
            turn, at = divmod(number, len(sources))
            key, subject, value = sources[at]
            rows.append(
                {
                    "key": key,
                    "subject": subject,
                    "value": value + turn % 7 / 100,
                    "observed": start_ms + turn,
                }
            )
            number += 1
        yield msgspec.json.encode(rows)


async def _load(
    hub: Hub, tenant: int, seconds: int, size: int, in_flight: int
) -> tuple[int, float]:
    """Keep so many messages in flight; gives readings acknowledged and the time they took."""
    bodies = _bodies(size, _HOUR_MS if size > 1 else _HOUR_MS // 2)
    end_s = time.perf_counter() + seconds
    accepted = 0

    async def send() -> None:
        nonlocal accepted
        while time.perf_counter() < end_s:
            message = Message(body=next(bodies), received_ms=hub.clock())
            taken = await signal_feeds.take(
                hub.connection, hub.readings, tenant, "telemetry", message
            )
            accepted += taken.accepted

    began_s = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(in_flight)))
    return accepted, time.perf_counter() - began_s


async def _step(url: str) -> float:
    """Time of one step of the room `signals` on all that came, in ms."""
    room = SignalsRoom()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await room.look(connection, time.time_ns() // 1_000_000)
    return room.took_s * 1000


async def _copy(url: str, tenant: int, count: int, group: int) -> float:
    """Seconds that COPY takes for as many rows in groups of one commit each."""
    sources = len(_subjects())
    start_ms = time.time_ns() // 1_000_000
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(_FLOOR)
        began_s = time.perf_counter()
        for first in range(0, count, group):
            rows = range(first, min(first + group, count))
            async with (
                connection.cursor() as cursor,
                cursor.copy("copy floor_readings from stdin (format binary)") as copy,
            ):
                copy.set_types(["int4", "int4", "int8", "int8", "float8", "int2"])
                for n in rows:
                    turn, at = divmod(n, sources)
                    await copy.write_row((tenant, at, start_ms + turn, start_ms, 3.0, 0))
        return time.perf_counter() - began_s
