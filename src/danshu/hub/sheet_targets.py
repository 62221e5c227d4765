"""Where the rows of a sheet go: what is there now, what rows may name, and the writing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.capabilities.routing.model import Lane, Region
from danshu.capabilities.stock.model import Sku, StockLevel, Warehouse
from danshu.hub import catalogues, selling_masters, shelves
from danshu.hub.master_rows import NewBundlePart
from danshu.hub.sheet_cells import Names
from danshu.hub.sheet_kinds import KEYS, ROWS, fold
from danshu.kernel.limits import REGIONS, WAREHOUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msgspec import Struct

    from danshu.hub.sheet_cells import References
    from danshu.kernel.errors import Refusal
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
Key = tuple[str, ...]
ROOM: Final = {"warehouses": WAREHOUSES, "regions": REGIONS}
"""How many rows of a kind a merchant may have; the others are not counted."""
_NAMES_OF: Final = {
    "lanes": ("warehouses", "regions"),
    "stock": ("warehouses",),
    "warehouses": ("regions",),
}
_NAMES: Final = {
    "warehouses": "select code,name from warehouses where tenant=%s",
    "regions": "select code,name from regions where tenant=%s",
}
_BY_CODE: Final = {
    name: f"select {{}} from {name} t where tenant=%s and code = any(%s)"
    for name in ("skus", "warehouses", "regions")
}
_LANES: Final = """
select w.code, r.code, l.transit_min, l.sd_min, l.first_kg_fen, l.extra_kg_fen, l.carrier
from unnest(%s::text[],%s::text[]) k(warehouse,region)
join warehouses w on w.tenant=%s and w.code=k.warehouse
join regions r on r.tenant=w.tenant and r.code=k.region
join lanes l on l.tenant=w.tenant and l.wh=w.no and l.region=r.no
"""
_STOCK: Final = """
select w.code, g.code, s.on_hand, s.safety, s.in_transit, s.reserved
from unnest(%s::text[],%s::text[]) k(warehouse,sku)
join warehouses w on w.tenant=%s and w.code=k.warehouse
join skus g on g.tenant=w.tenant and g.code=k.sku
join stock s on s.tenant=w.tenant and s.wh=w.no and s.sku=g.no
"""
_LOCK_STOCK: Final = _STOCK + " order by s.wh, s.sku for update of s"
_DROP_PARTS: Final = """
delete from bundle_parts p using unnest(%s::text[],%s::text[]) k(bundle,sku)
where p.tenant=%s and p.bundle=k.bundle and p.sku=k.sku
"""
_DROP_LANES: Final = """
delete from lanes l using unnest(%s::text[],%s::text[]) k(warehouse,region), warehouses w, regions r
where w.tenant=%s and w.code=k.warehouse and r.tenant=w.tenant and r.code=k.region
and l.tenant=w.tenant and l.wh=w.no and l.region=r.no
"""
_PARTS: Final = """
select p.bundle, p.name, p.sku, p.units, p.share
from unnest(%s::text[],%s::text[]) k(bundle,sku)
join bundle_parts p on p.tenant=%s and p.bundle=k.bundle and p.sku=k.sku
"""
_CODES: Final = """
select distinct bundle, true from bundle_parts where tenant=%s
union select distinct sku, false from bundle_parts where tenant=%s
"""
_COUNT: Final = {name: f"select count(*) from {name} where tenant=%s" for name in ROOM}
_KNOWN_SKUS: Final = "select code from skus where tenant=%s and code = any(%s)"


class Present(msgspec.Struct, kw_only=True, eq=False):
    """What is there of the rows asked for; `reserved` and `skus` for stock alone."""

    rows: dict[Key, dict[str, Any]]
    reserved: dict[Key, int] = {}
    skus: frozenset[str] = frozenset()
    bundles: frozenset[str] = frozenset()  # codes that are bundles, and those that are components
    parts: frozenset[str] = frozenset()
    total: int = 0
    foreign: dict[str, str] = {}  # fields that another system says, with its name


async def read_references(connection: Connection, tenant: int, kind: str) -> References:
    """Read the codes that rows of a kind may name, with what they are called."""
    found: References = {}
    for name in _NAMES_OF.get(kind, ()):
        cursor = await connection.execute(_NAMES[name], (tenant,))
        rows = await cursor.fetchall()
        by_name: dict[str, str | None] = {}
        for code, title in rows:
            key = fold(title)
            by_name[key] = None if key in by_name else code
        # a warehouse may stand in a region that the merchant does not serve
        is_open = kind == "warehouses"
        found[name] = Names(codes=frozenset(r[0] for r in rows), by_name=by_name, is_open=is_open)
    return found


async def read_present(
    connection: Connection, tenant: int, kind: str, keys: Sequence[Key], *, lock: bool = False
) -> Present:
    """Read the rows that are there under these keys, as the API's rows are spelt.

    `lock` holds stock rows, in their order, until the commit.
    """
    if kind in _BY_CODE:
        columns = ROWS[kind].__struct_fields__
        sql = _BY_CODE[kind].format(",".join(columns))
        cursor = await connection.execute(sql, (tenant, [k[0] for k in keys]))
        rows: dict[Key, dict[str, Any]] = {
            (r[0],): dict(zip(columns, r, strict=True)) for r in await cursor.fetchall()
        }
        return Present(rows=rows, total=await _total(connection, tenant, kind))
    ends = ([k[0] for k in keys], [k[1] for k in keys], tenant)
    if kind == "lanes":
        cursor = await connection.execute(_LANES, ends)
        columns = ROWS[kind].__struct_fields__
        return Present(
            rows={(r[0], r[1]): dict(zip(columns, r, strict=True)) for r in await cursor.fetchall()}
        )
    if kind == "bundles":
        return await _present_parts(connection, tenant, keys, ends)
    cursor = await connection.execute(_LOCK_STOCK if lock else _STOCK, ends)
    columns = ROWS[kind].__struct_fields__
    found = await cursor.fetchall()
    known = await connection.execute(_KNOWN_SKUS, (tenant, sorted({k[1] for k in keys})))
    return Present(
        rows={(r[0], r[1]): dict(zip(columns, r[:5], strict=True)) for r in found},
        reserved={(r[0], r[1]): r[5] for r in found},
        skus=frozenset([r[0] for r in await known.fetchall()]),
    )


async def write_rows(
    connection: Connection,
    tenant: int,
    kind: str,
    rows: Sequence[Struct],
    reason: str,
    actor: Actor,
) -> Refusal | None:
    """Write rows of a kind with their facts, in the caller's transaction."""
    if kind == "skus":
        await catalogues.put_skus(connection, tenant, _as(rows, Sku), actor)
    elif kind == "warehouses":
        await catalogues.put_warehouses(connection, tenant, _as(rows, Warehouse), actor)
    elif kind == "regions":
        await catalogues.put_regions(connection, tenant, _as(rows, Region), actor)
    elif kind == "bundles":
        await selling_masters.put_parts(connection, tenant, _as(rows, NewBundlePart), actor)
    elif kind == "lanes":
        await catalogues.put_lanes(connection, tenant, _as(rows, Lane), actor)
    else:
        levels = _as(rows, StockLevel)
        return await shelves.count_stock(connection, tenant, levels, reason, actor)
    return None


