"""What could be merged 合单 and what is, as people see it; and what the room merges by rule."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract import terms
from danshu.capabilities.orders import parcel_rules, parcels
from danshu.capabilities.orders.model import Order
from danshu.hub import floor_rows, merging_rows
from danshu.hub.merging import NO_GROUP, Row, candidate, rules_of
from danshu.kernel.limits import LATEST_MS, MERGE_MEMBERS
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
Key = tuple[int, int]
"""A warehouse's number and a receiver's keyed hash: what is read next after it."""
# A receiver alone is no merge. The keys of a page come in the order of the index.
_KEYS: Final = """
select wh, rkey, array_agg(id order by since, id), array_agg(fulfilment order by since, id)
from parcel_receivers where tenant=%(tenant)s and (%(wh)s::int is null or wh=%(wh)s)
and (wh,rkey) > (%(after_wh)s,%(after_key)s)
group by wh, rkey having count(distinct id) > 1 order by wh, rkey limit %(limit)s
"""
_COUNT: Final = """
select count(*), coalesce(sum(n),0)::int8 from (select count(*) as n from parcel_receivers
where tenant=%(tenant)s and (%(wh)s::int is null or wh=%(wh)s)
group by wh, rkey having count(distinct id) > 1) k
"""
_READINESS: Final = "select merges, indexed from parcel_rules where tenant=%b"
_READ: Final = "select id, doc, terms from orders where tenant=%b and id = any(%b::uuid[])"
_GROUPS: Final = """
select grp, min(wh), array_agg(id order by id, fulfilment),
array_agg(fulfilment order by id, fulfilment)
from parcel_members where tenant=%(tenant)s and (%(wh)s::int is null or wh=%(wh)s)
and grp < %(before)s group by grp
having (%(open)s is false or bool_or(state in ('allocated','released','picked','packed')))
order by grp desc limit %(limit)s
"""
_ONE: Final = """
select grp, min(wh), array_agg(id order by id, fulfilment),
array_agg(fulfilment order by id, fulfilment) from parcel_members
where tenant=%(tenant)s and grp=%(grp)s group by grp
"""
LAST: Final = uuid.UUID(int=2**128 - 1)
FIRST: Final[Key] = (-(2**31), -(2**63))
_decode_order: Final = msgspec.json.Decoder(Order).decode


class Member(Struct, frozen=True, kw_only=True):
    """A fulfilment order of a parcel. `due_ms` is when its order's first promise is, 0 = none."""

    order: uuid.UUID
    fulfilment: int
    number: str
    channel: str
    shop: str
    state: str
    units: int
    weight_g: int
    due_ms: int
    since_ms: int
    waybill: str


class Bundle(Struct, frozen=True, kw_only=True):
    """Fulfilment orders that leave one warehouse together, or could; `group` None where they could.

    `region` is where they go.
    """

    group: uuid.UUID | None
    warehouse: str
    region: str
    members: tuple[Member, ...]


async def candidates(
    connection: Connection, world: World, wh: int | None, after: Key, limit: int
) -> tuple[list[Bundle], Key | None]:
    """Give what could be merged: of each receiver the parcels that its orders would make.

    The index lags as the log does, so each is looked at again as it is now.
    """
    asked = {
        "tenant": world.tenant, "wh": wh, "after_wh": after[0], "after_key": after[1],
        "limit": limit,
    }  # fmt: skip
    cursor = await connection.execute(_KEYS, asked, binary=True)
    found = await cursor.fetchall()
    rows = await read(connection, world, [id_ for row in found for id_ in row[2]])
    made: list[Bundle] = []
    rules = rules_of(world)
    for _, _, orders, nos in found:
        able = [
            candidate(world, rows[id_], no)
            for id_, no in zip(orders, nos, strict=True)
            if id_ in rows and any(f.no == no for f in merging_rows.mergeable(rows[id_].order))
        ]
        for group in parcel_rules.group(able, rules, MERGE_MEMBERS):
            places = [(uuid.UUID(c.place[0]), c.place[1]) for c in group]
            made.append(show(world, rows, None, places))
    following = (found[-1][0], found[-1][1]) if len(found) == limit else None
    return made, following


