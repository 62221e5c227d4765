"""Lists of orders, newest first, by keyset: each page reads a bounded number of rows, whatever is
asked for.

Without a word to look for, the best index is walked. Words and regions go through the blind index
(search.py): first the newest rows are looked through, which is enough for what is common, then the
index, day by day back in time in growing steps. A page whose filters meet next to nothing may come
back short, or empty, with a `next`.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.hub import search
from danshu.hub.compose import now_ms
from danshu.kernel.errors import InputError
from danshu.kernel.limits import CALLERS, SCAN_CANDIDATES, SCAN_MS, SCAN_NEWEST, SCAN_ROWS
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

Connection = psycopg.AsyncConnection[Any]
LAST: Final = uuid.UUID(int=2**128 - 1)
FIRST: Final = uuid.UUID(int=0)
NOT_OURS: Final = InputError("bad_cursor", "the cursor is not one of ours")
OTHER_QUESTION: Final = InputError("bad_cursor", "the cursor belongs to another question")
_DAY_MS: Final = 86_400_000
_CHUNK: Final = 500
_AHEAD_MS: Final = 60_000  # clocks of other nodes
_COLUMNS: Final = "id,channel,state,wh,region,total,currency,due,doc"
_OF_ORDERS: Final = ",".join(f"o.{c}" for c in _COLUMNS.split(","))
_WALKED: Final = ("state", "wh", "channel")  # equality filters that an index begins with


class Filter(Struct, frozen=True, kw_only=True):
    """What is asked for; "" and 0 and None ask for nothing. Instants in epoch ms."""

    state: int | None = None
    channel: str = ""
    warehouse: int | None = None
    region: str = ""
    from_ms: int = 0
    to_ms: int = 0
    due_before_ms: int = 0
    q: str = ""


class Row(Struct, frozen=True, kw_only=True):
    """One order of a list, as stored."""

    id: uuid.UUID
    channel: str
    state: int
    wh: int
    region: str
    total: int
    currency: str
    due: datetime.datetime | None
    doc: bytes


class Page(Struct, frozen=True, kw_only=True):
    """Rows, newest first; `next` is where the following page begins, None at the end."""

    rows: list[Row]
    next: uuid.UUID | None


def write_cursor(asked: Filter, at: uuid.UUID) -> str:
    """Write an opaque cursor that belongs to these filters only."""
    return write_bytes(at.bytes + _mark(asked))


def read_cursor(asked: Filter, text: str) -> uuid.UUID:
    """Read a cursor. Raises InputError `bad_cursor` for one that is not ours or of another
    question.
    """
    raw = read_bytes(text)
    if len(raw) != 20 or raw[16:] != _mark(asked):
        raise OTHER_QUESTION
    return uuid.UUID(bytes=raw[:16])


def write_bytes(raw: bytes) -> str:
    """Write bytes as they stand in an address."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read_bytes(text: str) -> bytes:
    """Read bytes back. Raises InputError `bad_cursor`."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise NOT_OURS from error


def _mark(asked: Filter) -> bytes:
    return hashlib.sha256(msgspec.msgpack.encode(asked)).digest()[:4]


async def page(
    connection: Connection, tenant: int, asked: Filter, before: uuid.UUID | None, limit: int
) -> Page:
    """Read one page of orders with ids below `before`."""
    high = min(before or LAST, id_at(asked.to_ms) if asked.to_ms else LAST)
    low = id_at(asked.from_ms) if asked.from_ms else FIRST
    reader = _Reader(connection, tenant, asked, limit + 1)
    found = as_id(asked.q)
    if found is not None:
        rows = await reader.fetch([found] if low <= found < high else [])
        return Page(rows=rows, next=None)
    if asked.q or asked.region:
        tokens = await _tokens(connection, tenant, asked)
        rows, stopped = await _find(reader, tokens, low, high)
    else:
        few = await _due_soon(reader) if asked.due_before_ms else None
        if few is None:
            rows, stopped = await _walk(reader, low, high)
        else:
            rows = await reader.fetch([i for i in few if low <= i < high])
            stopped = None
    if len(rows) > limit:
        return Page(rows=rows[:limit], next=rows[limit - 1].id)
    return Page(rows=rows, next=stopped)


def id_at(ms: int) -> uuid.UUID:
    """Give the first id of an instant."""
    return uuid.UUID(int=ms << 80)


def as_id(text: str) -> uuid.UUID | None:
    """Read an order's id, None when it is not shaped like one."""
    try:
        return uuid.UUID(text.strip()) if len(text.strip()) in (32, 36) else None
    except ValueError:
        return None