async def drop_rows(connection: Connection, tenant: int, kind: str, keys: Sequence[Key]) -> None:
    """Take lanes or components away that an import had added; the caller says so in a fact."""
    sql = _DROP_LANES if kind == "lanes" else _DROP_PARTS
    await connection.execute(sql, ([k[0] for k in keys], [k[1] for k in keys], tenant))


async def _present_parts(
    connection: Connection, tenant: int, keys: Sequence[Key], ends: tuple[Any, ...]
) -> Present:
    cursor = await connection.execute(_PARTS, ends)
    columns = ROWS["bundles"].__struct_fields__
    rows: dict[Key, dict[str, Any]] = {
        (r[0], r[2]): dict(zip(columns, r, strict=True)) for r in await cursor.fetchall()
    }
    known = await connection.execute(_KNOWN_SKUS, (tenant, sorted({k[1] for k in keys})))
    cursor = await connection.execute(_CODES, (tenant, tenant))
    codes = await cursor.fetchall()
    return Present(
        rows=rows,
        skus=frozenset([r[0] for r in await known.fetchall()]),
        bundles=frozenset([code for code, is_bundle in codes if is_bundle]),
        parts=frozenset([code for code, is_bundle in codes if not is_bundle]),
    )


def key_of(kind: str, values: dict[str, Any]) -> Key:
    """Give what no two rows of a kind share."""
    return tuple([values[name] for name in KEYS[kind]])


def empty_stock(key: Key) -> dict[str, Any]:
    """Give the row of stock that was not there: none of it."""
    return {"warehouse": key[0], "sku": key[1], "on_hand": 0, "safety": 0, "in_transit": 0}


async def _total(connection: Connection, tenant: int, kind: str) -> int:
    if kind not in ROOM:
        return 0
    row = await (await connection.execute(_COUNT[kind], (tenant,))).fetchone()
    return int(row[0]) if row else 0


def _as(rows: Sequence[Struct], kind: type[Any]) -> list[Any]:
    return [msgspec.convert(row, kind, from_attributes=True) for row in rows]
