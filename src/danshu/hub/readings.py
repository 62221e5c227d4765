"""The one door of readings: however they came in, they are judged, gathered and committed here.

Acknowledged = committed: what `take` gives is known after the commit of its group. The queue is
bounded; beyond it Busy is raised, so that HTTP answers 429 and NATS keeps the message. The key of
`readings` (source, moment) tells a repetition, so that a message that comes twice is one reading.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec import Struct

from danshu.capabilities.routing.variables import BY_KEY, OnStale
from danshu.hub.signal_places import Places
from danshu.kernel.errors import Busy, DanshuError, InputError, NotAvailable
from danshu.kernel.limits import (
    RETRY_AFTER_S,
    SIGNAL_GROUP,
    SIGNAL_LATE_S,
    SIGNAL_NAME_CHARS,
    SIGNAL_QUEUE,
    SIGNAL_SKEW_MS,
    SIGNAL_SOURCES,
    SIGNAL_WAIT_MS,
)
from danshu.ledger import write
from danshu.ports.signal import BAD, Fault, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import psycopg

    from danshu.hub.worlds import Worlds

Series = tuple[int, str, str, str]  # tenant, key, subject, source
_REGISTER: Final = """
insert into signal_sources(tenant,key,subject,source)
select * from unnest(%b::int4[],%b::text[],%b::text[],%b::text[])
on conflict (tenant,key,subject,source) do update set retired=null
returning tenant,key,subject,source,no
"""
_COUNT: Final = "select count(*) from signal_sources where tenant=%b"
_INSERT: Final = """
with told as (select * from unnest(%b::int4[],%b::int4[],%b::int4[],%b::int8[],%b::int8[],
  %b::float8[],%b::int2[]) as t(part,tenant,no,observed,received,value,quality)),
fresh as (insert into readings(tenant,no,observed,received,value,quality)
  select tenant,no,observed,received,value,quality from told
  on conflict do nothing returning tenant,no,observed)
