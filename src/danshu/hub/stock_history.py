"""All of one SKU: each warehouse, the channels' quotas, and how its stock got there."""

from __future__ import annotations

import uuid
from typing import Any, Final

import psycopg
from msgspec import Struct

from danshu.hub.actors import name_actors
from danshu.hub.shelf_views import find_no
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.ids import made_ms
from danshu.kernel.limits import PAGE_ROWS

Connection = psycopg.AsyncConnection[Any]
_PLACES: Final = """
select w.code, w.name, coalesce(s.on_hand,0), coalesce(s.reserved,0), coalesce(s.safety,0),
  coalesce(s.in_transit,0), s.wh is not null
from warehouses w left join stock s on s.tenant=w.tenant and s.wh=w.no and s.sku=%s
where w.tenant=%s order by w.no
"""
_QUOTAS: Final = """
select q.wh, q.sku, q.channel, w.code, k.code, q.cap, q.used from quotas q
join warehouses w on w.tenant=q.tenant and w.no=q.wh join skus k on k.tenant=q.tenant and k.no=q.sku
where q.tenant=%(tenant)s and (%(sku)s::int is null or q.sku=%(sku)s)
and (q.wh,q.sku,q.channel) > (%(wh)s,%(after)s,%(channel)s)
order by q.wh,q.sku,q.channel limit %(limit)s
"""
_WAITING_OF: Final = """
select coalesce(sum(quantity),0), count(*), min(due) from waiting_units where tenant=%s and sku=%s
"""
_MOVES: Final = """
select m.id, w.code, m.on_hand, m.safety, m.in_transit, m.on_hand_after, m.reason, m.by, m.role,
  p.on_hand_after
from (select * from stock_moves where tenant=%(tenant)s and sku=%(sku)s
  and id < %(id)s and (%(wh)s::int is null or wh=%(wh)s)
  order by id desc limit %(limit)s) m
join warehouses w on w.tenant=m.tenant and w.no=m.wh
left join lateral (select on_hand_after from stock_moves b where b.tenant=m.tenant and b.sku=m.sku
  and b.id<m.id and b.wh=m.wh order by b.id desc limit 1) p on true
order by m.id desc
"""


class SkuPlace(Struct, frozen=True, kw_only=True):
    """What one warehouse has of a SKU; `kept` is False where it has never had any."""

    warehouse: str
    name: str
    on_hand: int
    reserved: int
    safety: int
    in_transit: int
    atp: int
    kept: bool


class QuotaRow(Struct, frozen=True, kw_only=True):
    """What a channel may sell of a SKU in a warehouse, and has sold."""

    warehouse: str
    sku: str
    channel: str
    cap: int
    used: int


class SkuStock(Struct, frozen=True, kw_only=True):
    """All of one SKU: each warehouse, the channels' quotas, and what orders wait for."""

    sku: str
    name: str
    storage: int
    barcode: str
    places: tuple[SkuPlace, ...]
    quotas: tuple[QuotaRow, ...]
    waiting: int
    waiting_orders: int
    waiting_due: str


class StockMove(Struct, frozen=True, kw_only=True):
    """A receipt, count or adjustment, in differences. `shipped` are the units that orders took
    between the move before this one and this. -1 is not known.
    """

    id: uuid.UUID
    at: str
    warehouse: str
    on_hand: int
    safety: int
    in_transit: int
    on_hand_after: int
    reason: str
    by: str
    role: str
    shipped: int


async def read_sku(connection: Connection, tenant: int, sku: str) -> SkuStock:
    """Read all of one SKU, by its code or barcode. Raises InputError `no_sku`."""
    cursor = await connection.execute(
        "select no,code,name,storage,barcode from skus where tenant=%s and code=%s"
        " union all select no,code,name,storage,barcode from skus where tenant=%s and barcode=%s"
        " and barcode<>'' limit 1",
        (tenant, sku, tenant, sku),
    )
    row = await cursor.fetchone()
    if row is None:
        raise InputError("no_sku", "there is no such SKU")
    cursor = await connection.execute(_PLACES, (row[0], tenant))
    places = [
        SkuPlace(
            warehouse=r[0], name=r[1], on_hand=r[2], reserved=r[3], safety=r[4], in_transit=r[5],
            atp=max(0, r[2] - r[3] - r[4]), kept=r[6],
        )
        for r in await cursor.fetchall()
    ]  # fmt: skip
    quotas, _ = await list_quotas(connection, tenant, row[1], (-1, -1, ""), PAGE_ROWS)
    cursor = await connection.execute(_WAITING_OF, (tenant, row[1]))
    waiting = await cursor.fetchone() or (0, 0, None)
    return SkuStock(
        sku=row[1],
        name=row[2],
        storage=row[3],
        barcode=row[4],
        places=tuple(places),
        quotas=tuple(quotas),
        waiting=int(waiting[0]),
        waiting_orders=waiting[1],
        waiting_due=_instant(waiting[2]),
    )


async def list_quotas(
    connection: Connection, tenant: int, sku: str, after: tuple[int, int, str], limit: int
) -> tuple[list[QuotaRow], tuple[int, int, str] | None]:
    """List quotas after a place (warehouse and SKU numbers, channel), of one SKU or all."""
    number = await find_no(connection, "skus", tenant, sku, "/sku") if sku else None
    cursor = await connection.execute(
        _QUOTAS,
        {
            "tenant": tenant, "sku": number, "wh": after[0], "after": after[1],
            "channel": after[2], "limit": limit + 1,
        },
    )  # fmt: skip
    found = await cursor.fetchall()
    rows = [
        QuotaRow(channel=r[2], warehouse=r[3], sku=r[4], cap=r[5], used=r[6]) for r in found[:limit]
    ]
    return rows, found[limit - 1][:3] if len(found) > limit else None


async def list_moves(
    connection: Connection,
    tenant: int,
    *,
    sku: str,
    warehouse: str,
    before: uuid.UUID,
    limit: int,
) -> tuple[list[StockMove], bool]:
    """List what was moved of a SKU, newest first, below a place; tells whether there is more."""
    number = await find_no(connection, "skus", tenant, sku, "/sku")
    wh = (
        await find_no(connection, "warehouses", tenant, warehouse, "/warehouse")
        if warehouse
        else None
    )
    cursor = await connection.execute(
        _MOVES,
        {
            "tenant": tenant, "sku": number, "wh": wh, "id": before,
            "limit": limit + 1,
        },
    )  # fmt: skip
    found = await cursor.fetchall()
    names = await name_actors(connection, tenant, [r[7] for r in found])
    rows = [
        StockMove(
            id=r[0], at=rfc3339(made_ms(r[0])), warehouse=r[1], on_hand=r[2], safety=r[3],
            in_transit=r[4], on_hand_after=-1 if r[5] is None else r[5], reason=r[6],
            by=names[r[7]], role=r[8],
            shipped=-1 if r[9] is None or r[5] is None else r[9] - (r[5] - r[2]),
        )
        for r in found[:limit]
    ]  # fmt: skip
    return rows, len(found) > limit


def _instant(moment: Any) -> str:
    return rfc3339(round(moment.timestamp() * 1000)) if moment else ""
