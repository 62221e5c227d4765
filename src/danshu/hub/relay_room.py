"""The room `relay` 总线转发: follows the leaves of every merchant, publishes their events to a bus.

The bus is never the record: a message is a portion of a book (capabilities/weave/portions.py), cut
at the same places however often, and the cursor moves once the bus has acknowledged it. A relay
that died between the two asks the bus for the newest message of a merchant and goes on behind it,
where it bears the mark of this book. No transaction is open while the bus is waited for, since the
sequencer waits for those. Idle where DANSHU_BUS_URL names no bus.
"""

from __future__ import annotations

import fnmatch
import hashlib
import logging
import os
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct

from danshu.capabilities.weave import portions
from danshu.capabilities.weave.portions import Portion
from danshu.hub import event_forms
from danshu.kernel import fact
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import RELAY_BYTES, RELAY_EVENTS, RELAY_LEAVES, RELAY_MERCHANTS
from danshu.ledger import follow, places
from danshu.ledger.edge import LogBroken
from danshu.ports import registry
from danshu.ports.bus import Parcel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import psycopg

    from danshu.ports.bus import Bus

    Connection = psycopg.AsyncConnection[Any]

ROOM: Final = "relay"
URL: Final = "DANSHU_BUS_URL"
FORM: Final = "DANSHU_BUS_FORM"
TYPES: Final = "DANSHU_BUS_TYPES"
BATCH, SINGLE = "batch", "single"
BUS: Final = "jetstream"
SUBJECT: Final = "danshu.events."
_MARK_CHARS: Final = 12
_log = logging.getLogger("danshu.relay")
_BEGIN: Final = "insert into relays(tenant) values (0) on conflict do nothing"
_SINCE: Final = "select (extract(epoch from since)*1000)::int8 from relays where tenant=0"
_BOOKS: Final = """
select b.tenant, t.code, b.half, b.size, c.position, coalesce(r.epoch, 0)
from books b join tenants t on t.id = b.tenant
left join cursors c on c.name=%s and c.tenant=b.tenant and c.half=b.half
left join relays r on r.tenant=b.tenant
where b.size > coalesce(c.position, 0) order by b.tenant, b.half
"""
_SEGMENTS: Final = """
select first, n from segments where tenant=%(t)s and half=%(h)s and first < %(most)s and first >=
(select coalesce(max(first), 0) from segments where tenant=%(t)s and half=%(h)s and first <= %(at)s)
order by first
"""
_PLACE: Final = """
insert into cursors(name,tenant,half,position) values(%s,%s,%s,%s) on conflict do nothing
"""