select part, count(*) from told join fresh using (tenant,no,observed) group by part
"""
# Rows are locked in the order of their keys, so that two nodes never wait for each other.
_NEWEST: Final = """
insert into signal_latest as l (tenant,no,observed,received,value,quality)
select * from unnest(%b::int4[],%b::int4[],%b::int8[],%b::int8[],%b::float8[],%b::int2[])
on conflict (tenant,no) do update set observed=excluded.observed, received=excluded.received,
value=excluded.value, quality=excluded.quality where excluded.observed > l.observed
"""
_MOVE: Final = """
insert into signal_moves(tenant,no) select t, 1 from unnest(%b::int4[]) t
on conflict (tenant) do update set no = signal_moves.no + 1
"""


class Row(NamedTuple):
    """One reading at its place in the network."""

    series: Series
    observed_ms: int
    received_ms: int
    value: float
    quality: int


class Taken(Struct, frozen=True, kw_only=True):
    """What became of a message: readings that are new, that were known, and what was wrong."""

    accepted: int = 0
    repeated: int = 0
    faults: tuple[Fault, ...] = ()


class _Part(NamedTuple):
    rows: list[Row]
    future: asyncio.Future[int]


class Readings:
    """The door of one process: judges readings, gathers them, one commit at a time."""

    def __init__(self, url: str, worlds: Worlds, clock: Callable[[], int]) -> None:
        self._url = url
        self._worlds = worlds
        self._clock = clock
        self._places: dict[int, tuple[object, Places]] = {}
        self._numbers: dict[Series, int] = {}
        self._waiting: list[_Part] = []
        self._queued = 0
        self._arrived = asyncio.Event()
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._loop: asyncio.Task[None] | None = None
        self._closing = False

    async def close(self) -> None:
        """Commit what waits and end."""
        self._closing = True
        self._arrived.set()
        if self._loop is not None:
            await asyncio.gather(self._loop, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()

    async def take(
        self, tenant: int, feed: str, readings: Sequence[Reading], received_ms: int
    ) -> Taken:
        """Judge and commit readings of one message; `feed` is the source that names none itself.

        Raises Busy when too many wait, InputError `no_network` for a merchant without one,
        UnknownOutcome and NotAvailable when the commit failed: repeat the same message.
        """
        await self._worlds.ensure(tenant)
        rows, faults = self._judge(tenant, feed, readings, received_ms)
        if not rows:
            return Taken(faults=tuple(faults))
        if self._closing:
            raise NotAvailable("the hub is closing", RETRY_AFTER_S)
        if self._queued + len(rows) > SIGNAL_QUEUE:
            raise Busy("too many readings are waiting", RETRY_AFTER_S)
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Part(rows, future))
        self._queued += len(rows)
        self._arrived.set()
        if self._loop is None:
            self._loop = asyncio.create_task(self._run())
        accepted = await future
        return Taken(accepted=accepted, repeated=len(rows) - accepted, faults=tuple(faults))

    def _judge(
        self, tenant: int, feed: str, readings: Sequence[Reading], received_ms: int
    ) -> tuple[list[Row], list[Fault]]:
        """Find each place; name what is unknown, of the future, too late, unbelievable."""
        places = self._places_of(tenant)
        merged: dict[tuple[Series, int], list[tuple[Row, float]]] = {}
        faults: list[Fault] = []
        for number, reading in enumerate(readings):
            told = _refuse(reading, received_ms)
            subjects = () if told else places.find(reading.key, reading.subject)
            if not told and not subjects:
                told = ("unknown_subject", f"{reading.subject} is not in the network")
            if told:
                faults.append(Fault(at=f"/{number}", code=told[0], detail=told[1]))
                continue
            quality = reading.quality
            variable = BY_KEY[reading.key]
            if not variable.low <= reading.value <= variable.high:
                said = f"{reading.value} is outside {variable.low} to {variable.high}"
                faults.append(Fault(at=f"/{number}", code="unbelievable", detail=said))
                # what fails closed counts as a broken sensor; the rest is clamped when resolved
                quality = BAD if variable.on_stale is OnStale.CLOSED else quality
            source = f"{feed}/{reading.source}" if reading.source else feed
            for subject in subjects:
                series = (tenant, reading.key, subject, source)
                row = Row(series, reading.observed_ms, received_ms, reading.value, quality)
                told_here = merged.setdefault((series, reading.observed_ms), [])
                told_here.append((row, reading.weight))
        return [_mean(told_here) for told_here in merged.values()], faults

    async def places(self, tenant: int) -> Places:
        """Give where a merchant's warehouses and regions are. Raises InputError `no_network`."""
        await self._worlds.ensure(tenant)
        return self._places_of(tenant)

    def _places_of(self, tenant: int) -> Places:
        world = self._worlds[tenant]
        known = self._places.get(tenant)
        if known is None or known[0] is not world.warehouses:
            known = (world.warehouses, Places(world.warehouses, world.region_rows))
            self._places[tenant] = known
        return known[1]

    async def _run(self) -> None:
        while True:
            if not self._waiting:
                if self._closing:
                    return
                self._arrived.clear()
                await self._arrived.wait()
                continue
            if self._queued < SIGNAL_GROUP and not self._closing:
                await asyncio.sleep(SIGNAL_WAIT_MS / 1000)
            group: list[_Part] = []
            size = 0
            while self._waiting and (
                not group or size + len(self._waiting[0].rows) <= SIGNAL_GROUP
            ):
                group.append(self._waiting.pop(0))
                size += len(group[-1].rows)
            self._queued -= size
            try:
                counts = await self._commit(group)
            except Exception as error:  # noqa: BLE001 - whatever it is, the senders hear of it
                told = (
                    error
                    if isinstance(error, DanshuError)
                    else NotAvailable(f"the database refused: {error}", RETRY_AFTER_S)
                )
                for part in group:
                    if not part.future.done():
                        part.future.set_exception(told)
                continue
            for number, part in enumerate(group):
                if not part.future.done():
                    part.future.set_result(counts.get(number, 0))

    async def _commit(self, group: Sequence[_Part]) -> dict[int, int]:
        """Write a group; gives how many readings of each part were new."""
        if self._connection is None or self._connection.closed:
            self._connection = await write.connect(self._url, "danshu readings")
        connection = self._connection
        await self._register(connection, {row.series for part in group for row in part.rows})
        columns: list[tuple[int, int, int, int, int, float, int]] = []
        seen: set[tuple[int, int]] = set()
        newest: dict[tuple[int, int], tuple[int, int, float, int]] = {}
        for number, part in enumerate(group):
            for series, observed, received, value, quality in part.rows:
                no, tenant = self._numbers[series], series[0]
                if (no, observed) in seen:
                    continue
                seen.add((no, observed))
                columns.append((number, tenant, no, observed, received, value, quality))
                known = newest.get((tenant, no))
                if known is None or observed > known[0]:
                    newest[tenant, no] = (observed, received, value, quality)
        statements = [
            write.Statement(_INSERT, _arrays(columns, "44488f2"), returns=True),
            write.Statement(
                _NEWEST, _arrays([(*k, *v) for k, v in sorted(newest.items())], "4488f2")
            ),
            write.Statement(_MOVE, (write.int4s(sorted({c[1] for c in columns})),)),
        ]
        (counted,) = await write.commit(connection, statements)
        return {int(number): int(count) for number, count in counted}

    async def _register(
        self, connection: psycopg.AsyncConnection[Any], wanted: set[Series]
    ) -> None:
        """Give new sources their numbers; a source that was retired speaks again."""
        missing = sorted(wanted - self._numbers.keys())
        if not missing:
            return
        for tenant in {series[0] for series in missing}:
            row = await (await connection.execute(_COUNT, (tenant,), binary=True)).fetchone()
            if row is not None and row[0] > SIGNAL_SOURCES:
                raise InputError("too_many", f"a merchant has at most {SIGNAL_SOURCES} sources")
        columns = list(zip(*missing, strict=True))
        told = (write.int4s(columns[0]), *(write.texts(column) for column in columns[1:]))
        cursor = await connection.execute(_REGISTER, told, binary=True)
        for tenant, key, subject, source, no in await cursor.fetchall():
            self._numbers[tenant, key, subject, source] = no

    def forget(self, tenant: int) -> None:
        """Forget the numbers of a merchant's sources: one of them was retired."""
        for series in [s for s in self._numbers if s[0] == tenant]:
            del self._numbers[series]


