"""Pages of orders for the workbench, whatever the saved view asks for: by keyset, in bounded work.

A page is made in three steps. Where some filter is met by few orders (words, tags, people, broken
promises), those few are read and sorted. Else an index in the order of the sort is walked in pieces
and the other filters are looked at, until the page is full or has read as much as it may; then it
ends where it stands, with a `next`. What is shown is read from the orders' own rows at the end.
"""

from __future__ import annotations

import datetime
import hashlib
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract.standing import WATCHED
from danshu.hub import lists, search
from danshu.hub.asking import Conditions, Walk, conditions, walks
from danshu.kernel.limits import SCAN_CANDIDATES, SCAN_CHUNK, SCAN_MS, SCAN_ROWS
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.filters import Asked

Connection = psycopg.AsyncConnection[Any]
SORTS: Final = ("due", "-placed", "-amount", "amount")
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICRO: Final = datetime.timedelta(microseconds=1)
_SHOWN: Final = """
select o.id,o.channel,o.state,o.wh,o.region,o.total,o.currency,o.doc,o.terms
from unnest(%(ids)s::uuid[]) w(id) join orders o on o.tenant=%(tenant)s and o.id=w.id
where o.id>=%(low)s and o.id<=%(high)s
"""
_CHANNELS: Final = """
select channel from board_counts where tenant=%(tenant)s and kind=1 and channel<>''
union select channel from accounts where tenant=%(tenant)s order by 1
"""
_TAGS: Final = "select id,tag from order_tags where tenant=%s and id = any(%s) order by id,tag"
_ASSIGNEES: Final = "select id,assignee from order_assignees where tenant=%s and id = any(%s)"


class Place(Struct, frozen=True, order=True):
    """Where a page begins: after this key and order. `part` 1 = among those without a key."""

    part: int = 0
    key: int = 0
    id: uuid.UUID = uuid.UUID(int=0)


class Row(Struct, frozen=True, kw_only=True):
    """One order of a page, as stored, with its marks."""

    id: uuid.UUID
    channel: str
    state: int
    wh: int
    region: str
    total: int
    currency: str
    doc: bytes
    terms: bytes
    tags: tuple[str, ...]
    assignee: str


class Page(Struct, frozen=True, kw_only=True):
    """Rows in the order of `sort`, which is "-placed" when more words were met than can be
    sorted. `next` is where the following page begins, None at the end; `looked` at so many.
    """

    rows: list[Row]
    next: Place | None
    sort: str
    looked: int


class Found(Struct, frozen=True, kw_only=True):
    """Places of orders; see Page."""

    places: list[Place]
    next: Place | None
    sort: str
    looked: int


def write_cursor(question: str, sort: str, at: Place) -> str:
    """Write an opaque cursor that belongs to this question and sort only."""
    raw = msgspec.msgpack.encode((at.part, at.key, at.id.bytes, _mark(question, sort)))
    return lists.write_bytes(raw)


def read_cursor(question: str, sort: str, text: str) -> Place:
    """Read a cursor. Raises InputError `bad_cursor` for one of another question."""
    try:
        part, key, id_, mark = msgspec.msgpack.decode(
            lists.read_bytes(text), type=tuple[int, int, bytes, bytes]
        )
        at = Place(part, key, uuid.UUID(bytes=id_))
    except (msgspec.MsgspecError, ValueError) as error:
        raise lists.NOT_OURS from error
    if mark != _mark(question, sort) or part not in (0, 1) or not -(2**63) <= key < 2**63:
        raise lists.OTHER_QUESTION
    return at


def _mark(question: str, sort: str) -> bytes:
    return hashlib.sha256(f"{sort}\0{question}".encode()).digest()[:4]


async def page(
    connection: Connection, tenant: int, asked: Asked, sort: str, after: Place | None, limit: int
) -> Page:
    """Read one page of orders after a place."""
    found = await find(connection, tenant, asked, sort, after, limit)
    rows = await read_rows(connection, tenant, [p.id for p in found.places])
    return Page(rows=rows, next=found.next, sort=found.sort, looked=found.looked)


