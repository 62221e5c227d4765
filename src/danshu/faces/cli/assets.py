"""What `danshu assets` does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from danshu.faces.cli import opening
from danshu.hub import asset_rebuild, asset_runs, assets
from danshu.hub.asset_sql import sql_of
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.asset_rebuild import Compared
    from danshu.hub.asset_runs import Run
    from danshu.hub.asset_views import AssetLine, AssetPage
    from danshu.hub.compose import Hub

_DIALECTS = ("duckdb", "postgres", "spark", "clickhouse")
_STATES = {
    "never": "未生成",
    "fresh": "最新",
    "behind": "待刷新",
    "failed": "失败",
    "building": "生成中",
}


def show_all(tenant: str, as_json: bool) -> int:
    """List assets."""

    async def work(hub: Hub) -> tuple[AssetLine, ...]:
        return await assets.list_assets(hub, await opening.find_tenant(hub, tenant))

    found = opening.with_hub(work)
    if as_json:
        opening.show_json({"items": msgspec.to_builtins(found)})
        return 0
    table = Table("资产", "名称", "状态", "行数", "质量", "级别", "生成于", title=tenant)
    for each in found:
        score = str(each.score) if each.score >= 0 else ""
        table.add_row(
            each.name, each.title.zh, _STATES[each.state], f"{each.rows:,}", score,
            str(each.level), each.refreshed,
        )  # fmt: skip
    Console().print(table)
    return 0


def show(name: str, tenant: str, dialect: str, as_json: bool) -> int:
    """Show an asset, or its query."""
    if dialect:
        if dialect not in _DIALECTS:
            raise InputError("dialect", f"there are {', '.join(_DIALECTS)}")
        typer.echo(getattr(sql_of(assets.find(name)), dialect))
        return 0

    async def work(hub: Hub) -> AssetPage:
        return await assets.read_page(hub, await opening.find_tenant(hub, tenant), name)

    page = opening.with_hub(work)
    if as_json:
        opening.show_json(msgspec.to_builtins(page))
        return 0
    console, line = Console(), page.asset
    console.print(f"{line.name} {line.title.zh} v{line.version}:{line.about.zh}")
    console.print(f"{_STATES[line.state]},{line.rows:,} 行,{line.refreshed or '未生成'}")
    if page.trouble:
        console.print(f"[red]{page.trouble}[/red]")
    columns = Table("字段", "名称", "角色", "单位", "级别")
    for column in page.columns:
        columns.add_row(column.name, column.title.zh, column.role, column.unit, str(column.level))
    console.print(columns)
    checks = Table("检查", "字段", "看了", "不符", "通过")
    for finding in page.quality.findings:
        passed = "是" if finding.passed else "[red]否[/red]"
        checks.add_row(finding.code, finding.column, str(finding.of), str(finding.wrong), passed)
    console.print(checks)
    return 0


def build(names: Sequence[str], tenant: str, force: bool, as_json: bool) -> int:
    """Build assets; exit 1 when one failed."""

    async def work(hub: Hub) -> tuple[Run, ...]:
        number = await opening.find_tenant(hub, tenant)
        return await assets.refresh(hub, number, names, is_forced=force)

    return _tell(opening.with_hub(work), as_json)


def rebuild(tenant: str, check: bool, as_json: bool) -> int:
    """Make all again, or compare what it would be with what is there."""

    async def compare(hub: Hub) -> Compared:
        number = await opening.find_tenant(hub, tenant)
        async with hub.connection() as connection:
            return await asset_rebuild.compare(connection, number, assets.place())

    async def again(hub: Hub) -> tuple[Run, ...]:
        number = await opening.find_tenant(hub, tenant)
        async with hub.connection() as connection:
            return await assets.bring_up(
                connection, number, assets.place(), clock=hub.clock, is_forced=True, is_anew=True
            )

    if not check:
        return _tell(opening.with_hub(again), as_json)
    began = time.monotonic()
    told = opening.with_hub(compare)
    if as_json:
        opening.show_json(msgspec.to_builtins(told))
    else:
        console = Console()
        console.print(
            f"重新生成 {told.files:,} 个文件({told.size:,} 字节,{told.leaves:,} 条事实),"
            f"用时 {time.monotonic() - began:.1f} 秒"
        )
        for each in told.differences:
            console.print(f"[red]{each.what}[/red] {each.name}")
        if not told.differences:
            console.print("每一字节都与现有文件一致。")
    return 1 if told.differences else 0


def _tell(runs: Sequence[Run], as_json: bool) -> int:
    """Tell what became of builds; 1 when one failed."""
    if as_json:
        opening.show_json({"runs": msgspec.to_builtins(tuple(runs))})
    else:
        console = Console()
        for run in runs:
            word = "已生成" if run.outcome == asset_runs.BUILT else f"[red]失败[/red] {run.trouble}"
            console.print(f"{run.asset}:{word},{run.rows:,} 行,{run.seconds} 秒")
        if not runs:
            console.print("没有需要生成的资产:自上次以来没有新的事实。")
    return 1 if any(run.outcome == asset_runs.FAILED for run in runs) else 0
