"""The map 资产地图: from facts through sources, assets and metrics to what leaves the house."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import Struct

from danshu.capabilities.assets.sources import SOURCES
from danshu.capabilities.metrics.lineage import column_lineage
from danshu.hub import (
    asset_catalogue,
    asset_levels,
    asset_register,
    asset_sql,
    licence_rows,
    metric_book,
)
from danshu.hub.asset_views import AssetText
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from danshu.hub.compose import Hub
    from danshu.ports.asset import Asset

MapKind = Literal["source", "asset", "registered", "metric", "licence", "export"]
SENSITIVE: Final = 3
"""Columns of this level and above are marked."""
_LICENCES: Final = 500
_EXPORTS: Final = """
select asset, count(*)::int8 from asset_exports where tenant=%s and state='made' group by asset
order by asset
"""


class AssetMapNode(Struct, frozen=True, kw_only=True):
    """A place of the map. `id` begins with its kind; `level` is the highest of its columns, 0 where
    it has none; `sensitive` names those of level 3 and above; `note` is the metric's asset, the
    licence's purpose, or how many files were made.
    """

    id: str
    kind: MapKind
    title: AssetText
    level: int
    sensitive: tuple[str, ...]
    note: str


class AssetMapEdge(Struct, frozen=True, kw_only=True):
    """One is made from the other."""

    source: str
    target: str


class AssetMap(Struct, frozen=True, kw_only=True):
    """The whole map, at most some hundreds of places."""

    nodes: tuple[AssetMapNode, ...]
    edges: tuple[AssetMapEdge, ...]


class ColumnSource(Struct, frozen=True, kw_only=True):
    """A column of a source, and whether many rows of it are added up."""

    source: str
    column: str
    is_aggregated: bool


class ColumnOrigin(Struct, frozen=True, kw_only=True):
    """A column of an asset, its level, and of what it is made; nothing for a count of rows."""

    column: str
    title: AssetText
    level: int
    origins: tuple[ColumnSource, ...]


class AssetColumns(Struct, frozen=True, kw_only=True):
    """The columns of an asset with their origins."""

    asset: str
    columns: tuple[ColumnOrigin, ...]


async def draw(hub: Hub, tenant: int, *, sees_licences: bool) -> AssetMap:
    """Draw the map of a merchant; licences are told to who may read them."""
    entries = await asset_catalogue.read(hub, tenant)
    known = asset_register.known()
    async with hub.connection() as connection:
        held = await metric_book.read_at(connection, tenant, hub.clock())
        exports = await (await connection.execute(_EXPORTS, (tenant,))).fetchall()
        given = (
            await licence_rows.list_rows(connection, tenant, {"state": "active"}, 0, _LICENCES)
            if sees_licences
            else []
        )
    nodes: list[AssetMapNode] = []
    edges: list[tuple[str, str]] = []
    for entry in entries:
        asset = known.get(entry.name)
        marked = await _sensitive(hub, tenant, asset) if asset else _registered(entry.note)
        kind: MapKind = "asset" if asset else "registered"
        here = f"asset:{entry.name}"
        nodes.append(_node(here, kind, entry.title, entry.level, marked))
        edges += [(f"source:{name}", here) for name in entry.sources]
        edges += [(here, f"metric:{code}") for code in entry.metrics]
    for name in sorted({s for e in entries for s in e.sources}):
        about = SOURCES[name].about if name in SOURCES else ""
        nodes.append(_node(f"source:{name}", "source", AssetText(zh=name, en=name), note=about))
    for code, h in held.items():
        title = AssetText(zh=h.metric.title.zh, en=h.metric.title.en)
        nodes.append(_node(f"metric:{code}", "metric", title, note=h.metric.asset))
    for row in given:
        who, terms = row.terms.recipient.name, row.terms
        title = AssetText(zh=who, en=who)
        nodes.append(_node(f"licence:{row.no}", "licence", title, note=terms.purpose))
        edges.append((f"asset:{terms.asset}", f"licence:{row.no}"))
    for name, made in exports:
        title = AssetText(zh=name, en=name)
        nodes.append(_node(f"export:{name}", "export", title, note=str(made)))
        edges.append((f"asset:{name}", f"export:{name}"))
    ids = {n.id for n in nodes}
    kept = [AssetMapEdge(source=a, target=b) for a, b in edges if a in ids and b in ids]
    return AssetMap(nodes=tuple(nodes), edges=tuple(kept))


def _node(
    id_: str,
    kind: MapKind,
    title: AssetText,
    level: int = 0,
    sensitive: tuple[str, ...] = (),
    note: str = "",
) -> AssetMapNode:
    return AssetMapNode(id=id_, kind=kind, title=title, level=level, sensitive=sensitive, note=note)


async def _sensitive(hub: Hub, tenant: int, asset: Asset) -> tuple[str, ...]:
    levels = await asset_levels.read(hub, tenant, asset)
    return tuple([c for c, level in levels.by_column.items() if level >= SENSITIVE])


def _registered(note: Any) -> tuple[str, ...]:
    kept = note.registered
    return tuple([c.name for c in kept.columns if c.level >= SENSITIVE]) if kept else ()


async def columns(hub: Hub, tenant: int, name: str) -> AssetColumns:
    """Say of which columns of sources each column of an asset is made. Raises InputError `no_asset`
    for one that is not built here.
    """
    asset = asset_register.known().get(name)
    if asset is None:
        raise InputError("no_asset", f"{name} is not built from the log")
    levels = await asset_levels.read(hub, tenant, asset)
    made = await asyncio.to_thread(_origins, name)
    return AssetColumns(
        asset=name,
        columns=tuple(
            ColumnOrigin(
                column=c.name,
                title=AssetText(zh=c.title.zh, en=c.title.en),
                level=levels.by_column.get(c.name, c.level),
                origins=made.get(c.name, ()),
            )
            for c in asset.columns
        ),
    )


@functools.lru_cache(maxsize=64)
def _origins(name: str) -> dict[str, tuple[ColumnSource, ...]]:
    asset: Any = asset_register.find(name)
    schemas = {name: dict(SOURCES[name].columns) for name in asset.sources}
    found = column_lineage(asset_sql.duckdb_sql(asset), schemas)
    return {
        column: tuple(
            ColumnSource(source=o.table, column=o.column, is_aggregated=o.is_aggregated)
            for o in origins
        )
        for column, origins in found.items()
    }
