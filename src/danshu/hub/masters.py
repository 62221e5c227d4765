"""Load a tenant's world from the database."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from danshu.capabilities.contract import definitions
from danshu.capabilities.intake.address import Gazetteer
from danshu.capabilities.routing import tables as routing_tables
from danshu.capabilities.routing.model import Lane, Region
from danshu.capabilities.routing.network import Network, Site, build_network
from danshu.capabilities.stock import tables as stock_tables
from danshu.capabilities.stock.model import Sku, Storage, Warehouse
from danshu.hub import (
    calendars,
    canary,
    cold_equipment,
    dispatch_routes,
    intercepts,
    order_type_book,
    paid_settings,
    parcel_book,
    pictures,
    policy_arms,
    selling,
)
from danshu.hub.world import World
from danshu.kernel import ids
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from danshu.capabilities.contract.model import Clause

DAY_MS = 86_400_000
_TENANT = "select code, revision from tenants where id=%b"
_USED_TODAY = "select wh, count(*) from orders where tenant=%b and id >= %b and wh >= 0 group by wh"


async def changed(connection: psycopg.AsyncConnection[Any], world: World) -> bool:
    """Tell whether the tenant's master data was written since the world was loaded."""
    cursor = await connection.execute(_TENANT, (world.tenant,), binary=True)
    row = await cursor.fetchone()
    return row is None or row[1] != world.revision


async def load_network(
    connection: psycopg.AsyncConnection[Any], tenant: int
) -> tuple[int, Network] | None:
    """Read the tenant's revision and its network; None for a tenant that has none yet."""
    found = await _rows(connection, _TENANT, tenant)
    warehouses = _warehouses(await _rows(connection, stock_tables.READ_WAREHOUSES, tenant))
    regions = _regions(await _rows(connection, routing_tables.READ_REGIONS, tenant))
    if not found or not warehouses or not regions:
        return None
    lanes = _lanes(await _rows(connection, routing_tables.READ_LANES, tenant))
    return found[0][1], _lay_out(warehouses, regions, lanes)


def _lay_out(
    warehouses: Sequence[Warehouse], regions: Sequence[Region], lanes: list[Lane]
) -> Network:
    return build_network(
        [
            Site(
                w.code,
                w.storage_bits,
                w.capacity_units,
                w.cutoff_min,
                kind=w.kind,
                region=w.region,
            )
            for w in warehouses
        ],
        regions,
        lanes,
    )


async def load(
    connection: psycopg.AsyncConnection[Any], tenant: int, now_s: float, now_ms: int
) -> World:
    """Read master data, definitions and stock; make the routing snapshot and keep its bytes.

    Raises InputError for a tenant that does not exist.
    """
    found = await _rows(connection, _TENANT, tenant)
    if not found:
        raise InputError("no_tenant", f"no tenant {tenant}")
    skus = _skus(await _rows(connection, stock_tables.READ_SKUS, tenant))
    warehouses = _warehouses(await _rows(connection, stock_tables.READ_WAREHOUSES, tenant))
    regions = _regions(await _rows(connection, routing_tables.READ_REGIONS, tenant))
    lanes = _lanes(await _rows(connection, routing_tables.READ_LANES, tenant))
    if not warehouses or not regions:
        raise InputError("no_network", "the merchant has no warehouses or regions yet")
    network = _lay_out(warehouses, regions, lanes)
    snapshot = await pictures.current(connection, tenant, network, now_ms)
    book, active = await load_definitions(connection, tenant)
    world = World(
        tenant=tenant,
        code=found[0][0],
        revision=found[0][1],
        skus=skus,
        warehouses=warehouses,
        snapshot=snapshot,
        arms=await policy_arms.load(connection, tenant, snapshot),
        gazetteer=Gazetteer.load(),
        region_rows=regions,
        regions={r.code: no for no, r in enumerate(regions)},
        places={r.code: (r.province, r.name) for r in regions},
        definitions=active,
        book=book,
        warehouse_no={w.code: no for no, w in enumerate(warehouses)},
        quotas={},
        atp=np.zeros((len(skus), len(warehouses)), dtype=np.int32),
        capacity=np.zeros(len(warehouses)),
        day=0,
        loaded_s=now_s,
        stock_s=now_s,
    )
    await load_capacity(connection, world, now_ms)
    await load_stock(connection, world)
    world.awaiting = (await canary.read(connection, [tenant]))[tenant]
    world.guard = await intercepts.load(connection, tenant)
    world.guard_no = world.guard.no if world.guard is not None else 0
    world.selling = await selling.load(connection, tenant)
    world.order_types = await order_type_book.load(connection, tenant)
    world.parcels = await parcel_book.load(connection, tenant)
    world.reviews = await paid_settings.load(connection, tenant)
    world.connected = await dispatch_routes.load(connection, tenant)
    world.equipment = await cold_equipment.read_active(connection, tenant)
    return world