async def find(
    connection: Connection, tenant: int, asked: Asked, sort: str, after: Place | None, limit: int
) -> Found:
    """Find the places of the orders of one page."""
    seeker = _Seeker(connection, tenant, asked, sort, limit + 1)
    few = await seeker.few()
    if few is not None:
        found, stopped = await seeker.sort_few(few, after), None
    elif asked.q:
        sort = "-placed"
        found, stopped = await seeker.look_up(after)
    else:
        found, stopped = await seeker.walk(after)
    if len(found) > limit:
        found, stopped = found[:limit], found[limit - 1]
    return Found(places=found, next=stopped, sort=sort, looked=seeker.looked)


class _Seeker:
    """Finds places for one page; `wanted` at most."""

    def __init__(
        self, connection: Connection, tenant: int, asked: Asked, sort: str, wanted: int
    ) -> None:
        self.connection, self.tenant, self.asked = connection, tenant, asked
        self.sort, self.wanted = sort, wanted
        self.rest: Conditions = conditions(asked)
        self.looked = 0  # orders, whether they meet the question or not
        self._began_s = time.monotonic()
        self._words: tuple[list[uuid.UUID], uuid.UUID | None] | None = None

    @property
    def _left_ms(self) -> float:
        """How long the page may still take; a page without any ends where it stands."""
        return SCAN_MS - (time.monotonic() - self._began_s) * 1000

    async def ask(self, sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
        cursor = await self.connection.execute(
            sql, {"tenant": self.tenant, **params}, binary=True, prepare=False
        )
        return await cursor.fetchall()

    async def few(self) -> list[uuid.UUID] | None:
        """Give every order that meets the narrowest filter, if they are few; None when many."""
        if self.asked.q:
            self._words = await self._by_words(self.asked.q, None)
            return self._words[0] if self._words[1] is None else None
        for table, column, values in self._narrow():
            rows = await self.ask(
                f"select id from {table} where tenant=%(tenant)s and {column} = any(%(v)s)"
                f" limit {SCAN_CANDIDATES + 1}",
                {"v": values},
            )
            if len(rows) <= SCAN_CANDIDATES:
                return list({r[0] for r in rows})
        return None

    def _narrow(self) -> list[tuple[str, str, list[Any]]]:
        """Give the filters that an index of a narrow table answers: table, column, values."""
        asked = self.asked
        out: list[tuple[str, str, list[Any]]] = []
        if asked.tags_all:
            out.append(("order_tags", "tag", list(asked.tags_all[:1])))
        if asked.tags:
            out.append(("order_tags", "tag", list(asked.tags)))
        if asked.assignees and "" not in asked.assignees:
            out.append(("order_assignees", "assignee", list(asked.assignees)))
        if asked.standings and max(asked.standings) <= WATCHED:
            watched = f"(select * from worklist where promise <= {int(WATCHED)}) w"
            out.append((watched, "promise", list(asked.standings)))
        return out

    async def sort_few(self, few: Sequence[uuid.UUID], after: Place | None) -> list[Place]:
        """Look at the other filters of a few orders, and sort those that are left."""
        self.looked += len(few)
        column = {"due": "w.due", "-placed": "null::timestamptz"}.get(self.sort, "w.total")
        rows = await self.ask(
            f"select {column}, w.id from unnest(%(few)s::uuid[]) d(id)"
            f" join worklist w on w.tenant=%(tenant)s and w.id=d.id{self.rest.where}",
            {"few": list(few), **self.rest.params},
        )
        order = _Order(self.sort)
        places = sorted([order.place(key, id_) for key, id_ in rows], key=order.rank)
        if after is not None:
            mark = order.rank(after)
            places = [p for p in places if order.rank(p) > mark]
        return places[: self.wanted]

    async def look_up(self, after: Place | None) -> tuple[list[Place], Place | None]:
        """Follow the words of the question, newest first: they are met too often to be sorted."""
        found, stopped = self._words or ([], None)
        if after is not None:
            found, stopped = await self._by_words(self.asked.q, after.id)
        self.looked += len(found)
        rows = await self.ask(
            "select w.id from unnest(%(few)s::uuid[]) d(id)"
            f" join worklist w on w.tenant=%(tenant)s and w.id=d.id{self.rest.where}"
            " order by w.id desc limit %(wanted)s",
            {"few": found, "wanted": self.wanted, **self.rest.params},
        )
        return [Place(id=r[0]) for r in rows], Place(id=stopped) if stopped else None

    async def _by_words(
        self, q: str, before: uuid.UUID | None
    ) -> tuple[list[uuid.UUID], uuid.UUID | None]:
        one = lists.as_id(q)
        if one is not None:
            return [one], None
        salt = await search.read_salt(self.connection, self.tenant)
        low, high = _span(self.asked)
        return await lists.find_ids(
            self.connection,
            self.tenant,
            search.ask(salt, q),
            low,
            min(high, before) if before else high,
        )

    async def walk(self, after: Place | None) -> tuple[list[Place], Place | None]:
        """Walk the indexes in the order of the sort; the places, and where the walk had to end."""
        order = _Order(self.sort)
        found: list[Place] = []
        budget = SCAN_ROWS
        for walk in walks(self.asked, self.sort):
            at = after if after is not None and after.part == walk.part else None
            if after is not None and after.part > walk.part:
                continue
            windows = await self._windows(walk, at)
            for low, high in windows:
                chunk = self.wanted if walk.is_whole else SCAN_CHUNK
                while True:
                    chunk = min(chunk, budget) if not walk.is_whole else self.wanted - len(found)
                    left_ms = self._left_ms
                    places, seen, last = await self._piece(walk, order, at, low, high, chunk)
                    found += places
                    self.looked += seen
                    budget -= 0 if walk.is_whole else seen
                    if len(found) >= self.wanted:
                        return found[: self.wanted], None
                    if seen < chunk:
                        break
                    at = last
                    if budget <= 0 or self._left_ms < 0:
                        return found, last
                    # As many more as the rest of the page's time allows, at the pace of this piece.
                    pace = seen / max(left_ms - self._left_ms, 0.1)
                    more = min(chunk * 3, int(pace * self._left_ms))
                    chunk = min(max(SCAN_CHUNK, more), budget)
                at = None
                if walk.in_days and self._left_ms < 0 and low > windows[-1][0]:
                    return found, Place(part=walk.part, id=low)
        return found, None

    async def _windows(self, walk: Walk, at: Place | None) -> list[tuple[uuid.UUID, uuid.UUID]]:
        low, high = _span(self.asked)
        if not walk.in_days:
            return [(low, high)]
        high = min(high, at.id) if at else high
        return await lists.windows(self.connection, self.tenant, low, high)

    async def _piece(
        self,
        walk: Walk,
        order: _Order,
        at: Place | None,
        low: uuid.UUID,
        high: uuid.UUID,
        chunk: int,
    ) -> tuple[list[Place], int, Place | None]:
        """Walk one piece: the places that meet everything, how many were seen, and the last one."""
        params: dict[str, Any] = {**walk.params, **walk.rest.params}
        params |= {"low": low, "high": high, "chunk": chunk, "wanted": self.wanted}
        if at is not None:
            params |= {"at": order.value(at.key), "at_id": at.id}
        source = walk.source.replace("{start}", walk.start if at is not None else "")
        rows = await self.ask(
            f"with c as materialized ({source})"
            f" (select {walk.key}, c.id, -1 from {walk.joined}{walk.rest.where}"
            f" order by {walk.order} limit %(wanted)s)"
            f" union all (select {walk.key}, c.id, (select count(*)::int from c) from c"
            f" order by {walk.reverse} limit 1)",
            params,
        )
        places, seen, last = [], 0, None
        for key, id_, count in rows:
            place = order.place(key, id_, walk.part)
            if count < 0:
                places.append(place)
            else:
                seen, last = count, place
        return places, seen, last


class _Order:
    """How the places of a sort follow one another."""

    def __init__(self, sort: str) -> None:
        self._is_due = sort == "due"
        self._falls = sort.startswith("-")
        self._is_keyed = sort != "-placed"

    def place(self, key: Any, id_: uuid.UUID, part: int = 0) -> Place:
        """Make a place of a row's key: due comes as an instant, without one at the end."""
        if not self._is_keyed:
            return Place(part, 0, id_)
        if self._is_due:
            return Place(1, 0, id_) if key is None else Place(0, (key - _EPOCH) // _MICRO, id_)
        return Place(part, key, id_)

    def value(self, key: int) -> Any:
        """Give a place's key as the database compares it."""
        return write.instant(key) if self._is_due else key

    def rank(self, place: Place) -> tuple[int, int, int]:
        """Rank a place: what comes first is least."""
        falls = self._falls or place.part == 1
        sign = -1 if falls else 1
        return place.part, sign * place.key, sign * place.id.int


def _span(asked: Asked) -> tuple[uuid.UUID, uuid.UUID]:
    """Give the ids [low, high) of what was placed when the filter says."""
    low = lists.id_at(asked.placed_from_ms) if asked.placed_from_ms is not None else lists.FIRST
    high = lists.id_at(asked.placed_to_ms) if asked.placed_to_ms is not None else lists.LAST
    return low, high


async def meeting(
    connection: Connection, tenant: int, asked: Asked, ids: Sequence[uuid.UUID]
) -> list[uuid.UUID]:
    """Give those of the ids that meet a question; one with words is met by none."""
    if not ids or asked.q:
        return []
    rest = conditions(asked)
    cursor = await connection.execute(
        "select w.id from unnest(%(few)s::uuid[]) d(id)"
        f" join worklist w on w.tenant=%(tenant)s and w.id=d.id{rest.where}",
        {"tenant": tenant, "few": list(ids), **rest.params},
        binary=True,
        prepare=False,
    )
    return [r[0] for r in await cursor.fetchall()]


async def channels(connection: Connection, tenant: int) -> list[str]:
    """List the channels that a merchant has orders of, or shops on, by code."""
    cursor = await connection.execute(_CHANNELS, {"tenant": tenant})
    return [r[0] for r in await cursor.fetchall()]


async def read_rows(connection: Connection, tenant: int, ids: Sequence[uuid.UUID]) -> list[Row]:
    """Read orders with their marks, in the order of the ids; those that are gone are left out."""
    if not ids:
        return []
    asked = {"tenant": tenant, "ids": list(ids), "low": min(ids), "high": max(ids)}
    cursor = await connection.execute(_SHOWN, asked, binary=True, prepare=False)
    shown = {r[0]: r for r in await cursor.fetchall()}
    cursor = await connection.execute(_TAGS, (tenant, list(ids)), binary=True)
    tags: dict[uuid.UUID, list[str]] = {}
    for id_, tag in await cursor.fetchall():
        tags.setdefault(id_, []).append(tag)
    cursor = await connection.execute(_ASSIGNEES, (tenant, list(ids)), binary=True)
    assignees: dict[uuid.UUID, str] = dict(await cursor.fetchall())
    return [
        Row(
            id=r[0], channel=r[1], state=r[2], wh=r[3], region=r[4], total=r[5], currency=r[6],
            doc=r[7], terms=r[8], tags=tuple(tags.get(id_, ())), assignee=assignees.get(id_, ""),
        )
        for id_ in ids
        if (r := shown.get(id_)) is not None
    ]  # fmt: skip
