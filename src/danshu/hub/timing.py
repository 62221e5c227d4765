"""The room `time`: compares this machine's clock with time sources, every CLOCK_EVERY_S.

A look goes into `clock_samples`, the standing into `clock_states`. When a fault begins or ends,
every merchant's book hears of it in the same commit, so that killed between two statements nothing
has happened yet, and the next look says it.
"""

from __future__ import annotations

import hashlib
import socket
import time
from typing import TYPE_CHECKING, Any, Final, cast

import psycopg
from msgspec import Struct

from danshu.hub import daemons, merchants, time_settings
from danshu.hub.time_facts import ClockFaulted, ClockRestored
from danshu.kernel import timekeeping
from danshu.kernel.fact import Actor
from danshu.kernel.limits import CLOCK_EVERY_S, CLOCK_IDLE_S, CLOCK_SAMPLES_S, CLOCK_TIMEOUT_S
from danshu.kernel.timekeeping import Claim, Sample, Standing
from danshu.ports import registry
from danshu.ports.clock import Reading

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from danshu.hub.time_settings import TimeSettings
    from danshu.ports.clock import Clock

Connection = psycopg.AsyncConnection[Any]
_HUB: Final = Actor(sub="hub")
_COLUMNS: Final = (
    "word",
    "why",
    "source",
    "offset_us",
    "error_us",
    "good",
    "missed",
    "measured_us",
    "sampled_us",
    "since_us",
)
_BEGIN: Final = (
    "insert into clock_states(node,word,sampled_us,since_us) values(%s,%s,0,0)"
    " on conflict do nothing"
)
_LOCK: Final = f"select {','.join(_COLUMNS)} from clock_states where node=%s for update"
_KEEP: Final = (
    f"update clock_states set ({','.join(_COLUMNS)},configured)"
    f"=({','.join(['%s'] * (len(_COLUMNS) + 1))}) where node=%s"
)
_ADD: Final = (
    "insert into clock_samples(node,at_us,source,stratum,offset_us,error_us,chosen,trouble)"
    " values(%s,%s,%s,%s,%s,%s,%s,%s) on conflict do nothing"
)
_FAULT: Final = (
    "insert into clock_faults(node,since_us,why,source,offset_us,error_us)"
    " values(%s,%s,%s,%s,%s,%s) on conflict do nothing"
)
_OVER: Final = "update clock_faults set until_us=%s where node=%s and until_us=0"
_SWEEP: Final = "delete from clock_samples where node=%s and at_us < %s"
# Without sources nobody knows any more; but no fault ends by taking the witnesses away.
_FORGET: Final = "delete from clock_states where node=%s and word<>%s"
_TENANTS: Final = "select id from tenants order by id"


class Look(Struct, frozen=True, kw_only=True):
    """What all sources said at one look, and what follows from it."""

    readings: tuple[Reading, ...]
    sample: Sample


def node() -> str:
    """Name this machine by a digest: merchants read it, and its name is not theirs to know."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def steady_ns() -> int:
    """Read a clock that nobody sets and that goes on while the machine sleeps, where there is one:
    waking up is no jump.
    """
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return time.monotonic_ns()


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room."""
    watch = Watch()

    async def step(connection: Connection) -> int:
        if not watch.is_due():
            return 0
        settings = time_settings.read()
        look = await daemons.run(lambda: take(settings, watch.step_us()))
        if look is None:
            await connection.execute(_FORGET, (node(), timekeeping.FAULTED))
        else:
            now_us = time.time_ns() // 1000
            standing = await record(connection, node(), look, now_us, settings.configured)
            watch.rest(idle=not settings.configured and standing.measured_us == 0)
        return 0

    return step


async def forget(connection: Connection, source: str) -> None:
    """Forget the clock as a source measured it that is gone for good: nobody knows any more, which
    is no fault of the clock.
    """
    await connection.execute("delete from clock_states where source=%s", (source,))


class Watch:
    """When to look next, and by how much the wall clock jumped against the monotonic one."""

    def __init__(self) -> None:
        self._next_s = 0.0
        self._last: tuple[int, int] | None = None

    def is_due(self) -> bool:
        """Tell whether it is time for a look; a look that is begun counts as taken."""
        now_s = time.monotonic()
        if now_s < self._next_s:
            return False
        self._next_s = now_s + CLOCK_EVERY_S
        return True

    def rest(self, *, idle: bool) -> None:
        """Look less often where nobody named a source and none ever answered."""
        if idle:
            self._next_s = time.monotonic() + CLOCK_IDLE_S

    def step_us(self) -> int:
        """Give the jump since the last call; 0 at the first."""
        wall_us, steady_us = time.time_ns() // 1000, steady_ns() // 1000
        was, self._last = self._last, (wall_us, steady_us)
        return 0 if was is None else (wall_us - was[0]) - (steady_us - was[1])


