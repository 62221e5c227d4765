"""Assets as lists and pages show them: what they are, in which state, how good they are."""

from __future__ import annotations

import asyncio
import concurrent.futures
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from msgspec import Struct

from danshu.capabilities.assets.quality import NO_SCORE, Quality
from danshu.capabilities.assets.sources import SOURCES
from danshu.hub import asset_cells, asset_files, asset_index, asset_levels, asset_runs, asset_trace
from danshu.hub.asset_building import is_current
from danshu.hub.asset_index import Index
from danshu.hub.asset_register import find, known, place
from danshu.hub.asset_sql import AssetSql, sql_of
from danshu.hub.asset_store import read_built
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import ASSET_READERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from danshu.hub.asset_cells import Cells
    from danshu.hub.asset_runs import Run
    from danshu.hub.asset_store import Built
    from danshu.hub.asset_trace import Traced
    from danshu.hub.compose import Hub
    from danshu.ports.asset import Asset

Connection = Any
T = TypeVar("T")
AssetState = Literal["never", "fresh", "behind", "failed", "building"]
_BUILDING: Final = (
    "select id from jobs where tenant=%s and kind='asset-build' and ended is null"
    " order by id desc limit 1"
)
# What asks DuckDB runs here: a few at a time, so that no node grows by what it is asked at once.
_readers: Final = concurrent.futures.ThreadPoolExecutor(ASSET_READERS, "assets")


class AssetText(Struct, frozen=True, kw_only=True):
    """Words in Chinese and English."""

    zh: str
    en: str


class AssetLine(Struct, frozen=True, kw_only=True):
    """An asset in a list. `level` is the highest of its columns (1 to 5), `score` its quality (0 to
    100, -1 never looked at), `size` in bytes, `refreshed` "" before the first build.

    `state`: never built; fresh; behind: the log has grown, the next refresh comes; failed: the last
    build, what is shown is older; building: a job builds now.
    """

    name: str
    title: AssetText
    about: AssetText
    version: int
    owner: str
    purpose: str
    level: int
    refresh_s: int
    sources: tuple[str, ...]
    state: AssetState
    refreshed: str
    rows: int
    size: int
    score: int
    run: str
    job: str


class AssetColumn(Struct, frozen=True, kw_only=True):
    """A column; `level` as classification says."""

    name: str
    title: AssetText
    role: str
    unit: str
    level: int
    tolerant: bool
    words: tuple[str, ...]


class AssetChart(Struct, frozen=True, kw_only=True):
    """How it is drawn at first."""

    drawn: str
    x: str
    y: str
    value: str
    split: str


class AssetInput(Struct, frozen=True, kw_only=True):
    """A source: what a row of it is, from which facts, how many rows and bytes it has by now."""

    name: str
    about: str
    facts: tuple[str, ...]
    rows: int
    size: int


class AssetPage(Struct, frozen=True, kw_only=True):
    """All of an asset but its cells. `positions`: how far each book was read by the last build."""

    asset: AssetLine
    columns: tuple[AssetColumn, ...]
    chart: AssetChart
    words: tuple[str, ...]
    quality: Quality
    inputs: tuple[AssetInput, ...]
    positions: dict[str, int]
    sql: AssetSql
    trouble: str


async def reading(work: Callable[[], T]) -> T:
    """Run what asks DuckDB in a thread, a few at a time in a process."""
    return await asyncio.get_running_loop().run_in_executor(_readers, work)


async def list_assets(hub: Hub, tenant: int) -> tuple[AssetLine, ...]:
    """List what there is, by name."""
    folder = asset_files.of_tenant(place(), tenant)
    async with hub.connection() as connection:
        runs = await asset_runs.latest(connection, tenant)
        job = await _building(connection, tenant)
    index = await asyncio.to_thread(asset_index.read, folder) or Index(format="")
    found = []
    for asset in known().values():
        built = await asyncio.to_thread(read_built, folder, asset.name)
        levels = await asset_levels.read(hub, tenant, asset)
        found.append(
            _line(folder, asset, index, built, runs.get(asset.name), levels.highest(()), job)
        )
    return tuple(found)