async def count(connection: Connection, tenant: int, wh: int | None) -> tuple[int, int]:
    """Count receivers with more than one order that waits, and those orders' parcels."""
    cursor = await connection.execute(_COUNT, {"tenant": tenant, "wh": wh}, binary=True)
    row = await cursor.fetchone()
    return (row[0], row[1]) if row else (0, 0)


async def readiness(connection: Connection, tenant: int) -> tuple[bool, bool]:
    """Tell whether the merchant looks for merges, and whether all of its open orders are known."""
    cursor = await connection.execute(_READINESS, (tenant,), binary=True)
    row = await cursor.fetchone()
    return (row[0], row[0] and row[1]) if row else (False, False)


async def groups(
    connection: Connection, world: World, wh: int | None, before: uuid.UUID, limit: int,
    *, open_: bool,
) -> list[Bundle]:  # fmt: skip
    """Give what is merged, newest first; `open_` leaves out what has left."""
    asked = {
        "tenant": world.tenant, "wh": wh, "before": before, "limit": limit, "open": open_,
    }  # fmt: skip
    cursor = await connection.execute(_GROUPS, asked, binary=True)
    return await _shown(connection, world, await cursor.fetchall())


async def find(connection: Connection, world: World, group: uuid.UUID) -> Bundle:
    """Give one merged parcel. Raises InputError `no_group`."""
    asked = {"tenant": world.tenant, "grp": group}
    cursor = await connection.execute(_ONE, asked, binary=True)
    made = await _shown(connection, world, await cursor.fetchall())
    if not made:
        raise NO_GROUP
    return made[0]


async def _shown(
    connection: Connection, world: World, found: Sequence[tuple[Any, ...]]
) -> list[Bundle]:
    rows = await read(connection, world, [id_ for row in found for id_ in row[2]])
    return [
        show(world, rows, group, list(zip(orders, nos, strict=True)))
        for group, _, orders, nos in found
    ]


async def read(
    connection: Connection, world: World, of: Sequence[uuid.UUID]
) -> dict[uuid.UUID, Row]:
    """Read orders as they are, unlocked."""
    if not of:
        return {}
    asked = (world.tenant, write.uuids(list(of)))
    cursor = await connection.execute(_READ, asked, binary=True)
    return {
        id_: Row(
            id=id_,
            order=_decode_order(bytes(doc)),
            until_ms=floor_rows.due_of(terms.load(bytes(said), world.book)),
        )
        for id_, doc, said in await cursor.fetchall()
    }


def show(
    world: World,
    rows: dict[uuid.UUID, Row],
    group: uuid.UUID | None,
    places: Sequence[tuple[uuid.UUID, int]],
) -> Bundle:
    """Show fulfilment orders as one parcel."""
    members = []
    for id_, no in places:
        row = rows[id_]
        part, one = parcels.find(row.order, no), candidate(world, row, no)
        members.append(
            Member(
                order=id_,
                fulfilment=no,
                number=row.order.number,
                channel=row.order.channel,
                shop=row.order.shop,
                state=part.state,
                units=one.units,
                weight_g=one.weight_g,
                due_ms=row.until_ms if row.until_ms < LATEST_MS else 0,
                since_ms=row.order.placed_ms,
                waybill=part.waybill,
            )
        )
    first = rows[places[0][0]].order
    return Bundle(
        group=group,
        warehouse=parcels.find(first, places[0][1]).warehouse,
        region=first.region,
        members=tuple(members),
    )


def age_ms(bundle: Bundle, now_ms: int) -> int:
    """Tell how long the oldest has waited."""
    return now_ms - min(m.since_ms for m in bundle.members)