def take(settings: TimeSettings, step_us: int) -> Look | None:
    """Ask the sources: a clock that steers this machine where one runs, else the servers. Blocks.

    None when there is nothing to ask.
    """
    servers: tuple[Reading, ...] = ()
    for name in registry.names("clock"):
        clock = cast("Clock", registry.load("clock", name))
        if not clock.disciplines and not settings.servers:
            continue
        readings = clock.read(settings.servers, CLOCK_TIMEOUT_S)
        if readings and clock.disciplines:
            return Look(readings=readings, sample=select(readings, 1, step_us))
        servers += readings
    if not servers:
        return None
    wanted = 1 if len(settings.servers) == 1 else 2
    return Look(readings=servers, sample=select(servers, wanted, step_us))


def select(readings: Sequence[Reading], wanted: int, step_us: int) -> Sample:
    """Choose who speaks for the clock; at least `wanted` sources must agree."""
    heard = [r for r in readings if not r.trouble]
    claims = [
        Claim(source=r.source, offset_us=r.offset_us, distance_us=r.distance_us) for r in heard
    ]
    true = timekeeping.agree(claims)
    if len(true) >= wanted:
        best = true[0]
        return Sample(
            source=best.source,
            offset_us=best.offset_us,
            error_us=best.error_us,
            step_us=step_us,
        )
    if len(heard) >= wanted:
        return Sample(trouble="disagree", step_us=step_us)
    if any(r.trouble == "unsynchronised" for r in readings):
        return Sample(trouble="unsynchronised", step_us=step_us)
    return Sample(trouble="silent", step_us=step_us)


async def record(
    connection: Connection, name: str, look: Look, now_us: int, is_configured: bool
) -> Standing:
    """Write a look and what follows from it, in one commit; gives the standing after it."""
    async with connection.transaction():
        await connection.execute(_BEGIN, (name, timekeeping.UNMEASURED))
        row = await (await connection.execute(_LOCK, (name,))).fetchone()
        assert row is not None
        before = Standing(**dict(zip(_COLUMNS, row, strict=True)))
        after = timekeeping.judge(before, look.sample, now_us, is_configured)
        values = [getattr(after, column) for column in _COLUMNS]
        await connection.execute(_KEEP, (*values, is_configured, name))
        for reading in look.readings:
            chosen = not look.sample.trouble and reading.source == look.sample.source
            error_us = 0 if reading.trouble else reading.error_us
            await connection.execute(
                _ADD,
                (
                    name,
                    now_us,
                    reading.source,
                    reading.stratum,
                    reading.offset_us,
                    error_us,
                    chosen,
                    reading.trouble,
                ),
            )
        await connection.execute(_SWEEP, (name, now_us - CLOCK_SAMPLES_S * 1_000_000))
        if (told := _told(before, after, name)) is not None:
            await _mark(connection, name, after)
            tenants = await (await connection.execute(_TENANTS)).fetchall()
            for (tenant,) in tenants:
                await merchants.say(connection, tenant, _HUB, told)
    return after


async def _mark(connection: Connection, name: str, after: Standing) -> None:
    """Open or close the row of a fault."""
    if after.word == timekeeping.FAULTED:
        known = (after.why, after.source, after.offset_us, after.error_us)
        await connection.execute(_FAULT, (name, after.since_us, *known))
    else:
        await connection.execute(_OVER, (after.since_us, name))


def _told(before: Standing, after: Standing, name: str) -> ClockFaulted | ClockRestored | None:
    """Say what changed; a fault that ends is restored only by sources that agree."""
    if before.word != timekeeping.FAULTED and after.word == timekeeping.FAULTED:
        return ClockFaulted(
            error_us=after.error_us,
            node=name,
            offset_us=after.offset_us,
            source=after.source,
            why=after.why,
        )
    if before.word == timekeeping.FAULTED and after.word != timekeeping.FAULTED:
        return ClockRestored(
            error_us=after.error_us, node=name, offset_us=after.offset_us, source=after.source
        )
    return None
