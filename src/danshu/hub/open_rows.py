"""The room `open`: a row for each promise whose clock runs, and for each SKU of an order that no
warehouse has yet.

It follows the leaves and reads the orders that they speak of as they are now, so a row is right
whatever the order of the leaves; it lags behind the order's own row as the log does. What has ended
leaves the tables, so they stay as small as the work that is open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.contract.model import TICKING
from danshu.hub import masters
from danshu.hub.compose import now_ms
from danshu.kernel.limits import BOARD_LEAVES
from danshu.ledger import write
from danshu.ledger.follow import Follower, Touch, read_touches

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    import psycopg

    from danshu.capabilities.contract.model import Clause

    Connection = psycopg.AsyncConnection[Any]

NAME: Final = "open"
# The range of the ids lets the server leave all other days alone. Who will carry it: whoever does
# already, else whoever goes that lane.
_READ: Final = """
select uuid_send(o.id), o.channel, o.wh, o.doc, o.terms, l.carrier
from unnest(%(ids)b::uuid[]) w(id)
join orders o on o.tenant=%(tenant)b and o.id=w.id and o.id>=%(low)b::uuid and o.id<=%(high)b::uuid
left join regions r on r.tenant=o.tenant and r.code=o.region
left join lanes l on l.tenant=o.tenant and l.wh=o.wh and l.region=r.no
"""
_WERE: Final = """
select 0, uuid_send(t.id), t.code from unnest(%(ids)b::uuid[]) w(id)
join ticking t on t.tenant=%(tenant)b and t.id=w.id
union all select 1, uuid_send(t.id), t.sku from unnest(%(ids)b::uuid[]) w(id)
join waiting_units t on t.tenant=%(tenant)b and t.id=w.id
"""
_STOP: Final = """
delete from ticking t using unnest(%b::uuid[],%b::text[]) w(id,code)
where t.tenant=%b and t.id=w.id and t.code=w.code
"""
_TICK: Final = """
insert into ticking as t (tenant,id,code,state,due,started,warned,version,wh,channel,carrier)
select %b, * from unnest(%b::uuid[],%b::text[],%b::text[],%b::timestamptz[],%b::timestamptz[],
%b::int2[],%b::int4[],%b::int4[],%b::text[],%b::text[])
on conflict (tenant,id,code) do update set state=excluded.state, due=excluded.due,
started=excluded.started, warned=excluded.warned, wh=excluded.wh, carrier=excluded.carrier
where (t.state,t.due,t.started,t.warned,t.wh,t.carrier) is distinct from
(excluded.state,excluded.due,excluded.started,excluded.warned,excluded.wh,excluded.carrier)
"""
_SERVE: Final = """
delete from waiting_units t using unnest(%b::uuid[],%b::text[]) w(id,sku)
where t.tenant=%b and t.id=w.id and t.sku=w.sku
"""
_WAIT: Final = """
insert into waiting_units as t (tenant,id,sku,quantity,due)
select %b, * from unnest(%b::uuid[],%b::text[],%b::int8[],%b::timestamptz[])
on conflict (tenant,id,sku) do update set quantity=excluded.quantity, due=excluded.due
where (t.quantity,t.due) is distinct from (excluded.quantity,excluded.due)
"""


class _Line(Struct, frozen=True, gc=False):
    sku: str
    quantity: int
    cancelled: int = 0
    allocated: int = 0


class _Fulfilment(Struct, frozen=True, gc=False):
    state: str = "allocated"
    carrier: str = ""


class _Order(Struct, frozen=True, gc=False):
    lines: tuple[_Line, ...]
    fulfilments: tuple[_Fulfilment, ...] = ()
    kind: str = "order"
    cancelled: str = ""
    completed: bool = False


class _Term(Struct, frozen=True, gc=False):
    digest: str
    state: str
    started_ms: int = 0
    due_ms: int = 0
    warned: int = 0


_decode_order = msgspec.json.Decoder(_Order).decode
_decode_terms = msgspec.json.Decoder(tuple[_Term, ...]).decode
_RUNS: Final = frozenset(state.value for state in TICKING)

Tick = tuple[bytes, str, str, int, int, int, int, int, str, str]
"""A row of `ticking`: id, code, state, due, started (µs), warned, version, wh, channel, carrier."""
Wait = tuple[bytes, str, int, int]
"""A row of `waiting_units`: id, SKU, units, the order's first deadline (µs, 0 = none)."""


