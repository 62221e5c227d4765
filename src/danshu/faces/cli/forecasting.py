"""What `danshu forecast` does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from danshu.faces.cli import opening
from danshu.hub import forecast_history, forecast_jobs, forecast_views
from danshu.hub.forecast_child import ORIGIN, RUN
from danshu.kernel.errors import InputError
from danshu.kernel.limits import SHEET_BYTES

if TYPE_CHECKING:
    from danshu.hub.compose import Hub
    from danshu.hub.forecast_history import HistoryFile
    from danshu.hub.forecast_views import Made, Series
    from danshu.hub.job_child import Told

_SHOWN: Final = 40
_MILLI: Final = 1000


def bring(file: Path, tenant: str, as_json: bool) -> int:
    """Bring a file of past sales. Raises InputError with the row that is wrong."""
    if not file.is_file():
        raise InputError("no_file", f"there is no file {file}")
    if file.stat().st_size > SHEET_BYTES:
        raise InputError("too_large", f"at most {SHEET_BYTES} bytes")
    body = file.read_bytes()

    async def work(hub: Hub) -> HistoryFile:
        number = await opening.find_tenant(hub, tenant)
        return await forecast_history.bring(hub, number, file.name, body, opening.CLI)

    kept = opening.with_hub(work)
    if as_json:
        opening.show_json(msgspec.to_builtins(kept))
    else:
        typer.echo(
            f"带入 {kept.rows:,} 行,{kept.series:,} 条序列,{kept.first_day} 至 {kept.last_day}。"
        )
    return 0


def run(tenant: str, as_json: bool) -> int:
    """Forecast in a child process. Raises InputError `no_history`."""

    async def work(hub: Hub) -> Made | None:
        number = await opening.find_tenant(hub, tenant)

        async def goes_on(told: Told | None) -> bool:
            if told is not None and told.stage == ORIGIN and not as_json:
                typer.echo(f"\r{100 * told.done // max(told.total, 1):3} %", nl=False, err=True)
            return True

        await forecast_jobs.run_child(hub.url, number, RUN, opening.CLI, goes_on)
        async with hub.connection() as connection:
            return await forecast_views.read_run(connection, number)

    made = opening.with_hub(work)
    if as_json:
        opening.show_json(msgspec.to_builtins(made))
    elif made is not None:
        typer.echo("", err=True)
        typer.echo(f"从 {made.day} 起预测了 {made.series:,} 条序列,用时 {made.run.took_s} 秒。")
        for one in made.run.scores[:1]:
            typer.echo(
                f"没看过的 28 天上:MASE {one.mase_mean:.3f},RMSSE {one.rmsse:.3f},"
                f"80% 区间盖住 {one.coverage_80:.1%},95% 区间 {one.coverage_95:.1%}。"
            )
    return 0


def show(tenant: str, place: str, as_json: bool) -> int:
    """List what sells most, with what it is to sell."""

    async def work(hub: Hub) -> list[Series]:
        number = await opening.find_tenant(hub, tenant)
        async with hub.connection() as connection:
            return await forecast_views.list_series(
                connection, number, q="", place=place, drifted=False, after=forecast_views.FIRST,
                limit=_SHOWN,
            )  # fmt: skip

    found = opening.with_hub(work)
    if as_json:
        opening.show_json({"items": msgspec.to_builtins(found)})
        return 0
    table = Table("地点", "商品", "7 天", "28 天", "28 天的 80% 区间", "方法", title=tenant)
    for one in found:
        spans = dict(forecast_views.spans_of(one, "1970-01-01"))
        month = spans[28]
        low, high = month.quantiles_milli[1], month.quantiles_milli[5]
        table.add_row(
            one.place, one.name or one.sku, f"{spans[7].mean_milli / _MILLI:,.1f}",
            f"{month.mean_milli / _MILLI:,.1f}", f"{low // _MILLI:,}–{-(-high // _MILLI):,}",
            one.method,
        )  # fmt: skip
    Console().print(table)
    return 0
