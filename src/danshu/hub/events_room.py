"""The room of events: follows the log for the merchants' subscriptions and hands published events
over to their receivers.

Each subscription is held by one process, by a lock that its death frees. Leaves are read, and
events written, once for all subscriptions that stand at the head; each then adds its filter, one
join, one signature and the POST. Posting goes on beside the others and beside the database, which
is asked between: a slow receiver holds up itself alone.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.weave import breaker as breakers
from danshu.capabilities.weave import filters as rules
from danshu.capabilities.weave.breaker import Phase
from danshu.capabilities.weave.filters import Test
from danshu.hub import (
    dead_letters,
    event_reading,
    event_settling,
    event_standing,
    subscriptions,
    wires,
)
from danshu.hub.compose import now_ms
from danshu.hub.event_posting import BATCH, Delivery, Outlet, Shared
from danshu.hub.event_reading import Reader
from danshu.hub.event_settling import Parked, Stretch
from danshu.hub.event_standing import Place, Row
from danshu.kernel.errors import DanshuError
from danshu.kernel.limits import EVENT_PORTION, EVENT_SINGLES, EVENTS_PARKED, SECRET_OVERLAP_S
from danshu.ledger import follow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import aiohttp

    from danshu.hub.event_forms import Event

Connection = psycopg.AsyncConnection[Any]
_log = logging.getLogger("danshu.events")
_LOCK: Final = "select pg_try_advisory_lock(hashtextextended(%s, 0))"
_UNLOCK: Final = "select pg_advisory_unlock(hashtextextended(%s, 0))"
_TAKE_AT_ONCE: Final = 4  # new subscriptions a step, so that processes that start together share
_TOGETHER_S: Final = 0.1  # that quick receivers are waited for together
_SLOW_S: Final = 0.4  # and then for any
_LEAD: Final = EVENT_PORTION  # leaves of no interest that are passed before it is written down
_LEAD_MS: Final = 5_000
_SWEEP_MS: Final = 600_000
_SHARED: Final = 4
_STUMBLE_MS: Final = 60_000
_LOOK_MS: Final = 5_000  # between two looks at what another process holds


class _Work(Struct, eq=False):
    """What is under way: a stretch of the log, or parked events."""

    delivery: Delivery
    task: asyncio.Task[None]
    stretch: Stretch | None
    parked: tuple[Parked, ...]


class _Held(Struct, eq=False):
    """A subscription that this process holds. `lead` is how far it read beyond its position where
    nothing was of interest: (half, stored position, position, since when).
    """

    row: Row
    outlet: Outlet
    types: frozenset[str]
    test: Test | None
    filters: str
    until_ms: int
    work: _Work | None = None
    lead: tuple[str, int, int, int] | None = None
    size: int = 0
    again_ms: int = 0


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room: it reads what is new and hands it over."""
    del url  # the room's own connection is all it needs
    return Engine()


