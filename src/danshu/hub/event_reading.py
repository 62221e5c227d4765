"""Published events read from the log: by subscriptions, pulls and streams, each made once for all.

A portion is a stretch of one book. Whoever stands at the head asks for the same portions as the
others there, so a small cache of the last few lets one reading and one writing of each event serve
all of them; whoever is behind reads for itself and puts nothing in their way.
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.hub import event_forms
from danshu.hub.event_forms import Event
from danshu.kernel import fact
from danshu.kernel.errors import InputError
from danshu.kernel.limits import EVENT_CACHE_BYTES, EVENT_PORTION
from danshu.ledger import follow, places
from danshu.ledger.sequence import half_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from danshu.capabilities.weave.filters import Test
    from danshu.ledger.leaves import FactRow

Connection = psycopg.AsyncConnection[Any]
_BOOKS: Final = "select half, size from books where tenant=%s order by half"
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode
_SMALL: Final = 8  # types that a row is looked through for before it is unpacked
_ENVELOPE: Final = 400  # bytes that an event in the cache costs beside its body


class Spot(Struct, frozen=True, kw_only=True, order=True, gc=False):
    """A place in a merchant's log: the half-year of the book, and how many leaves lie before it."""

    half: str
    position: int

    def __str__(self) -> str:
        """As people and cursors write it."""
        return f"{self.half}/{self.position}"


class Placed(Struct, frozen=True, gc=False):
    """An event and the position of its leaf."""

    position: int
    event: Event


class Portion(Struct, frozen=True, eq=False):
    """The events of some types in the leaves [first, end) of a book."""

    half: str
    first: int
    end: int
    events: tuple[Placed, ...]


class Reader:
    """Reads portions, and keeps the last few of each merchant while memory lasts."""

    def __init__(self, bytes_max: int = EVENT_CACHE_BYTES) -> None:
        self._bytes_max: Final = bytes_max
        self._kept: OrderedDict[tuple[Any, ...], tuple[Portion, int]] = OrderedDict()
        self._bytes = 0

    async def read(
        self, connection: Connection, tenant: int, half: str, span: range, types: frozenset[str]
    ) -> Portion:
        """Read the events of these types in a span of leaves.

        Raises LogBroken where the log and its facts disagree.
        """
        key = (tenant, half, span.start, span.stop, types)
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept[0]
        rows = await follow.read_beside(connection, tenant, half, span.start, span.stop)
        events = tuple(write_events(rows.rows, half, rows.first, types))
        portion = Portion(half, span.start, span.stop, events)
        size = sum([len(placed.event.body) + _ENVELOPE for placed in events]) + _ENVELOPE
        if size <= self._bytes_max // 4:
            self._kept[key] = (portion, size)
            self._bytes += size
            while self._bytes > self._bytes_max:
                _, (_, gone) = self._kept.popitem(last=False)
                self._bytes -= gone
        return portion


def write_events(
    rows: Iterable[FactRow], half: str, first: int, types: frozenset[str]
) -> Iterable[Placed]:
    """Write the events of these types that lie in fact rows; `first` is the leaf of the first."""
    kinds = facts_of(types)
    marks = [b'"type":"%b"' % kind.encode() for kind in kinds]
    is_few = len(marks) <= _SMALL
    position = first
    for _, _, count, packed in rows:
        if is_few and not any([mark in packed for mark in marks]):
            position += count
            continue
        for body in fact.unpack(packed):
            if event_forms.type_of(body) in kinds:
                event = event_forms.write(body, half, position)
                if event is not None and event.type in types:
                    yield Placed(position, event)
            position += 1


def facts_of(types: Iterable[str]) -> frozenset[str]:
    """Give the types of fact that types of event are told of."""
    known = facts_by_event()
    return frozenset([known[name] for name in types if name in known])


@functools.cache
def facts_by_event() -> Mapping[str, str]:
    """Give the type of fact of each published type, by its CloudEvents name."""
    return {name: each.fact for name, each in event_forms.event_types().items()}


def choose(portion: Portion, types: frozenset[str], test: Test | None) -> list[Placed]:
    """Give the events of a portion that are of these types and pass a filter."""
    return [
        placed
        for placed in portion.events
        if placed.event.type in types and (test is None or test(_decode(placed.event.body)))
    ]


async def read_at(connection: Connection, tenant: int, spots: Sequence[Spot]) -> dict[Spot, Event]:
    """Read single events again from their leaves; what is not told any more is left out."""
    found: dict[Spot, Event] = {}
    for spot in sorted(set(spots)):
        rows = await follow.read_beside(
            connection, tenant, spot.half, spot.position, spot.position + 1
        )
        event = event_forms.write(rows[0].body, spot.half, spot.position)
        if event is not None:
            found[spot] = event
    return found


async def read_head(connection: Connection, tenant: int) -> list[Spot]:
    """Give the end of each book of a merchant, the oldest first."""
    rows = await (await connection.execute(_BOOKS, (tenant,))).fetchall()
    return [Spot(half=half, position=size) for half, size in rows]


async def find_time(connection: Connection, tenant: int, at_ms: int) -> Spot:
    """Give the place from which everything that was said since an instant can be read.

    It is where a batch of the sequencer begins, so a little of what came before is read as well.
    """
    books = await read_head(connection, tenant)
    wanted = half_of(at_ms)
    for book in books:
        if book.half == wanted:
            position = await places.find_place(connection, tenant, book.half, at_ms)
            return Spot(half=book.half, position=position)
        if book.half > wanted:
            return Spot(half=book.half, position=0)
    return books[-1] if books else Spot(half=wanted, position=0)


def read_spot(text: str, pointer: str) -> Spot:
    """Read a place as written, `2026h2/1741`. Raises InputError `bad_place`."""
    half, _, position = text.partition("/")
    is_half = len(half) == 6 and half[:4].isdigit() and half[4:] in ("h1", "h2")
    if not (half.isascii() and is_half and position.isascii() and position.isdigit()):
        raise InputError("bad_place", "a place in the log is like 2026h2/1741", pointer)
    if len(position) > 15:
        raise InputError("bad_place", "there is no such place", pointer)
    return Spot(half=half, position=int(position))


async def walk(
    connection: Connection,
    tenant: int,
    after: Spot,
    types: frozenset[str],
    wanted: Callable[[Event], bool],
    most: tuple[int, int],
) -> tuple[list[tuple[Spot, Event]], Spot, bool]:
    """Read on from a place over the end of books: events, the place reached, whether it is the end.

    `most` bounds the events and the leaves that are looked at. A place beyond the end of the log is
    its end.
    """
    events_left, leaves_left = most
    found: list[tuple[Spot, Event]] = []
    at = after
    for book in await read_head(connection, tenant):
        if book.half < at.half:
            continue
        start = at.position if book.half == at.half else 0
        while start < book.position and events_left > 0 and leaves_left > 0:
            end = min(book.position, start + min(EVENT_PORTION, leaves_left))
            rows = await follow.read_beside(connection, tenant, book.half, start, end)
            leaves_left -= end - start
            start = end
            for placed in write_events(rows.rows, book.half, rows.first, types):
                if events_left == 0:
                    start = placed.position
                    break
                if wanted(placed.event):
                    spot = Spot(half=book.half, position=placed.position + 1)
                    found.append((spot, placed.event))
                    events_left -= 1
        at = Spot(half=book.half, position=min(start, book.position))
        if start < book.position:
            return found, at, False
    return found, at, True