async def read_page(hub: Hub, tenant: int, name: str) -> AssetPage:
    """Read an asset. Raises InputError `no_asset`."""
    asset = find(name)
    folder = asset_files.of_tenant(place(), tenant)
    async with hub.connection() as connection:
        run = (await asset_runs.latest(connection, tenant)).get(name)
        job = await _building(connection, tenant)
    index = await asyncio.to_thread(asset_index.read, folder) or Index(format="")
    built = await asyncio.to_thread(read_built, folder, name)
    levels = await asset_levels.read(hub, tenant, asset)
    by_column = levels.by_column
    return AssetPage(
        asset=_line(folder, asset, index, built, run, levels.highest(()), job),
        columns=tuple(
            AssetColumn(
                name=c.name, title=AssetText(zh=c.title.zh, en=c.title.en), role=c.role,
                unit=c.unit, level=by_column.get(c.name, c.level), tolerant=c.tolerant,
                words=c.words,
            )
            for c in asset.columns
        ),
        chart=AssetChart(
            drawn=asset.chart.drawn, x=asset.chart.x, y=asset.chart.y, value=asset.chart.value,
            split=asset.chart.split,
        ),
        words=asset.words,
        quality=run.quality if run else Quality(),
        inputs=tuple(_input(index, name) for name in asset.sources),
        positions=built.positions if built else {},
        sql=await reading(lambda: sql_of(asset)),
        trouble=run.trouble if run else "",
    )  # fmt: skip


async def read_cells(
    hub: Hub,
    tenant: int,
    name: str,
    where: Mapping[str, str | int],
    order: str,
    after: str,
    limit: int,
    *,
    hides_few: bool = False,
) -> Cells:
    """Read a page of an asset's cells, as `asset_cells.read` says. Raises InputError."""
    del hub
    asset, folder = find(name), asset_files.of_tenant(place(), tenant)
    return await reading(
        lambda: asset_cells.read(folder, asset, where, order, after, limit, hides_few=hides_few)
    )


async def trace(
    hub: Hub,
    tenant: int,
    name: str,
    cell: Mapping[str, str | int],
    after: str,
    limit: int,
    masked: frozenset[str] = frozenset(),
) -> Traced:
    """Name the facts behind a cell, as `asset_trace` says. Raises InputError."""
    asset, folder = find(name), place()
    detail = await reading(lambda: asset_trace.read_rows(folder, tenant, asset, cell, after, limit))
    async with hub.connection() as connection:
        return await asset_trace.explain(connection, tenant, detail, masked)


async def _building(connection: Connection, tenant: int) -> str:
    row = await (await connection.execute(_BUILDING, (tenant,))).fetchone()
    return str(row[0]) if row else ""


def _line(
    folder: Path,
    asset: Asset,
    index: Index,
    built: Built | None,
    run: Run | None,
    level: int,
    job: str,
) -> AssetLine:
    failed = run is not None and run.outcome == asset_runs.FAILED
    state: AssetState = "never"
    if built is not None:
        state = "fresh" if is_current(folder, asset, index) else "behind"
    state = "building" if job else "failed" if failed else state
    return AssetLine(
        name=asset.name,
        title=AssetText(zh=asset.title.zh, en=asset.title.en),
        about=AssetText(zh=asset.about.zh, en=asset.about.en),
        version=asset.version,
        owner=asset.owner,
        purpose=asset.purpose,
        level=level,
        refresh_s=asset.refresh_s,
        sources=asset.sources,
        state=state,
        refreshed=rfc3339(built.built_ms) if built else "",
        rows=built.file.rows if built else 0,
        size=built.file.size if built else 0,
        score=run.quality.score if run else NO_SCORE,
        run=built.run if built else "",
        job=job,
    )


def _input(index: Index, name: str) -> AssetInput:
    files = index.files_of(name)
    return AssetInput(
        name=name,
        about=SOURCES[name].about,
        facts=SOURCES[name].facts,
        rows=sum(file.rows for file in files),
        size=sum(file.size for file in files),
    )