class _Book(Struct):
    """A book that has grown, and how far it was relayed."""

    tenant: int
    code: str
    half: str
    size: int
    position: int
    epoch: int


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room; without a bus there is nothing to do."""
    del url
    servers = os.environ.get(URL, "")
    if not servers:
        return _rest
    form = os.environ.get(FORM, BATCH)
    if form not in (BATCH, SINGLE):
        raise InputError("bad_form", f"{FORM} is {BATCH} or {SINGLE}")
    return Relay(servers, single=form == SINGLE, types=os.environ.get(TYPES, "")).step


async def _rest(connection: Connection) -> int:
    del connection
    return 0


class Relay:
    """The relay of all merchants of an installation; one works at a time."""

    def __init__(self, servers: str, *, single: bool = False, types: str = "") -> None:
        """Relay the types of facts that are named, separated by commas, `order.*` for all of a
        kind; every published type where none is. Raises InputError `bad_type` for what is none.
        """
        self._servers, self._single = servers, single
        self._types = _choose(types)
        self._bus: Bus | None = None
        self._since_ms: int | None = None
        self._asked: set[tuple[int, int]] = set()  # tenant and epoch that the bus was asked of
        self._quiet = False
        self._waiting: dict[tuple[int, str], int] = {}  # where a fact can't be told

    async def step(self, connection: Connection) -> int:
        """Relay a portion or more of each book that has grown; gives how many leaves."""
        if self._since_ms is None:
            await connection.execute(_BEGIN)
            row = await (await connection.execute(_SINCE)).fetchone()
            self._since_ms = int(row[0]) if row else 0
        books = await self._read_books(connection)
        if not books:
            return 0
        try:
            return await self._relay(connection, books)
        except NotAvailable as error:
            if not self._quiet:
                _log.warning("the bus cannot be written to: %s", error.detail)
            self._quiet = True
            await self.close()
            return 0
        except BaseException:
            await self.close()
            raise

    async def warm(self) -> None:
        """Connect, and load the types of events, before anything is there. Raises NotAvailable."""
        await self._open()
        event_forms.published(b"")

    async def close(self) -> None:
        """Let go of the bus; what it has is asked again."""
        bus, self._bus = self._bus, None
        self._asked.clear()
        if bus is not None:
            await bus.close()

    async def _open(self) -> Bus:
        if self._bus is None:
            bus = cast("Callable[[], Bus]", type(registry.load("bus", BUS)))()
            await bus.open(self._servers)
            self._bus = bus
        return self._bus

    async def _relay(self, connection: Connection, books: Sequence[_Book]) -> int:
        bus = await self._open()
        parcels: list[Parcel] = []
        ends: list[tuple[_Book, int]] = []
        for book in books:
            try:
                if (book.tenant, book.epoch) not in self._asked:
                    await self._catch_up(connection, bus, book)
                if book.position < book.size:
                    end = await self._write(connection, book, parcels)
                    ends.append((book, end))
            except LogBroken as error:  # another merchant's log is whole
                self._note(book, book.position, error)
        if parcels:
            await bus.publish(parcels)
        self._quiet = False
        async with connection.transaction():
            for book, end in ends:
                at = (book.tenant, book.half, book.position, end)
                await follow.move(connection, ROOM, *at)
        return sum(end - book.position for book, end in ends)

    async def _read_books(self, connection: Connection) -> list[_Book]:
        """List the older book of each merchant that has leaves to relay; a merchant of which
        nothing was relayed begins where its log stood when this installation began to relay.
        """
        rows = await (await connection.execute(_BOOKS, (ROOM,))).fetchall()
        found: dict[int, _Book] = {}
        for tenant, code, half, size, position, epoch in rows:
            if tenant in found:
                continue
            if position is None:
                since_ms = self._since_ms or 0
                position = await places.find_place(connection, tenant, half, since_ms)
                await connection.execute(_PLACE, (ROOM, tenant, half, position))
            if position < size:
                found[tenant] = _Book(tenant, code, half, size, position, epoch)
            if len(found) == RELAY_MERCHANTS:
                break
        return list(found.values())

    async def _catch_up(self, connection: Connection, bus: Bus, book: _Book) -> None:
        """Go on behind what the bus has of a book, where the last relay did not come to say so."""
        newest = portions.read_name(await bus.find(f"{SUBJECT}{book.code}.>"))
        self._asked.add((book.tenant, book.epoch))
        if newest is None or newest.epoch != book.epoch or newest.half != book.half:
            return
        if not book.position < newest.end <= book.size:
            return
        at = (book.tenant, book.half, newest.end - 1, newest.end)
        (last,) = await follow.read_leaves(connection, *at)
        if _mark(last.body) != newest.mark:
            _log.warning("the bus has another log of %s: nothing of it is skipped", book.code)
        elif await follow.move(connection, ROOM, book.tenant, book.half, book.position, newest.end):
            book.position = newest.end

    async def _write(self, connection: Connection, book: _Book, parcels: list[Parcel]) -> int:
        """Add messages of a book's next leaves; gives the position behind the last of them."""
        at, half = book.position, book.half
        asked = {"t": book.tenant, "h": half, "at": at, "most": at + RELAY_LEAVES}
        segments = await (await connection.execute(_SEGMENTS, asked)).fetchall()
        ends = list(portions.cut(at, segments, RELAY_EVENTS, RELAY_LEAVES))
        rows = await follow.read_beside(connection, book.tenant, half, at, ends[-1])
        done = position = at
        portion, left, chosen = self._begin(book, at), iter(ends), self._types
        end, add = next(left), portion.add
        try:
            for _, _, _, packed in rows.rows:
                for body in fact.unpack(packed):
                    if chosen is None or event_forms.type_of(body) in chosen:
                        add(body, position)
                    position += 1
                    if position == end or portion.size >= RELAY_BYTES:
                        parcels += portion.pack(position, body)
                        done = position
                        portion = self._begin(book, position)
                        add = portion.add
                        end = next(left, -1) if position == end else end
        except Exception as error:  # noqa: BLE001  # somebody else's adapter: no other book waits
            self._note(book, position, error)
            return done
        if done != ends[-1]:
            raise LogBroken(f"book {book.tenant}/{half}: a row before {position} is torn")
        return done

    def _note(self, book: _Book, position: int, error: Exception) -> None:
        """Say once where a book waits. The fact may hold people's data: only its place is told."""
        if self._waiting.get((book.tenant, book.half)) != position:
            self._waiting[book.tenant, book.half] = position
            place = f"{book.tenant}/{book.half}/{position}"
            _log.error("relay stops at %s: %s", place, type(error).__name__)

    def _begin(self, book: _Book, first: int) -> _Batch | _Singles:
        return _Singles(book) if self._single else _Batch(book, first)


