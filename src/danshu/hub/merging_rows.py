"""The rows of merging: who is in which group, beside the facts; which fulfilment orders could be
merged, behind them as the log is.

A member's row is written by the commit of its act and audited. A receiver's row follows the leaves,
and only for merchants whose rules look for merges; it holds a keyed hash and no personal data.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.capabilities.orders.model import Order
from danshu.hub import receivers
from danshu.kernel import ids
from danshu.ledger import write
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from danshu.capabilities.orders.model import Fulfilment
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
Member = tuple[str, int, int, str]
"""A row of `parcel_members` of one order: group, fulfilment order, warehouse's number, state."""
MERGEABLE: Final = ("allocated", "released")
_PUT: Final = """
insert into parcel_members(tenant,grp,id,fulfilment,wh,state) values(%b,%b,%b,%b,%b,%b)
on conflict (tenant,grp,id,fulfilment) do update set state=excluded.state, wh=excluded.wh
"""
_DROP: Final = "delete from parcel_members where tenant=%b and grp=%b and id=%b and fulfilment=%b"
_MEMBERS: Final = (
    "select id, grp, fulfilment, wh, state from parcel_members"
    " where tenant=%b and id >= %b and id < %b"
)
_LOOKS: Final = "select 1 from parcel_rules where tenant=%b and merges"
_READ: Final = """
select uuid_send(o.id), o.channel, o.doc, v.person from orders o
left join vault v on v.tenant=o.tenant and v.id=o.id
where o.tenant=%b and o.id = any(%b::uuid[]) and o.id >= %b::uuid and o.id <= %b::uuid
"""
_FORGET: Final = "delete from parcel_receivers where tenant=%b and id = any(%b::uuid[])"
_INDEX: Final = """
insert into parcel_receivers(tenant,id,fulfilment,wh,rkey,since)
select k.tenant, w.id, w.fulfilment, k.no, w.rkey, w.since
from unnest(%b::uuid[],%b::int4[],%b::text[],%b::int8[],%b::timestamptz[])
w(id,fulfilment,code,rkey,since) join warehouses k on k.tenant=%b and k.code=w.code
on conflict (tenant,id,fulfilment) do update set wh=excluded.wh, rkey=excluded.rkey
"""
_decode: Final = msgspec.json.Decoder(Order).decode


def project(world: World, order: Order) -> frozenset[Member]:
    """Give the rows of an order's members."""
    return frozenset(
        (f.group, f.no, world.warehouse_no.get(f.warehouse, -1), f.state)
        for f in order.fulfilments
        if f.group and f.state != "cancelled"
    )


def changes(
    tenant: int, id_: uuid.UUID, before: frozenset[Member], after: frozenset[Member]
) -> list[tuple[str, tuple[Any, ...]]]:
    """Give the statements, with their parameters, that bring the members up to date."""
    if before == after:
        return []
    stay = {m[:2] for m in after}
    gone = [
        (_DROP, (tenant, uuid.UUID(group), id_, no))
        for group, no, _, _ in sorted(before)
        if (group, no) not in stay
    ]
    return [
        *gone,
        *(
            (_PUT, (tenant, uuid.UUID(group), id_, no, wh, state))
            for group, no, wh, state in sorted(after - before)
        ),
    ]


async def compare(
    connection: Connection,
    world: World,
    first: uuid.UUID,
    end: uuid.UUID,
    orders: Iterable[tuple[uuid.UUID, Order]],
) -> list[Difference]:
    """Compare the members of the streams [first, end) with what the orders' facts give."""
    stored: dict[uuid.UUID, set[Member]] = {}
    cursor = await connection.execute(_MEMBERS, (world.tenant, first, end), binary=True)
    for id_, group, no, wh, state in await cursor.fetchall():
        stored.setdefault(id_, set()).add((str(group), no, wh, state))
    found = []
    for id_, order in orders:
        expected, rows = project(world, order), stored.pop(id_, set())
        if rows != expected:
            found.append(_differs(id_, rows, expected))
    return found + [_differs(id_, rows, frozenset()) for id_, rows in stored.items()]


def _differs(id_: uuid.UUID, rows: set[Member], expected: frozenset[Member]) -> Difference:
    return Difference(
        code="members_differ",
        where=f"parcel_members {id_}",
        detail=f"rows {sorted(rows)}, facts {sorted(expected)}",
    )


async def looks(connection: Connection, tenant: int) -> bool:
    """Tell whether the merchant's rules look for merges."""
    cursor = await connection.execute(_LOOKS, (tenant,), binary=True)
    return await cursor.fetchone() is not None


async def index(connection: Connection, tenant: int, salt: bytes, of: Sequence[bytes]) -> None:
    """Index the fulfilment orders of these orders that could be merged, as they are now."""
    if not of:
        return
    asked = (tenant, write.uuid_bytes(of), min(of).hex(), max(of).hex())
    cursor = await connection.execute(_READ, asked, binary=True)
    rows: list[tuple[bytes, int, str, int, int]] = []
    for id_, channel, doc, person in await cursor.fetchall():
        order = _decode(bytes(doc))
        parts = mergeable(order)
        key = None
        if parts and person is not None:
            key = receivers.key_of(salt, channel, order.shop, bytes(person))
        if key is not None:
            since = ids.made_ms(uuid.UUID(bytes=bytes(id_))) * 1000
            rows += [(bytes(id_), f.no, f.warehouse, key, since) for f in parts]
    await connection.execute(_FORGET, (tenant, write.uuid_bytes(of)), binary=True)
    if rows:
        columns = (
            write.uuid_bytes([r[0] for r in rows]),
            write.int4s([r[1] for r in rows]),
            write.texts([r[2] for r in rows]),
            write.int8s([r[3] for r in rows]),
            write.times([r[4] for r in rows]),
        )
        await connection.execute(_INDEX, (*columns, tenant), binary=True)


def mergeable(order: Order) -> list[Fulfilment]:
    """Give the fulfilment orders that could leave with another order's: paid, free, not picked."""
    if order.kind != "order" or order.holds or order.cancelled:
        return []
    if not (order.paid_ms or order.paid >= order.total):
        return []
    parts = [f for f in order.fulfilments if f.state in MERGEABLE and not f.group]
    if any(f.intercept and f.intercept.state == "asked" for f in order.fulfilments):
        return []
    # of an order that was split in one warehouse on purpose none is put together again
    codes = [f.warehouse for f in order.fulfilments if f.state != "cancelled"]
    return [f for f in parts if codes.count(f.warehouse) == 1 and not f.waybill]