class _Reader:
    """Reads orders that meet the filters other than words; `wanted` rows at most."""

    def __init__(self, connection: Connection, tenant: int, asked: Filter, wanted: int) -> None:
        self.connection, self.tenant, self.asked, self.wanted = connection, tenant, asked, wanted
        self._began_s = time.monotonic()
        equal = {"state": asked.state, "wh": asked.warehouse, "channel": asked.channel or None}
        self.equal = {k: v for k, v in equal.items() if v is not None}
        self.rest: dict[str, Any] = {}
        if asked.region:
            self.rest["region=%(region)s"] = ("region", asked.region)
        if asked.due_before_ms:
            self.rest["due<%(due)s"] = ("due", write.instant(asked.due_before_ms * 1000))

    @property
    def is_filtered(self) -> bool:
        """Tell whether there are filters beside words."""
        return bool(self.equal or self.asked.due_before_ms)

    @property
    def is_late(self) -> bool:
        """Tell whether the page has taken as long as it may: it ends where it stands."""
        return (time.monotonic() - self._began_s) * 1000 > SCAN_MS

    async def ask(self, sql: str, **more: Any) -> list[Row]:
        params = {"tenant": self.tenant, **self.equal, **dict(self.rest.values()), **more}
        cursor = await self.connection.execute(sql, params, binary=True, prepare=False)
        return [
            Row(
                id=r[0], channel=r[1], state=r[2], wh=r[3], region=r[4], total=r[5], currency=r[6],
                due=r[7], doc=r[8],
            )
            for r in await cursor.fetchall()
        ]  # fmt: skip

    async def ids(self, sql: str, **more: Any) -> list[uuid.UUID]:
        params = {"tenant": self.tenant, **self.equal, **more}
        cursor = await self.connection.execute(sql, params, binary=True, prepare=False)
        return [r[0] for r in await cursor.fetchall()]

    async def fetch(self, ids_: Sequence[uuid.UUID]) -> list[Row]:
        """Give those of the ids that meet the filters, newest first, `wanted` at most."""
        rows: list[Row] = []
        newest = sorted(ids_, reverse=True)
        where = [f"o.{k}=%({k})s" for k in self.equal] + [f"o.{w}" for w in self.rest]
        # A join, and bounds: planning `id = any(...)` over many partitions takes longer than it.
        sql = (
            f"select {_OF_ORDERS} from unnest(%(ids)s::uuid[]) w(id)"
            " join orders o on o.tenant=%(tenant)s and o.id=w.id"
            " where o.id>=%(low)s and o.id<=%(high)s"
            + "".join(f" and {w}" for w in where)
            + " order by o.id desc limit %(wanted)s"
        )
        for start in range(0, len(newest), _CHUNK):
            chunk = newest[start : start + _CHUNK]
            wanted = self.wanted - len(rows)
            rows += await self.ask(sql, ids=chunk, low=chunk[-1], high=chunk[0], wanted=wanted)
            if len(rows) >= self.wanted:
                break
        return rows


_oldest_known: dict[tuple[str, int], uuid.UUID] = {}


async def _oldest(connection: Connection, tenant: int) -> uuid.UUID | None:
    """Give a tenant's oldest order; it stays the oldest, so it is asked for once."""
    place = (f"{connection.info.host}/{connection.info.dbname}", tenant)
    known = _oldest_known.get(place)
    if known is None:
        cursor = await connection.execute(
            "select id from orders where tenant=%s order by id limit 1", (tenant,), binary=True
        )
        row = await cursor.fetchone()
        if row is None:
            return None
        known = row[0]
        if len(_oldest_known) >= CALLERS:
            _oldest_known.clear()
        _oldest_known[place] = known
    return known