class Engine:
    """The subscriptions that a process holds, and what is under way for them."""

    def __init__(self, clock: Callable[[], int] = now_ms) -> None:
        self._clock: Final = clock
        self._reader: Final = Reader()
        self._held: Final[dict[Place, _Held]] = {}
        self._wire: aiohttp.ClientSession | None = None
        self._swept_ms = 0
        self._shared: Final[dict[tuple[Any, ...], Shared]] = {}
        self._elsewhere: Final[dict[Place, int]] = {}

    async def __call__(self, connection: Connection) -> int:
        """Begin what can be begun, wait a little, write down what ended; 0 when nothing is left."""
        try:
            return await self._step(connection)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let go of everything; what is under way is sent again by whoever comes next."""
        tasks = [held.work.task for held in self._held.values() if held.work]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._held.clear()
        if self._wire is not None:
            await self._wire.close()
            self._wire = None

    async def _step(self, connection: Connection) -> int:
        rows = await event_standing.read_rows(connection)
        at_ms = self._clock()
        await self._hold(connection, rows, at_ms)
        if not self._held:
            if self._wire is not None:
                await self.close()
            return 0
        moved = 0
        heads = self._find_heads()
        for held in self._held.values():
            if held.work is None and at_ms >= held.again_ms:
                try:
                    moved += await self._begin(connection, held, heads, at_ms)
                except psycopg.Error:
                    raise
                except Exception as error:  # noqa: BLE001 - of this one alone: a type's adapter,
                    # or a book that is broken; the others go on
                    await self._stumble(connection, held, error, at_ms)
        moved += await self._wait(connection)
        if not moved:
            self._shared.clear()
        if at_ms - self._swept_ms > _SWEEP_MS:
            self._swept_ms = at_ms
            await dead_letters.sweep(connection)
        return moved

    async def _hold(self, connection: Connection, rows: dict[Place, Row], at_ms: int) -> None:
        """Take subscriptions that nobody holds, let go of those that are no more, see changes."""
        for place in [place for place in self._held if place not in rows]:
            held = self._held.pop(place)
            if held.work is not None:
                held.work.task.cancel()
            await connection.execute(_UNLOCK, (_name(place),))
        new = 0
        for place, row in rows.items():
            known = self._held.get(place)
            if known is None:
                if new == _TAKE_AT_ONCE or at_ms < self._elsewhere.get(place, 0):
                    continue
                locked = await (await connection.execute(_LOCK, (_name(place),))).fetchone()
                if not (locked and locked[0]):
                    self._elsewhere[place] = at_ms + _LOOK_MS
                    continue
                new += 1
            elif known.row.revision == row.revision and at_ms < known.until_ms:
                known.row = row
                continue
            elif known.work is not None:
                continue  # what is under way ends first
            await self._open(connection, row, at_ms)

    async def _open(self, connection: Connection, row: Row, at_ms: int) -> None:
        """Read a subscription's settings and secrets."""
        try:
            found = await subscriptions.read(connection, *row.place)
            outlet = await subscriptions.read_outlet(connection, found, at_ms)
            types = rules.compile_types(found.wanted.types, list(event_reading.facts_by_event()))
            test = rules.compile_filter(found.wanted.filters)
        except DanshuError as error:  # another key of the safe, a filter of a newer version
            _log.warning("subscription %s can't be read: %s", row.place[1], error)
            self._held.pop(row.place, None)
            await connection.execute(_UNLOCK, (_name(row.place),))
            return
        ends_ms = found.rotated_ms + SECRET_OVERLAP_S * 1000
        until_ms = ends_ms if at_ms < ends_ms else at_ms + SECRET_OVERLAP_S * 1000
        filters = repr(found.wanted.filters)
        self._held[row.place] = _Held(row, outlet, types, test, filters, until_ms)

    def _find_heads(self) -> dict[tuple[int, str], tuple[int, frozenset[str]]]:
        """Give the furthest position of each book, and all types that its merchant wants."""
        heads: dict[tuple[int, str], tuple[int, frozenset[str]]] = {}
        for (tenant, _), held in self._held.items():
            key = (tenant, held.row.half)
            position, types = heads.get(key, (0, frozenset()))
            heads[key] = (max(position, _position(held)), types | held.types)
        return heads

    async def _begin(
        self,
        connection: Connection,
        held: _Held,
        heads: dict[tuple[int, str], tuple[int, frozenset[str]]],
        at_ms: int,
    ) -> int:
        """Begin to hand over what a subscription has to; gives how many leaves were passed."""
        row = held.row
        if breakers.look(row.breaker, at_ms) is Phase.OPEN:
            return 0
        if row.parked and 0 < row.retry_ms <= at_ms:
            parked, events = await event_standing.read_due(connection, row.place, at_ms)
            if events:
                self._start(held, self._make(held, events), parked)
                return 0
        if not row.half or row.parked >= EVENTS_PARKED:
            return 0
        start = _position(held)
        if start >= row.size:
            if held.lead is not None and at_ms - held.lead[3] >= _LEAD_MS:
                await self._write_lead(connection, held, held.lead)
            return 0
        span = range(start, min(row.size, start + EVENT_PORTION))
        head, wanted = heads[row.place[0], row.half]
        types = wanted if start == head else held.types
        portion = await self._reader.read(connection, row.place[0], row.half, span, types)
        chosen = event_reading.choose(portion, held.types, held.test)
        end = span.stop
        if held.outlet.mode != BATCH and len(chosen) > EVENT_SINGLES:
            end, chosen = chosen[EVENT_SINGLES].position, chosen[:EVENT_SINGLES]
        stretch = await self._part(connection, held, chosen, end)
        if not stretch.events and not stretch.behind:
            await self._pass(connection, held, stretch, at_ms)
            return end - start
        events = [placed.event for placed in stretch.events]
        shared = None
        if held.outlet.mode == BATCH and not stretch.behind:
            shared = self._share((row.place[0], row.half, start, end, held.types, held.filters))
        self._start(held, self._make(held, events, shared), (), stretch)
        return 0

    def _share(self, key: tuple[Any, ...]) -> Shared:
        """Give what others have cut and joined of the very same events; of the last few lists."""
        if key not in self._shared and len(self._shared) >= _SHARED:
            del self._shared[next(iter(self._shared))]
        return self._shared.setdefault(key, {})

    async def _part(
        self,
        connection: Connection,
        held: _Held,
        chosen: list[event_reading.Placed],
        end: int,
    ) -> Stretch:
        """Part what waits behind a parked event of its subject from the rest."""
        row = held.row
        parked: set[str] = set()
        if row.parked and chosen:
            parked = await event_standing.read_subjects(connection, row.place)
        return Stretch(
            half=row.half,
            before=row.position,
            end=end,
            events=[p for p in chosen if p.event.subject not in parked],
            behind=[p for p in chosen if p.event.subject in parked],
        )

    async def _pass(
        self, connection: Connection, held: _Held, stretch: Stretch, at_ms: int
    ) -> None:
        """Pass leaves of no interest; written down now and then, as reading them again is cheap."""
        since_ms = held.lead[3] if held.lead and held.lead[0] == stretch.half else at_ms
        held.lead = (stretch.half, stretch.before, stretch.end, since_ms)
        if stretch.end - stretch.before >= _LEAD or at_ms - since_ms >= _LEAD_MS:
            await self._write_lead(connection, held, held.lead)

    async def _write_lead(
        self, connection: Connection, held: _Held, lead: tuple[str, int, int, int]
    ) -> None:
        held.lead = None
        tenant, id_ = held.row.place
        await follow.move(connection, event_settling.name(id_), tenant, *lead[:3])

    def _make(self, held: _Held, events: list[Event], shared: Shared | None = None) -> Delivery:
        self._wire = self._wire or wires.open_wire()
        return Delivery(
            self._wire, held.outlet, events, held.row.breaker, self._clock, held.size, shared
        )

    def _start(
        self,
        held: _Held,
        delivery: Delivery,
        parked: tuple[Parked, ...],
        stretch: Stretch | None = None,
    ) -> None:
        task = asyncio.create_task(delivery.run())
        held.work = _Work(delivery, task, stretch, parked)

    async def _wait(self, connection: Connection) -> int:
        """Wait a little for what is under way, and write down what ended."""
        tasks = [held.work.task for held in self._held.values() if held.work]
        if not tasks:
            return 0
        done, _ = await asyncio.wait(tasks, timeout=_TOGETHER_S)
        if not done:
            await asyncio.wait(tasks, timeout=_SLOW_S, return_when=asyncio.FIRST_COMPLETED)
        for held in self._held.values():
            work = held.work
            if work is not None and work.task.done():
                held.work = None
                await self.settle(connection, held, work)
        return len(tasks)

    async def _stumble(
        self, connection: Connection, held: _Held, error: BaseException, at_ms: int
    ) -> None:
        """Leave a subscription alone that a program's error stops; its position waits."""
        _log.error("subscription %s stops", held.row.place[1], exc_info=error)
        held.again_ms = at_ms + _STUMBLE_MS
        trouble = f"program: {type(error).__name__}"
        await event_settling.note_trouble(connection, held.row.place, trouble, at_ms)

    async def settle(self, connection: Connection, held: _Held, work: _Work) -> None:
        """Write down what became of what was handed over."""
        place, at_ms = held.row.place, self._clock()
        failure = work.task.exception()
        if failure is not None:
            await self._stumble(connection, held, failure, at_ms)
            return
        held.size, held.lead = work.delivery.size, None
        try:
            if work.stretch is not None:
                await event_settling.settle(connection, place, work.stretch, work.delivery, at_ms)
            else:
                await event_settling.settle_parked(
                    connection, place, work.parked, work.delivery, at_ms
                )
            if work.delivery.gone:
                await event_settling.pause_gone(connection, place)
        except event_settling.Moved:
            _log.info("subscription %s was set elsewhere meanwhile", place[1])


def _position(held: _Held) -> int:
    """Give how far a subscription has read: its stored position, or beyond it."""
    lead, row = held.lead, held.row
    if lead is not None and lead[:2] == (row.half, row.position):
        return lead[2]
    return row.position


def _name(place: Place) -> str:
    return f"danshu/subscription/{place[0]}/{place[1]}"