class _Books:
    """The clauses of each merchant by the digest that orders name them by."""

    def __init__(self) -> None:
        self._books: dict[int, Mapping[str, Clause]] = {}

    async def find(
        self, connection: Connection, tenant: int, digests: set[str]
    ) -> Mapping[str, Clause]:
        """Give the clauses; those defined a moment ago are looked up again."""
        book = self._books.get(tenant)
        if book is None or not digests <= book.keys():
            book, _ = await masters.load_definitions(connection, tenant)
            self._books[tenant] = book
        return book


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room: it takes in the orders of new leaves; 1 when more is waiting."""
    del url  # the room's own connection is all it needs
    books = _Books()

    async def apply(connection: Connection, touches: Sequence[Touch]) -> None:
        await write_rows(connection, touches[0].tenant, {t.stream for t in touches}, books)

    follower = Follower(NAME, apply, leaves_max=BOARD_LEAVES, read=read_touches)

    async def step(connection: Connection) -> int:
        done = await follower.step(connection, now_ms())
        return int(done >= BOARD_LEAVES)  # few large batches cost less than many small ones

    return step


async def write_rows(
    connection: Connection, tenant: int, streams: set[bytes], books: _Books | None = None
) -> None:
    """Write what is open of orders as these are now; streams of other things are passed over."""
    ids = sorted(streams)
    asked = {
        "tenant": tenant,
        "ids": write.uuid_bytes(ids),
        "low": ids[0].hex(),
        "high": ids[-1].hex(),
    }
    cursor = await connection.execute(_READ, asked, binary=True)
    rows = await cursor.fetchall()
    if not rows:
        return
    terms = [_decode_terms(row[4]) for row in rows]
    digests = {t.digest for of_one in terms for t in of_one}
    book = await (books or _Books()).find(connection, tenant, digests)
    ticks: list[Tick] = []
    waits: list[Wait] = []
    for row, of_one in zip(rows, terms, strict=True):
        open_promises(row, of_one, book, ticks)
        open_units(row[0], _decode_order(row[3]), of_one, waits)
    cursor = await connection.execute(_WERE, asked, binary=True)
    were = await cursor.fetchall()
    await _write(connection, tenant, were, ticks, waits)


def open_promises(
    row: tuple[Any, ...], terms: Sequence[_Term], book: Mapping[str, Clause], ticks: list[Tick]
) -> None:
    """Add the rows of an order's running clocks."""
    id_, channel, wh, doc, _, carrier = row
    running = [t for t in terms if t.state in _RUNS and t.due_ms]
    if not running:
        return
    order = _decode_order(doc)
    carriers = [f.carrier for f in order.fulfilments if f.state != "cancelled" and f.carrier]
    carried = carriers[0] if carriers else carrier or ""
    for t in running:
        clause = book[t.digest]
        ticks.append(
            (
                id_, clause.code, t.state, t.due_ms * 1000, t.started_ms * 1000, t.warned,
                clause.version, wh, channel, carried,
            )
        )  # fmt: skip


def open_units(id_: bytes, order: _Order, terms: Sequence[_Term], waits: list[Wait]) -> None:
    """Add the rows of an order's units that no warehouse has."""
    if order.kind != "order" or order.completed or order.cancelled:
        return
    units: dict[str, int] = {}
    for n in order.lines:
        if left := n.quantity - n.cancelled - n.allocated:
            units[n.sku] = units.get(n.sku, 0) + left
    if units:
        due_ms = min((t.due_ms for t in terms if t.state in _RUNS and t.due_ms), default=0)
        waits.extend((id_, sku, n, due_ms * 1000) for sku, n in sorted(units.items()))


async def _write(
    connection: Connection,
    tenant: int,
    were: Sequence[tuple[int, bytes, str]],
    ticks: Sequence[Tick],
    waits: Sequence[Wait],
) -> None:
    """Write what is open, and take away what was and is no more."""
    are = ({r[:2] for r in ticks}, {r[:2] for r in waits})
    stopped = [(id_, code) for kind, id_, code in were if not kind and (id_, code) not in are[0]]
    served = [(id_, sku) for kind, id_, sku in were if kind and (id_, sku) not in are[1]]
    async with connection.pipeline():
        for sql, gone in ((_STOP, stopped), (_SERVE, served)):
            if gone:
                await connection.execute(sql, (*_keys(gone), tenant), binary=True)
        if ticks:
            rows = (
                tenant,
                *_keys(ticks),
                write.texts([r[2] for r in ticks]),
                write.times([r[3] for r in ticks]),
                write.times([r[4] for r in ticks]),
                write.int2s([r[5] for r in ticks]),
                write.int4s([r[6] for r in ticks]),
                write.int4s([r[7] for r in ticks]),
                write.texts([r[8] for r in ticks]),
                write.texts([r[9] for r in ticks]),
            )
            await connection.execute(_TICK, rows, binary=True)
        if waits:
            units = (
                tenant,
                *_keys(waits),
                write.int8s([r[2] for r in waits]),
                write.times_or_null([r[3] for r in waits]),
            )
            await connection.execute(_WAIT, units, binary=True)


def _keys(rows: Sequence[tuple[Any, ...]]) -> tuple[write.Array, write.Array]:
    return write.uuid_bytes([r[0] for r in rows]), write.texts([r[1] for r in rows])
