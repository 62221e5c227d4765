"""What is read of stock: rows, and what may be promised."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.stock.model import StockLevel
from danshu.kernel.errors import InputError

Connection = psycopg.AsyncConnection[Any]
_LEVELS: Final = """
select s.wh,s.sku,w.code,k.code,s.on_hand,s.reserved,s.safety,s.in_transit
from stock s join warehouses w on w.tenant=s.tenant and w.no=s.wh
join skus k on k.tenant=s.tenant and k.no=s.sku
where s.tenant=%(tenant)s and (s.wh,s.sku) > (%(wh)s,%(sku)s)
and (%(one_wh)s::int is null or s.wh=%(one_wh)s) and (%(one_sku)s::int is null or s.sku=%(one_sku)s)
and (%(whs)s::int[] is null or s.wh = any(%(whs)s)) order by s.wh,s.sku limit %(limit)s
"""
_ATP: Final = """
select w.code, case when q.cap is null then greatest(s.on_hand-s.reserved-s.safety,0)
  else least(greatest(s.on_hand-s.reserved-s.safety,0), greatest(q.cap-q.used,0)) end,
  s.in_transit, l.transit_min
from stock s join warehouses w on w.tenant=s.tenant and w.no=s.wh
left join quotas q on q.tenant=s.tenant and q.wh=s.wh and q.sku=s.sku and q.channel=%(channel)s
left join lanes l on l.tenant=s.tenant and l.wh=s.wh and l.region=%(region)s
where s.tenant=%(tenant)s and s.wh = any(%(whs)s) and s.sku=%(sku)s
and (%(region)s::int is null or l.wh is not null) order by w.code
"""


class Level(Struct, frozen=True, kw_only=True):
    """A stock row with its numbers."""

    level: StockLevel
    warehouse_no: int
    sku_no: int


class AtWarehouse(Struct, frozen=True, kw_only=True):
    """What one warehouse can promise of a SKU; `transit_min` to the region asked for, 0 when none
    was.
    """

    warehouse: str
    atp: int
    in_transit: int
    transit_min: int


async def list_levels(
    connection: Connection,
    tenant: int,
    *,
    sku: str,
    warehouse: str,
    after: tuple[int, int],
    limit: int,
) -> list[Level]:
    """List stock rows after a place (warehouse, SKU numbers). Raises InputError for a code that is
    not there.
    """
    one_sku = await find_no(connection, "skus", tenant, sku, "/sku") if sku else None
    one_wh = (
        await find_no(connection, "warehouses", tenant, warehouse, "/warehouse")
        if warehouse
        else None
    )
    cursor = await connection.execute(
        _LEVELS,
        {
            "tenant": tenant,
            "wh": after[0],
            "sku": after[1],
            "one_wh": one_wh,
            # the key begins with the warehouse: a SKU is asked for in each
            "whs": await _warehouses(connection, tenant) if sku and not warehouse else None,
            "one_sku": one_sku,
            "limit": limit,
        },
    )
    return [
        Level(
            level=StockLevel(
                warehouse=r[2], sku=r[3], on_hand=r[4], reserved=r[5], safety=r[6], in_transit=r[7]
            ),
            warehouse_no=r[0],
            sku_no=r[1],
        )
        for r in await cursor.fetchall()
    ]


async def read_atp(
    connection: Connection, tenant: int, *, sku: str, channel: str, region: str
) -> list[AtWarehouse]:
    """Read what may be promised of a SKU; with a region, only from warehouses with a lane to it."""
    number = await find_no(connection, "skus", tenant, sku, "/sku")
    region_no = await find_no(connection, "regions", tenant, region, "/region") if region else None
    whs = await _warehouses(connection, tenant)
    cursor = await connection.execute(
        _ATP,
        {"tenant": tenant, "sku": number, "channel": channel, "region": region_no, "whs": whs},
    )
    return [
        AtWarehouse(warehouse=r[0], atp=r[1], in_transit=r[2], transit_min=r[3] or 0)
        for r in await cursor.fetchall()
    ]


async def _warehouses(connection: Connection, tenant: int) -> list[int]:
    cursor = await connection.execute("select no from warehouses where tenant=%s", (tenant,))
    return [r[0] for r in await cursor.fetchall()]


async def find_no(connection: Connection, table: str, tenant: int, code: str, pointer: str) -> int:
    """Give the number of a code in a table of master data. Raises InputError `bad_filter`."""
    cursor = await connection.execute(
        f"select no from {table} where tenant=%s and code=%s", (tenant, code)
    )
    row = await cursor.fetchone()
    if row is None:
        raise InputError("bad_filter", f"there is no {code!r}", pointer)
    return int(row[0])