class _Batch:
    """A portion of a book while its events are gathered for one message."""

    def __init__(self, book: _Book, first: int) -> None:
        self._book, self._first = book, first
        self._events = bytearray(b"[")

    @property
    def size(self) -> int:
        """How long it is."""
        return len(self._events)

    def add(self, body: bytes, position: int) -> None:
        """Add the event of a fact, where it is told."""
        if event_forms.append(self._events, body, self._book.half, position):
            self._events += b","

    def pack(self, end: int, last: bytes) -> list[Parcel]:
        """Make a message of the events up to `end`; none where nothing is told."""
        if len(self._events) == 1:
            return []
        self._events[-1:] = b"]"
        return [
            Parcel(
                subject=f"{SUBJECT}{self._book.code}.batch",
                id=_name(self._book, self._first, end, last),
                content_type=event_forms.BATCHED,
                body=bytes(self._events),
            )
        ]


class _Singles:
    """Events of a book, each a message under its own subject."""

    def __init__(self, book: _Book) -> None:
        self._book = book
        self._parcels: list[Parcel] = []
        self.size = 0

    def add(self, body: bytes, position: int) -> None:
        """Add the event of a fact, where it is told."""
        event = event_forms.write(body, self._book.half, position)
        if event is None:
            return
        kind = event.type.removeprefix(event_forms.PREFIX)
        self._parcels.append(
            Parcel(
                subject=f"{SUBJECT}{self._book.code}.{event.topic}.{kind}",
                id=_name(self._book, position, position + 1, body),
                content_type=event_forms.STRUCTURED,
                body=event.body,
            )
        )
        self.size += len(event.body)

    def pack(self, end: int, last: bytes) -> list[Parcel]:
        """Give the messages."""
        del end, last
        return self._parcels


def _name(book: _Book, first: int, end: int, last: bytes) -> str:
    return Portion(
        code=book.code,
        half=book.half,
        first=first,
        count=end - first,
        mark=_mark(last),
        epoch=book.epoch,
    ).name()


def _choose(types: str) -> frozenset[str] | None:
    """Give the published types of facts that are named; None for all."""
    if not types:
        return None
    known = [each.fact for each in event_forms.event_types().values()]
    found: set[str] = set()
    for name in types.split(","):
        fits = [kind for kind in known if fnmatch.fnmatchcase(kind, name.strip())]
        if not fits:
            raise InputError("bad_type", f"{TYPES}: no published type is called {name.strip()!r}")
        found.update(fits)
    return frozenset(found)


def _mark(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:_MARK_CHARS]
