"""What is open: a row for each promise whose clock runs, and for each SKU of an order that no
warehouse has yet.

It lags behind the order's own row as the log does. What has ended leaves the tables, so they stay
as small as the work that is open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.contract.model import TICKING
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set

    from danshu.capabilities.contract.model import Clause
    from danshu.capabilities.contract.terms import Term
    from danshu.hub.order_rows import OrderRow

Connection = psycopg.AsyncConnection[Any]
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


Tick = tuple[bytes, str, str, int, int, int, int, int, str, str]
"""A row of `ticking`: id, code, state, due, started (µs), warned, version, wh, channel, carrier."""
Wait = tuple[bytes, str, int, int]
"""A row of `waiting_units`: id, SKU, units, the order's first deadline (µs, 0 = none)."""


def lanes(rows: Sequence[OrderRow]) -> list[tuple[int, str]]:
    """Give the lanes that running promises of these orders will go: warehouse and region."""
    return [(row.wh, row.region) for row in rows if row.wh >= 0 and _runs(row)]


async def follow(
    connection: Connection,
    tenant: int,
    rows: Sequence[OrderRow],
    book: Mapping[str, Clause],
    carriers: Mapping[tuple[int, str], str],
    begun: Set[bytes] = frozenset(),
) -> None:
    """Write what is open of orders as these are now; `carriers` has their `lanes`.

    Orders that have just `begun` had nothing open before, so there is nothing to look for.
    """
    ticks = [tick for row in rows for tick in open_promises(row, book, carriers)]
    waits = [wait for row in rows for wait in open_units(row)]
    were: list[tuple[int, bytes, str]] = []
    if known := [row.id for row in rows if row.id not in begun]:
        asked = {"tenant": tenant, "ids": write.uuid_bytes(known)}
        were = await (await connection.execute(_WERE, asked, binary=True)).fetchall()
    await _write(connection, tenant, were, ticks, waits)


def _runs(row: OrderRow) -> list[Term]:
    return [t for t in row.terms if t.state in TICKING and t.due_ms]


def open_promises(
    row: OrderRow, book: Mapping[str, Clause], carriers: Mapping[tuple[int, str], str]
) -> list[Tick]:
    """Give the rows of an order's running clocks. Who will carry it: whoever does already, else
    whoever goes that lane.
    """
    running = _runs(row)
    if not running:
        return []
    carrying = (f.carrier for f in row.doc.fulfilments if f.state != "cancelled" and f.carrier)
    carrier = next(carrying, "") or carriers.get((row.wh, row.region), "")
    return [
        (
            row.id, book[t.digest].code, t.state, t.due_ms * 1000, t.started_ms * 1000, t.warned,
            book[t.digest].version, row.wh, row.channel, carrier,
        )
        for t in running
    ]  # fmt: skip


def open_units(row: OrderRow) -> list[Wait]:
    """Give the rows of an order's units that no warehouse has."""
    order = row.doc
    if order.kind != "order" or order.completed or order.cancelled:
        return []
    units: dict[str, int] = {}
    for n in order.lines:
        if left := n.open_units:
            units[n.sku] = units.get(n.sku, 0) + left
    if not units:
        return []
    due_ms = min((t.due_ms for t in _runs(row)), default=0)
    return [(row.id, sku, n, due_ms * 1000) for sku, n in sorted(units.items())]


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
