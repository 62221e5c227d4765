"""The rooms: sequence, seal, timers, rows, sheets, people, time, stamp, heads, witness, anchor,
partitions. A room that fails begins again; nothing is skipped.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import gc
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import psycopg
from msgspec import Struct

from danshu.faces.work import leading, telemetry, waves
from danshu.hub import (
    agent_room,
    anchoring,
    archive_room,
    assets_room,
    associations_room,
    carrier_room,
    classification_room,
    clocks,
    coe_room,
    connectors_room,
    events_room,
    failsafe,
    feeding,
    forecasts_room,
    heads,
    health_room,
    journal_room,
    learning_room,
    merging_room,
    meters,
    negotiation_room,
    network_room,
    notices,
    originals_room,
    paid_room,
    paying,
    people_room,
    policy_knobs,
    policy_room,
    reading_days,
    reconcile_room,
    redeciding_room,
    refunds_room,
    relay_room,
    replan_room,
    replays,
    resilience_room,
    return_reasons_room,
    rows_room,
    scorers_room,
    sentinel_pull,
    sentinel_room,
    sheet_apply,
    signals_room,
    spare_snapshots,
    stamping,
    timing,
    tracing,
    twin_room,
    waiting_room,
    witnessing,
    zone_fits_room,
)
from danshu.hub.compose import PARTITION_DAYS, now_ms
from danshu.kernel.errors import DanshuError
from danshu.kernel.limits import ASSET_LOOK_S, HEALTH_EVERY_S
from danshu.ledger import migrate
from danshu.ledger.engine import home
from danshu.ledger.seal import Sealer
from danshu.ledger.sequence import Sequencer
from danshu.ledger.write import WORKING, connect

if TYPE_CHECKING:
    from pathlib import Path

Step = Callable[[psycopg.AsyncConnection[Any]], Awaitable[int]]
_log = logging.getLogger("danshu.work")
_AFTER_ERROR_S = 1.0
# Rooms make many small objects a batch and hardly a cycle; see faces/http/serve.py.
_GC = (20_000, 20, 50)
_WHICH = (
    "select system_identifier || '-' || d.oid from pg_control_system(), pg_database d"
    " where d.datname = current_database()"
)
# A room reads the newest few rows of tables that only grow. Without knowing the parameters the
# planner guesses at a third of the table and reads all of it; so: one plan, and by the index.
_BY_INDEX = (
    "set plan_cache_mode = force_generic_plan",
    "set enable_seqscan = off",
    "set enable_bitmapscan = off",
)


class Room(Struct, frozen=True):
    """A room: how a step is made, and how long to rest when there was nothing to do.

    Of a room one process of the installation works, the others stand by, unless it is for each
    machine (`everywhere`). With `phase_s` it rests until the clock of all processes of this machine
    stands so much after a multiple of `rest_s`: rooms that wait for one another then meet.
    """

    name: str
    begin: Callable[[str], Step]
    rest_s: float
    phase_s: float | None = None
    everywhere: bool = False

    def time_rest(self, now_s: float) -> float:
        """Tell how long to rest from `now_s` on the monotonic clock, in seconds."""
        if self.phase_s is None:
            return self.rest_s
        return self.rest_s - (now_s - self.phase_s) % self.rest_s


def _sequence(url: str) -> Step:
    sequencer = Sequencer()

    async def step(connection: psycopg.AsyncConnection[Any]) -> int:
        await sequencer.step(connection, now_ms())
        return int(sequencer.behind)  # few large batches cost less than many small ones

    return step


def seals_folder(url: str) -> Path:
    """Give the second place of a database's last notes: apart from it, under its own name, so that
    no restored backup can fork the log unseen.
    """
    with psycopg.connect(url, autocommit=True) as plain:
        row = plain.execute(_WHICH).fetchone()
    return home(os.environ) / "seals" / (row[0] if row else "")


def _seal(url: str) -> Step:
    sealer = Sealer(seals_folder(url))

    async def step(connection: psycopg.AsyncConnection[Any]) -> int:
        return await sealer.step(connection, now_ms())

    return step


def _partitions(url: str) -> Step:
    async def step(connection: psycopg.AsyncConnection[Any]) -> int:
        today = datetime.datetime.now(datetime.UTC).date()

        def make() -> int:
            with migrate.alone(url) as plain:
                reading_days.make_partitions(plain, today, PARTITION_DAYS)
                return migrate.make_partitions(plain, today, PARTITION_DAYS)

        await asyncio.to_thread(make)
        return 0

    return step


METERS = Room("meters", meters.begin, HEALTH_EVERY_S, everywhere=True)  # each process measures
ROOMS = (
    # Few large batches cost less than many small ones. A fact waits at most half a second for its
    # place, and a quarter, in which that batch is written, for its signature.
    Room("sequence", _sequence, 0.5, phase_s=0.0),
    Room("seal", _seal, 0.5, phase_s=0.25),
    Room("timers", clocks.begin, 0.5),
    Room("payouts", paying.COMPENSATIONS.begin, 1.0),
    Room("refunds", refunds_room.REFUNDS.begin, 1.0),
    Room("notices", notices.begin, 2.0),
    # of subscriptions each process takes some, so there may be many of these
    Room("events", events_room.begin, 0.5, phase_s=0.2, everywhere=True),
    Room(relay_room.ROOM, relay_room.begin, 0.5, phase_s=0.15),
    Room("negotiations", negotiation_room.begin, 0.2),
    Room("rows", rows_room.begin, 0.3),
    Room("journal", journal_room.begin, 1.0),
    Room("sentinel", sentinel_room.begin, 0.25, phase_s=0.15),
    Room("waiting", waiting_room.begin, 1.0),
    Room("merging", merging_room.begin, 5.0),
    Room("reconcile", reconcile_room.begin, 5.0),
    Room("connectors", connectors_room.begin, 0.5),
    Room("carriers", carrier_room.CARRIER_ASKS.begin, 1.0),
    Room("paid", paid_room.begin, 0.5),
    Room("originals", originals_room.begin, 0.5),
    Room(return_reasons_room.ROOM, return_reasons_room.begin, 2.0),
    Room("pulls", sentinel_pull.begin, 1.0),
    Room("sheets", sheet_apply.begin, 0.5),
    Room("signals", signals_room.begin, 1.0),
    Room("policies", policy_room.begin, 1.0),
    Room("knobs", policy_knobs.begin, 60.0),
    Room("telemetry", telemetry.begin, 0.5),
    Room("waves", waves.begin, 0.5),
    Room("feeds", feeding.begin, 5.0),
    Room("people", people_room.begin, 60.0),
    Room("time", timing.begin, 1.0, everywhere=True),  # each machine has a clock
    Room("stamp", stamping.begin, 0.5),
    Room("heads", heads.begin, 5.0),
    Room("witness", witnessing.begin, 5.0),
    Room("anchor", anchoring.begin, 60.0),
    Room("readings", reading_days.begin, 600.0),
    Room("snapshots", spare_snapshots.begin, 60.0),
    Room("failsafe", failsafe.begin, 5.0),
    Room("replays", replays.begin, 60.0),
    Room("redecide", redeciding_room.begin, 0.5),
    Room("replan", replan_room.begin, 1.0),
    Room("scorers", scorers_room.begin, 5.0),
    Room("twin", twin_room.begin, 2.0),
    Room("classification", classification_room.begin, 5.0),
    Room("physics", zone_fits_room.begin, 5.0),
    Room("resilience", resilience_room.begin, 60.0),
    METERS,
    Room("health", health_room.begin, HEALTH_EVERY_S),
    Room("archive", archive_room.begin, archive_room.REST_S),
    Room(assets_room.ROOM, assets_room.begin, ASSET_LOOK_S),
    Room(agent_room.ROOM, agent_room.begin, 2.0),
    Room(associations_room.ROOM, associations_room.begin, 60.0),
    Room("coe", coe_room.begin, 60.0),
    Room(forecasts_room.ROOM, forecasts_room.begin, 30.0),
    Room(learning_room.ROOM, learning_room.begin, 30.0),
    Room(network_room.ROOM, network_room.begin, 10.0),
    Room("partitions", _partitions, 3600.0),
)


async def live(room: Room, url: str, stop: asyncio.Event, lookout: leading.Lookout) -> None:
    """Run a room until `stop`: stand by, step, rest when idle, begin anew after an error."""
    connection: psycopg.AsyncConnection[Any] | None = None
    step: Step | None = None
    try:
        while not stop.is_set():
            rest_s = 0.0
            try:
                if connection is None and (room.everywhere or await lookout.is_free(room.name)):
                    connection = await connect(url, f"{WORKING} {room.name}")
                    for setting in _BY_INDEX:
                        await connection.execute(setting)
                    if not room.everywhere and not await leading.lead(connection, room.name):
                        await connection.close()  # another was first
                        connection = None
                if connection is not None:
                    step = step or room.begin(url)
                    began_s = time.perf_counter()
                    done = await step(connection)
                    _tell(connection, room, done, time.perf_counter() - began_s)
                    if done:
                        continue
            except Exception as error:  # noqa: BLE001 - a fault here ends no other room
                is_known = isinstance(error, (DanshuError, psycopg.Error, OSError))
                _log.warning("%s: %s", room.name, error, exc_info=not is_known)
                rest_s = _AFTER_ERROR_S
                await let_go(step)
                step = None
                if connection is not None:
                    if not connection.closed:
                        meters.of(connection).note(
                            meters.SHARED, f"room:{room.name}", ok=0, failed=1
                        )
                    await connection.close()
                    connection = None
            try:
                leads = connection is not None
                idle_s = room.time_rest(time.monotonic()) if leads else leading.LOOK_S
                rest_s = max(rest_s, idle_s)
                await asyncio.wait_for(stop.wait(), rest_s)
            except TimeoutError:
                continue
    finally:
        await let_go(step)
        if connection is not None:
            await connection.close()


def _tell(connection: psycopg.AsyncConnection[Any], room: Room, done: int, took_s: float) -> None:
    """Count a step of a room; how long it took matters where it had something to do."""
    subject = f"room:{room.name}"
    meters.of(connection).note(meters.SHARED, subject, took_s if done else None)
    if done:
        tracing.note(f"room {room.name}", took_s, done=int(done))


async def let_go(step: Step | None) -> None:
    """Close what a step holds open beside its connection, where it says so by `close`."""
    close: Callable[[], Awaitable[None]] | None = getattr(step, "close", None)
    if close is not None:
        await close()


def choose(only: str, excepted: str) -> list[Room]:
    """Give the rooms that are named, separated by commas, or all but those excepted.

    Raises DanshuError for a name that no room has, and where nothing is left.
    """
    known = {room.name: room for room in ROOMS}
    wanted, left_out = ({n.strip() for n in text.split(",")} - {""} for text in (only, excepted))
    if unknown := sorted((wanted | left_out) - known.keys()):
        raise DanshuError(f"no room {unknown[0]!r}; there are {', '.join(known)}")
    names = (wanted or set(known)) - left_out
    chosen = [room for room in ROOMS if room.name in names]
    if not chosen:
        raise DanshuError("no room is left to work in")
    return chosen


async def run(url: str, chosen: Sequence[Room] = ROOMS, metrics_port: int = 0) -> None:
    """Run rooms until SIGTERM or SIGINT; with a port, answer scrapes there."""
    gc.freeze()  # what was imported stays; the collector need not look at it again
    gc.set_threshold(*_GC)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tracing.begin("danshu work")
    async with asyncio.TaskGroup() as group, contextlib.AsyncExitStack() as stack:
        if metrics_port:
            from danshu.faces.work import metrics

            await stack.enter_async_context(metrics.serve(url, metrics_port))
        lookout = leading.Lookout(url)
        stack.push_async_callback(lookout.close)
        tasks = [group.create_task(live(room, url, stop, lookout)) for room in chosen]
        if METERS not in chosen:  # whatever a process does, it says how that went
            tasks.append(group.create_task(live(METERS, url, stop, lookout)))
        await asyncio.wait(tasks)
    tracing.end()
