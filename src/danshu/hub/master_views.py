"""What is read of master data, in pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.routing.model import Lane, Region
from danshu.capabilities.stock.model import Sku, Storage, Warehouse
from danshu.kernel.errors import InputError
from danshu.kernel.limits import REGIONS, WAREHOUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

Connection = psycopg.AsyncConnection[Any]
_LISTS: Final[dict[str, tuple[str, type[Any]]]] = {
    "skus": ("code,name,weight_g,storage,price_fen,barcode", Sku),
    "warehouses": (
        "code,name,region,lng_udeg,lat_udeg,storage_bits,capacity_units,cutoff_min,calendar",
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
