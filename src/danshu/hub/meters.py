"""Meters 计量: what this process measures of its capabilities and far sides, by minute.

A note is a few additions in memory; every HEALTH_EVERY_S seconds the running minute and the one
before it go into `health_samples` in one statement, each process its own rows, so that what all
processes measured can be added up, and a repeat changes nothing. A subject is a word: `orders`,
`room:seal`, `connector:customs-a`. Merchant 0 is the installation. What is not measured costs
nothing.
"""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.hub.latency import bucket_of
from danshu.kernel.limits import HEALTH_SAMPLE_MIN, HEALTH_SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    More = Callable[[int], dict[tuple[int, str], "Sample"]]

Connection = psycopg.AsyncConnection[Any]
SHARED: Final = 0
"""The merchant of what is measured of the installation."""
_LEAVE_MIN: Final = 2  # a minute is written until two minutes later, then forgotten
_PUT: Final = """
insert into health_samples(tenant,subject,minute,node,ok,failed,waiting,keys,ns)
select t, s, m, %s, o, f, w, k::int2[], n::int8[]
from unnest(%s::int[],%s::text[],%s::int[],%s::int8[],%s::int8[],%s::int8[],%s::text[],%s::text[])
x(t,s,m,o,f,w,k,n) on conflict (tenant,subject,minute,node) do update set ok=excluded.ok,
failed=excluded.failed, waiting=excluded.waiting, keys=excluded.keys, ns=excluded.ns
"""
_SWEEP: Final = "delete from health_samples where minute < %s"


class Sample(Struct, kw_only=True, gc=False):
    """What was measured of a subject in a minute; `took` by bucket of latency.py."""

    ok: int = 0
    failed: int = 0
    waiting: int = 0
    took: dict[int, int] = {}


class Meters:
    """What one process measured of one database."""

    def __init__(self, clock_s: Callable[[], float] = time.time) -> None:
        self._clock_s = clock_s
        self.node = f"{socket.gethostname()[:40]}.{os.getpid()}"
        self._minutes: dict[int, dict[tuple[int, str], Sample]] = {}
        self._ended: dict[str, tuple[int, int]] = {}

    def note(
        self,
        tenant: int,
        subject: str,
        took_s: float | None = None,
        *,
        ok: int = 1,
        failed: int = 0,
        waiting: int = 0,
    ) -> None:
        """Count what came out well and what failed, and how long one took (None: nobody knows)."""
        minute = int(self._clock_s() // 60)
        samples = self._minutes.get(minute)
        if samples is None:
            samples = self._minutes[minute] = {}
        sample = samples.get((tenant, subject))
        if sample is None:
            if len(samples) >= HEALTH_SUBJECTS:
                return
            sample = samples[tenant, subject] = Sample()
        sample.ok += ok
        sample.failed += failed
        sample.waiting = waiting
        if took_s is not None:
            bucket = bucket_of(took_s)
            sample.took[bucket] = sample.took.get(bucket, 0) + 1

    def take(self, minute: int) -> dict[tuple[int, str], Sample]:
        """Give what is known of the minute, forgetting those that are long over."""
        for old in [m for m in self._minutes if m < minute - _LEAVE_MIN]:
            for (_, subject), sample in self._minutes.pop(old).items():
                kind = subject.partition(":")[0] if ":" in subject else subject
                ok, failed = self._ended.get(kind, (0, 0))
                self._ended[kind] = (ok + sample.ok, failed + sample.failed)
        return self._minutes.get(minute, {})

    def totals(self) -> dict[str, tuple[int, int]]:
        """Give what came out well and failed since the start, by kind of subject: connectors
        together, rooms together; how many there are of a kind does not grow with merchants.
        """
        totals = dict(self._ended)
        for samples in self._minutes.values():
            for (_, subject), sample in samples.items():
                kind = subject.partition(":")[0]
                ok, failed = totals.get(kind, (0, 0))
                totals[kind] = (ok + sample.ok, failed + sample.failed)
        return totals

    async def flush(self, connection: Connection, more: More | None = None) -> int:
        """Write the running minute and the one before, with what `more` knows of a minute; gives
        the number of rows.
        """
        now = int(self._clock_s() // 60)
        rows: list[tuple[int, str, int, int, int, int, str, str]] = []
        for minute in (now - 1, now):
            samples = dict(self.take(minute))
            if more is not None:
                samples |= more(minute)
            for (tenant, subject), one in samples.items():
                keys, ns = _array(one.took), _array(one.took.values())
                told = (one.ok, one.failed, one.waiting, keys, ns)
                rows.append((tenant, subject, minute, *told))
        if rows:
            rows.sort()
            columns = [list(column) for column in zip(*rows, strict=True)]
            await connection.execute(_PUT, (self.node, *columns))
        return len(rows)


def _array(numbers: Iterable[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"


_known: dict[tuple[str, str, str], Meters] = {}


def of(connection: psycopg.AsyncConnection[Any] | psycopg.Connection[Any]) -> Meters:
    """Give this process's meters of the connection's database."""
    pg = connection.pgconn
    place = (pg.host.decode(), pg.port.decode(), pg.db.decode())
    found = _known.get(place)
    if found is None:
        found = _known[place] = Meters()
    return found


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step that writes what the rooms of this process measured."""
    del url

    async def step(connection: Connection) -> int:
        await of(connection).flush(connection)
        return 0

    return step


async def sweep(connection: Connection, minute: int) -> None:
    """Forget the samples of minutes that nobody looks at any more."""
    await connection.execute(_SWEEP, (minute - HEALTH_SAMPLE_MIN,))
