"""What is read of master data, in pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.routing.model import Lane, Region
from danshu.capabilities.stock.model import Sku, Storage, Warehouse
from danshu.kernel.errors import InputError
from danshu.kernel.limits import REGIONS, SCAN_ROWS, STOCK_COUNTED, WAREHOUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

Connection = psycopg.AsyncConnection[Any]
_LISTS: Final[dict[str, tuple[str, type[Any]]]] = {
    "skus": ("code,name,weight_g,storage,price_fen,barcode", Sku),
    "warehouses": (
        "code,name,region,lng_udeg,lat_udeg,storage_bits,capacity_units,cutoff_min,calendar,kind",
        Warehouse,
    ),
    "regions": ("code,name,province,lng_udeg,lat_udeg", Region),
}
_LANES: Final = """
select l.wh,l.region,w.code,r.code,l.transit_min,l.sd_min,l.first_kg_fen,l.extra_kg_fen,l.carrier
from lanes l join warehouses w on w.tenant=l.tenant and w.no=l.wh
join regions r on r.tenant=l.tenant and r.no=l.region
where l.tenant=%s and (l.wh,l.region) > (%s,%s) order by l.wh,l.region limit %s
"""
_LACKS: Final = {"price": "price_fen=0", "weight": "weight_g=0", "barcode": "barcode=''"}
_LIKE: Final = "(code ilike %(like)s or name ilike %(like)s or barcode=%(word)s)"
_SKUS: Final = """
select * from (select no,code,name,weight_g,storage,price_fen,barcode from skus
  where tenant=%(tenant)s and no>%(after)s order by no limit %(scan)s) k
where {conditions} order by no limit %(limit)s
"""
_REACH: Final = """
select max(no), count(*) from (
  select no from skus where tenant=%s and no>%s order by no limit %s) k
"""
_SUMMARY: Final = """
with k as (select price_fen,weight_g,barcode from skus where tenant=%(t)s limit %(rows)s)
select (select count(*) from k), (select count(*) from k where price_fen=0),
  (select count(*) from k where weight_g=0), (select count(*) from k where barcode=''),
  (select count(*) from warehouses where tenant=%(t)s),
  (select count(*) from warehouses w where tenant=%(t)s and not exists (
    select 1 from lanes l where l.tenant=w.tenant and l.wh=w.no)),
  (select count(*) from regions where tenant=%(t)s),
  (select count(*) from regions r where tenant=%(t)s and not exists (
    select 1 from lanes l where l.tenant=r.tenant and l.region=r.no)),
  (select count(*) from lanes where tenant=%(t)s)
"""
_ROOM: Final = {"warehouses": WAREHOUSES, "regions": REGIONS}


async def list_numbered(
    connection: Connection, tenant: int, table: str, after: int, limit: int
) -> list[tuple[int, Any]]:
    """List SKUs, warehouses or regions after a number: (number, row)."""
    columns, kind = _LISTS[table]
    cursor = await connection.execute(
        f"select no,{columns} from {table} where tenant=%s and no>%s order by no limit %s",
        (tenant, after, limit),
    )
    names = columns.split(",")
    out = []
    for number, *values in await cursor.fetchall():
        given = dict(zip(names, values, strict=True))
        if "storage" in given:
            given["storage"] = Storage(given["storage"])
        out.append((number, kind(**given)))
    return out


class MasterSummary(Struct, frozen=True, kw_only=True):
    """How much master data there is, and what is incomplete: goods without price, weight or
    barcode, warehouses from which and regions to which no lane goes. `exact` is False when there
    are more goods than are counted.
    """

    skus: int
    no_price: int
    no_weight: int
    no_barcode: int
    warehouses: int
    no_lane_from: int
    regions: int
    no_lane_to: int
    lanes: int
    exact: bool


async def summarize(connection: Connection, tenant: int) -> MasterSummary:
    """Count the master data and what it lacks."""
    cursor = await connection.execute(_SUMMARY, {"t": tenant, "rows": STOCK_COUNTED})
    r = await cursor.fetchone() or (0,) * 9
    return MasterSummary(
        skus=r[0], no_price=r[1], no_weight=r[2], no_barcode=r[3], warehouses=r[4],
        no_lane_from=r[5], regions=r[6], no_lane_to=r[7], lanes=r[8], exact=r[0] < STOCK_COUNTED,
    )  # fmt: skip


async def find_skus(
    connection: Connection, tenant: int, *, q: str, lacks: str, after: int, limit: int
) -> tuple[list[Sku], int | None]:
    """List SKUs after a number, by part of a code or name, a barcode, or what they lack; a page may
    be short before the end. Gives where the following page begins, None at the end.
    """
    cursor = await connection.execute(_REACH, (tenant, after, SCAN_ROWS))
    reach, seen = await cursor.fetchone() or (None, 0)
    conditions = " and ".join([*([_LIKE] if q else []), *([_LACKS[lacks]] if lacks else [])])
    escaped = q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    cursor = await connection.execute(
        _SKUS.format(conditions=conditions or "true"),
        {
            "tenant": tenant, "after": after, "scan": SCAN_ROWS, "limit": limit + 1,
            "like": f"%{escaped}%", "word": q,
        },
    )  # fmt: skip
    found = await cursor.fetchall()
    rows = [_sku(r) for r in found[:limit]]
    if len(found) > limit:
        return rows, found[limit - 1][0]
    return rows, reach if seen == SCAN_ROWS else None


def _sku(r: tuple[Any, ...]) -> Sku:
    return Sku(
        code=r[1], name=r[2], weight_g=r[3], storage=Storage(r[4]), price_fen=r[5], barcode=r[6]
    )


async def list_lanes(
    connection: Connection, tenant: int, after: tuple[int, int], limit: int
) -> list[tuple[tuple[int, int], Lane]]:
    """List lanes after a place (warehouse, region numbers): (place, lane)."""
    cursor = await connection.execute(_LANES, (tenant, *after, limit))
    return [
        (
            (r[0], r[1]),
            Lane(
                warehouse=r[2],
                region=r[3],
                transit_min=r[4],
                sd_min=r[5],
                first_kg_fen=r[6],
                extra_kg_fen=r[7],
                carrier=r[8],
            ),
        )
        for r in await cursor.fetchall()
    ]


async def check_room(connection: Connection, tenant: int, table: str, codes: Sequence[str]) -> None:
    """Refuse more warehouses or regions than routing can hold. Raises InputError."""
    await connection.execute("select 1 from tenants where id=%s for update", (tenant,))
    cursor = await connection.execute(
        f"select count(*) from {table} where tenant=%s and not code = any(%s)",
        (tenant, list(codes)),
    )
    row = await cursor.fetchone()
    if row is not None and row[0] + len(set(codes)) > _ROOM[table]:
        raise InputError("too_many", f"at most {_ROOM[table]} {table}")