async def _rows(
    connection: psycopg.AsyncConnection[Any], sql: str, *params: Any
) -> list[tuple[Any, ...]]:
    cursor = await connection.execute(sql, params, binary=True)
    return await cursor.fetchall()


def _skus(rows: Sequence[tuple[Any, ...]]) -> dict[str, tuple[int, Sku]]:
    return {
        r[1]: (
            r[0],
            Sku(
                code=r[1], name=r[2], weight_g=r[3], storage=Storage(r[4]), price_fen=r[5],
                barcode=r[6],
            ),
        )
        for r in rows
    }  # fmt: skip


def _warehouses(rows: Sequence[tuple[Any, ...]]) -> tuple[Warehouse, ...]:
    return tuple(
        Warehouse(
            code=r[1], name=r[2], region=r[3], lng_udeg=r[4], lat_udeg=r[5], storage_bits=r[6],
            capacity_units=r[7], cutoff_min=r[8], calendar=r[9], kind=r[10],
        )
        for r in rows
    )  # fmt: skip


def _regions(rows: Sequence[tuple[Any, ...]]) -> tuple[Region, ...]:
    return tuple(
        Region(code=r[1], name=r[2], province=r[3], lng_udeg=r[4], lat_udeg=r[5]) for r in rows
    )


def _lanes(rows: Sequence[tuple[Any, ...]]) -> list[Lane]:
    return [
        Lane(
            warehouse=r[0], region=r[1], transit_min=r[2], sd_min=r[3], first_kg_fen=r[4],
            extra_kg_fen=r[5], carrier=r[6],
        )
        for r in rows
    ]  # fmt: skip


async def load_definitions(
    connection: psycopg.AsyncConnection[Any], tenant: int
) -> tuple[dict[str, Clause], tuple[Clause, ...]]:
    """Read the tenant's promise clauses: all by digest, and the active ones."""
    cursor = await connection.execute(
        "select active, body from definitions where tenant=%b order by code, version",
        (tenant,),
        binary=True,
    )
    rows = await cursor.fetchall()
    find = await calendars.finder(connection, tenant)
    clauses = [(active, definitions.read(bytes(body), find)) for active, body in rows]
    return {c.digest: c for _, c in clauses}, tuple(c for active, c in clauses if active)


async def load_capacity(
    connection: psycopg.AsyncConnection[Any], world: World, now_ms: int
) -> None:
    """Take the day's capacity of the warehouses, less the orders of the day so far."""
    date = datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC).date()
    midnight, _ = ids.day_bounds(date)
    used = await _rows(connection, _USED_TODAY, world.tenant, midnight)
    world.capacity[:] = [w.capacity_units for w in world.warehouses]
    world.day = now_ms // DAY_MS
    for wh, orders in used:
        if wh < len(world.warehouses):
            world.capacity[wh] -= orders


async def load_stock(connection: psycopg.AsyncConnection[Any], world: World) -> None:
    """Read what is available to promise and what the channels' quotas leave."""
    cursor = await connection.execute(stock_tables.READ_ATP, (world.tenant,), binary=True)
    rows = await cursor.fetchall()
    world.atp[:] = 0
    if rows:
        table = np.array(rows, dtype=np.int64)
        inside = (table[:, 1] < world.atp.shape[0]) & (table[:, 0] < world.atp.shape[1])
        table = table[inside]
        world.atp[table[:, 1], table[:, 0]] = np.clip(table[:, 2], 0, 2**31 - 1)
    cursor = await connection.execute(stock_tables.READ_QUOTAS, (world.tenant,), binary=True)
    quotas = await cursor.fetchall()
    world.quotas.clear()
    for wh, sku, channel, cap, used in quotas:
        world.quotas.setdefault((sku, channel), {})[wh] = max(0, cap - used)