def _refuse(reading: Reading, received_ms: int) -> tuple[str, str] | None:
    """Name what is wrong with a reading before anybody looks for its place."""
    if reading.key not in BY_KEY or not BY_KEY[reading.key].per:
        return "unknown_key", f"{reading.key} is no variable that is told by signals"
    if reading.observed_ms > received_ms + SIGNAL_SKEW_MS:
        return "skew", "observed in the future: the source's clock is wrong"
    if reading.observed_ms < received_ms - SIGNAL_LATE_S * 1000:
        return "too_late", f"observed more than {SIGNAL_LATE_S} s ago"
    if len(reading.subject) > SIGNAL_NAME_CHARS or len(reading.source) > SIGNAL_NAME_CHARS:
        return "too_long", f"names have at most {SIGNAL_NAME_CHARS} characters"
    if "\0" in reading.subject or "\0" in reading.source:
        return "bad_text", "names hold no U+0000"
    return None


def _mean(told: Sequence[tuple[Row, float]]) -> Row:
    """Make one row of those on one subject and moment: bits united, all else a mean by weight."""
    first = told[0][0]
    if len(told) == 1:
        return first
    quality = max(row.quality for row, _ in told)
    if first.series[1] == "policy_compliance":
        bits = 0
        for row, _ in told:
            bits |= int(row.value)
        return first._replace(value=float(bits), quality=quality)
    weight = sum(each for _, each in told) or 1.0
    value = sum(row.value * each for row, each in told) / weight
    return first._replace(value=value, quality=quality)


_MAKERS: Final = {"4": write.int4s, "8": write.int8s, "f": write.float8s, "2": write.int2s}


def _arrays(rows: Iterable[tuple[Any, ...]], kinds: str) -> tuple[Any, ...]:
    """Make array parameters of columns, each of the kind of its letter."""
    columns = zip(*rows, strict=True)
    return tuple(_MAKERS[kind](column) for kind, column in zip(kinds, columns, strict=True))


@contextlib.asynccontextmanager
async def opened(url: str, worlds: Worlds, clock: Callable[[], int]) -> Any:
    """Lend a door of one's own (a worker's), and close it at the end."""
    door = Readings(url, worlds, clock)
    try:
        yield door
    finally:
        await door.close()
