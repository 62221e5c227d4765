"""A release that waits 等待合单: by the merchant's rule an order stays allocated a while, so that a
second order of its receiver may leave with it; never past what its promises leave to the floor.

A row of `release_waits` is written with the fact that says so, and goes with the release. Asked for
again, the order is released at once; when the time has come the room `merging` releases it, alone
or with the parcel that it was merged into.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.orders.commands import conclude
from danshu.capabilities.orders.parcel_facts import ReleaseDeferred
from danshu.hub import floor_rows, merging_rows
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import LATEST_MS, MERGE_LEAD_MS, PAGE_ROWS, RELEASE_AGAIN_MS
from danshu.ledger import write
from danshu.ledger.findings import Difference, compare_rows

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable

    from danshu.capabilities.orders.commands import Command, Done
    from danshu.capabilities.orders.model import Order
    from danshu.hub.changes import Held
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
_MERGE: Final = "merge"
_PUT: Final = """
insert into release_waits(tenant,id,until,next_try) values(%b,%b,%b,%b)
on conflict (tenant,id) do update set until=excluded.until, next_try=excluded.next_try
"""
_DROP: Final = "delete from release_waits where tenant=%b and id=%b"
_ROWS: Final = "select id, until from release_waits where tenant=%b and id >= %b and id < %b"
_DUE: Final = """
select id from release_waits where tenant=%b and next_try<=%b order by next_try limit %b
"""
_LATER: Final = "update release_waits set next_try=%b where tenant=%b and id=%b"
_WAITING: Final = "select id, until from release_waits where tenant=%s order by until, id limit %s"
_TENANTS: Final = "select distinct tenant from release_waits where next_try<=%b"


def until_ms(world: World, held: Held, told: Command, now_ms: int) -> int:
    """Say until when the release of an order waits, epoch ms; 0 = it does not.

    It waits once: asked again, or where a parcel of it is merged, it goes.
    """
    merge = world.parcels.rules.merge if world.parcels else None
    order = held.order
    if merge is None or not merge.hold_min or not merge.auto or order.release_ms:
        return 0
    parts = merging_rows.mergeable(order)
    waits = [f for f in parts if f.state == "allocated" and told.fulfilment in (0, f.no)]
    if not waits or any(f.group for f in order.fulfilments):
        return 0
    last_ms = order.placed_ms + merge.hold_min * 60_000
    due_ms = floor_rows.due_of(held.promises)
    if due_ms < LATEST_MS:
        last_ms = min(last_ms, due_ms - MERGE_LEAD_MS)
    return last_ms if last_ms > now_ms else 0


def defer(order: Order, at_ms: int) -> Done:
    """Say that a release waits until `at_ms`."""
    return conclude(order, [ReleaseDeferred(reason=_MERGE, until=rfc3339(at_ms))], 0)


def changes(
    tenant: int, id_: uuid.UUID, before: Order, after: Order
) -> list[tuple[str, tuple[Any, ...]]]:
    """Give the statements, with their parameters, that bring the row up to date."""
    if before.release_ms == after.release_ms:
        return []
    if not after.release_ms:
        return [(_DROP, (tenant, id_))]
    at = write.instant(after.release_ms * 1000)
    return [(_PUT, (tenant, id_, at, at))]


async def compare(
    connection: Connection,
    tenant: int,
    first: uuid.UUID,
    end: uuid.UUID,
    folded: Iterable[tuple[uuid.UUID, Order]],
) -> list[Difference]:
    """Compare the rows of the streams [first, end) with what the orders' facts give."""
    cursor = await connection.execute(_ROWS, (tenant, first, end), binary=True)
    rows = {id_: round(until.timestamp() * 1000) for id_, until in await cursor.fetchall()}
    said = {id_: order.release_ms for id_, order in folded if order.release_ms}
    return compare_rows("release_waits_differ", "release_waits", rows, said)


async def list_tenants(connection: Connection, now_ms: int) -> list[int]:
    """Name the merchants of whom a release is due."""
    asked = (write.instant(now_ms * 1000),)
    rows = await (await connection.execute(_TENANTS, asked, binary=True)).fetchall()
    return [tenant for (tenant,) in rows]


async def list_due(connection: Connection, tenant: int, now_ms: int) -> list[uuid.UUID]:
    """Name a merchant's orders whose release has waited long enough."""
    asked = (tenant, write.instant(now_ms * 1000), PAGE_ROWS)
    rows = await (await connection.execute(_DUE, asked, binary=True)).fetchall()
    return [id_ for (id_,) in rows]


async def leave(connection: Connection, tenant: int, id_: uuid.UUID, now_ms: int) -> None:
    """Try one that could not be released again later: a hold stands in its way, or another act."""
    at = write.instant((now_ms + RELEASE_AGAIN_MS) * 1000)
    await connection.execute(_LATER, (at, tenant, id_), binary=True)


async def list_waiting(connection: Connection, tenant: int) -> list[tuple[uuid.UUID, int]]:
    """List orders that wait, the first to go first, with when they go (epoch ms)."""
    rows = await (await connection.execute(_WAITING, (tenant, PAGE_ROWS))).fetchall()
    return [(id_, round(until.timestamp() * 1000)) for id_, until in rows]