async def windows(
    connection: Connection, tenant: int, low: uuid.UUID, high: uuid.UUID
) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Cut [low, high) into ranges of whole UTC days, newest first: 1, 1, 2, 4, 8 ... days."""
    oldest = await _oldest(connection, tenant)
    if oldest is None:
        return []
    low = max(low, oldest)
    high = min(high, id_at(now_ms() + _AHEAD_MS))
    out = []
    days = 1
    while high > low:
        midnight_ms = (high.int - 1 >> 80) // _DAY_MS * _DAY_MS
        start = max(low, id_at(max(0, midnight_ms - (days - 1) * _DAY_MS)))
        out.append((start, high))
        high, days = start, days if len(out) == 1 else days * 2
    return out


async def _walk(
    reader: _Reader, low: uuid.UUID, high: uuid.UUID
) -> tuple[list[Row], uuid.UUID | None]:
    """Walk the index of the first equality filter, or the primary key, and look at the other
    filters.
    """
    driver = next((k for k in _WALKED if k in reader.equal), "")
    rest = [f"{k}=%({k})s" for k in reader.equal if k != driver] + list(reader.rest)
    span = "tenant=%(tenant)s and id>=%(low)s and id<%(high)s" + (
        f" and {driver}=%({driver})s" if driver else ""
    )
    rows: list[Row] = []
    budget = SCAN_ROWS
    spans = await windows(reader.connection, reader.tenant, low, high)
    for start, end in spans:
        wanted = reader.wanted - len(rows)
        inner = f"select {_COLUMNS} from orders where {span} order by id desc limit %(budget)s"
        sql = (
            f"select * from ({inner}) o where {' and '.join(rest)}"
            " order by id desc limit %(wanted)s"
            if rest
            else inner
        )
        room = budget if rest else wanted
        rows += await reader.ask(sql, low=start, high=end, budget=room, wanted=wanted)
        if len(rows) >= reader.wanted:
            return rows, None
        if rest:
            seen = await reader.ids(
                f"select id from orders where {span} order by id desc limit %(budget)s",
                low=start,
                high=end,
                budget=budget,
            )
            if len(seen) == budget:
                return rows, seen[-1]
            budget -= len(seen)
        if reader.is_late and start > spans[-1][0]:
            return rows, start
    return rows, None


async def _due_soon(reader: _Reader) -> list[uuid.UUID] | None:
    """Give the orders whose clock rings before the instant, by the timers; None when they are
    many.
    """
    cursor = await reader.connection.execute(
        "select distinct id from (select id from timers where tenant=%s and due<%s limit %s) t",
        (reader.tenant, write.instant(reader.asked.due_before_ms * 1000), SCAN_CANDIDATES),
        binary=True,
    )
    found = [r[0] for r in await cursor.fetchall()]
    return found if len(found) < SCAN_CANDIDATES else None


async def _tokens(connection: Connection, tenant: int, asked: Filter) -> list[search.Token]:
    salt = await search.read_salt(connection, tenant)
    tokens = search.ask(salt, asked.q)
    if asked.region:
        tokens.append(search.Token([search.region_term(salt, asked.region)], []))
    return tokens


async def _find(
    reader: _Reader, tokens: Sequence[search.Token], low: uuid.UUID, high: uuid.UUID
) -> tuple[list[Row], uuid.UUID | None]:
    """Look through the newest rows; when they do not fill the page, ask the index, newest days
    first.
    """
    where, params = _meet(tokens)
    spans = await windows(reader.connection, reader.tenant, low, high)
    if not spans:
        return [], None
    newest = await reader.ids(
        "select id from (select id,terms from order_search where tenant=%(tenant)s and id>=%(low)s"
        f" and id<%(high)s order by id desc limit {SCAN_NEWEST}) s where {where} order by id desc",
        low=spans[0][0],
        high=spans[0][1],
        **params,
    )
    rows = await reader.fetch(newest[: SCAN_NEWEST if reader.is_filtered else reader.wanted])
    if len(rows) >= reader.wanted:
        return rows, None
    rows = []
    budget = SCAN_CANDIDATES
    for start, end in spans:
        found = await reader.ids(
            "with c as materialized (select id from order_search where tenant=%(tenant)s"
            f" and id>=%(low)s and id<%(high)s and {where})"
            " select id from c order by id desc limit %(budget)s",
            low=start,
            high=end,
            budget=budget if reader.is_filtered else reader.wanted - len(rows),
            **params,
        )
        rows += await reader.fetch(found)
        if len(rows) >= reader.wanted:
            return rows[: reader.wanted], None
        budget -= len(found)
        if budget <= 0:
            return rows, found[-1]
        if reader.is_late and start > spans[-1][0]:
            return rows, start
    return rows, None


async def find_ids(
    connection: Connection,
    tenant: int,
    tokens: Sequence[search.Token],
    low: uuid.UUID,
    high: uuid.UUID,
) -> tuple[list[uuid.UUID], uuid.UUID | None]:
    """Find the orders in [low, high) that meet all tokens, newest first, SCAN_CANDIDATES at most.

    The second says where it had to end: below that there may be more. None = that is all.
    """
    reader = _Reader(connection, tenant, Filter(), SCAN_CANDIDATES)
    where, params = _meet(tokens)
    found: list[uuid.UUID] = []
    spans = await windows(connection, tenant, low, high)
    for start, end in spans:
        found += await reader.ids(
            "with c as materialized (select id from order_search where tenant=%(tenant)s"
            f" and id>=%(low)s and id<%(high)s and {where})"
            " select id from c order by id desc limit %(budget)s",
            low=start,
            high=end,
            budget=SCAN_CANDIDATES - len(found),
            **params,
        )
        if len(found) >= SCAN_CANDIDATES:
            return found, found[-1]
        if reader.is_late and start > spans[-1][0]:
            return found, start
    return found, None


def _meet(tokens: Sequence[search.Token]) -> tuple[str, dict[str, Any]]:
    """Give the condition under which a row meets all tokens, and its parameters."""
    parts, params = [], {}
    for i, token in enumerate(tokens):
        part = f"terms && %(w{i})s::int8[]"
        params[f"w{i}"] = token.whole
        if token.pairs:
            part = f"({part} or terms @> %(p{i})s::int8[])"
            params[f"p{i}"] = token.pairs
        parts.append(part)
    return " and ".join(parts) or "true", params
