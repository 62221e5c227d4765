"""Master data of a merchant: SKUs, warehouses, regions, lanes. A code keeps its number."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from danshu.capabilities.routing import tables as routing_tables
from danshu.capabilities.stock import tables
from danshu.capabilities.stock.facts import MasterImported
from danshu.hub import merchants, pictures
from danshu.kernel import canonical
from danshu.kernel.errors import InputError
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from msgspec import Struct

    from danshu.capabilities.routing.model import Lane, Region
    from danshu.capabilities.stock.model import Sku, Warehouse
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]


async def _imported(
    connection: Connection, tenant: int, actor: Actor, kind: str, rows: Sequence[Struct]
) -> None:
    digest = hashlib.sha256(b"\n".join(canonical.encode_struct(r) for r in rows)).hexdigest()
    await merchants.touch(connection, tenant)
    await merchants.say(
        connection, tenant, actor, MasterImported(kind=kind, rows=len(rows), digest=digest)
    )


async def _assign(
    connection: Connection, tenant: int, table: str, codes: Iterable[str]
) -> dict[str, int]:
    """Give each code its number in `table`: known ones keep theirs, new ones follow the last.

    Holds the tenant's row until the commit, so that no number is given twice.
    """
    await connection.execute("select 1 from tenants where id=%s for update", (tenant,))
    wanted = list(dict.fromkeys(codes))
    numbers = await _read_numbers(connection, tenant, table, wanted)
    query = sql.SQL("select coalesce(max(no),-1)+1 from {} where tenant=%s")
    cursor = await connection.execute(query.format(sql.Identifier(table)), (tenant,))
    (following,) = await cursor.fetchone() or (0,)
    new = (code for code in wanted if code not in numbers)
    return numbers | {code: following + i for i, code in enumerate(list(new))}


async def _read_numbers(
    connection: Connection, tenant: int, table: str, codes: list[str]
) -> dict[str, int]:
    query = sql.SQL("select code,no from {} where tenant=%s and code = any(%s)")
    cursor = await connection.execute(query.format(sql.Identifier(table)), (tenant, codes))
    return dict(await cursor.fetchall())


async def put_skus(connection: Connection, tenant: int, rows: Sequence[Sku], actor: Actor) -> None:
    """Write SKUs; known codes are updated and keep their number."""
    async with connection.transaction():
        numbers = await _assign(connection, tenant, "skus", [r.code for r in rows])
        rows = list({r.code: r for r in rows}.values())
        w = write
        await connection.execute(
            tables.UPSERT_SKUS,
            (
                w.int4s([tenant] * len(rows)),
                w.int4s([numbers[r.code] for r in rows]),
                w.texts([r.code for r in rows]),
                w.texts([r.name for r in rows]),
                w.int4s([r.weight_g for r in rows]),
                w.int4s([int(r.storage) for r in rows]),
                w.int8s([r.price_fen for r in rows]),
                w.texts([r.barcode for r in rows]),
            ),
            binary=True,
        )
        await _imported(connection, tenant, actor, "sku", rows)


async def put_warehouses(
    connection: Connection, tenant: int, rows: Sequence[Warehouse], actor: Actor
) -> None:
    """Write warehouses; known codes are updated and keep their number."""
    async with connection.transaction():
        numbers = await _assign(connection, tenant, "warehouses", [r.code for r in rows])
        for r in rows:
            await connection.execute(
                tables.UPSERT_WAREHOUSE,
                (
                    tenant,
                    numbers[r.code],
                    r.code,
                    r.name,
                    r.region,
                    r.lng_udeg,
                    r.lat_udeg,
                    r.storage_bits,
                    r.capacity_units,
                    r.cutoff_min,
                    r.calendar,
                    r.kind,
                ),
                binary=True,
            )
        await _imported(connection, tenant, actor, "warehouse", rows)
        await pictures.touch(connection, tenant)  # a cut of capacity moves orders: no order waits


async def put_regions(
    connection: Connection, tenant: int, rows: Sequence[Region], actor: Actor
) -> None:
    """Write the regions that the merchant serves."""
    async with connection.transaction():
        numbers = await _assign(connection, tenant, "regions", [r.code for r in rows])
        w = write
        await connection.execute(
            routing_tables.UPSERT_REGIONS,
            (
                w.int4s([tenant] * len(rows)),
                w.int4s([numbers[r.code] for r in rows]),
                w.texts([r.code for r in rows]),
                w.texts([r.name for r in rows]),
                w.texts([r.province for r in rows]),
                w.int4s([r.lng_udeg for r in rows]),
                w.int4s([r.lat_udeg for r in rows]),
            ),
            binary=True,
        )
        await _imported(connection, tenant, actor, "region", rows)


async def put_lanes(
    connection: Connection, tenant: int, rows: Sequence[Lane], actor: Actor
) -> None:
    """Write lanes and their tariffs. Raises InputError for an unknown warehouse or region."""
    async with connection.transaction():
        ends = {"warehouses": {r.warehouse for r in rows}, "regions": {r.region for r in rows}}
        warehouses, regions = [
            await _read_numbers(connection, tenant, table, list(codes))
            for table, codes in ends.items()
        ]
        for i, r in enumerate(rows):
            if r.warehouse not in warehouses or r.region not in regions:
                raise InputError("lane_end", f"no {r.warehouse!r} or {r.region!r}", f"/{i}")
        w = write
        await connection.execute(
            routing_tables.UPSERT_LANES,
            (
                w.int4s([tenant] * len(rows)),
                w.int4s([warehouses[r.warehouse] for r in rows]),
                w.int4s([regions[r.region] for r in rows]),
                w.int4s([r.transit_min for r in rows]),
                w.int4s([r.sd_min for r in rows]),
                w.int4s([r.first_kg_fen for r in rows]),
                w.int4s([r.extra_kg_fen for r in rows]),
                w.texts([r.carrier for r in rows]),
            ),
            binary=True,
        )
        await _imported(connection, tenant, actor, "lane", rows)
