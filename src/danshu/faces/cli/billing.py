"""`danshu bill`: a platform's, bank's or carrier's bill into the hub, with a progress bar."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from danshu.faces.cli import opening
from danshu.hub import bills
from danshu.hub.bills import BillFile, Source
from danshu.hub.compose import Hub
from danshu.kernel.errors import InputError


def run(
    file: Path,
    form: str,
    mapping: Path | None,
    account: str,
    channel: str,
    tenant: str,
    as_json: bool,
) -> int:
    """Bring a bill in: all of it, or nothing where its own totals do not agree."""
    if mapping is None and not form:
        listed = ", ".join(bills.forms())
        raise InputError("form", f"say --form or --mapping; forms: {listed}")
    source = Source(
        path=file,
        name=file.name,
        mapping=mapping.read_bytes() if mapping else bills.read_form(form),
        account=account,
        channel=channel,
    )
    started = time.monotonic()
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description} {task.completed:,} 行"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=as_json,
    )

    async def work(hub: Hub) -> BillFile:
        number = await opening.find_tenant(hub, tenant)
        with bar:
            task = bar.add_task(f"{file.name} -> {tenant}", total=None)
            async with hub.connection() as connection:
                kept = await bills.bring_in(
                    connection,
                    number,
                    source,
                    opening.CLI,
                    lambda rows: bar.update(task, completed=rows),
                )
        await opening.settle_log(hub.url)
        return kept

    kept = opening.with_hub(work)
    seconds = round(time.monotonic() - started, 2)
    if as_json:
        opening.show_json({**msgspec.to_builtins(kept), "seconds": seconds})
    else:
        _describe(kept, seconds)
    return 0


def _describe(kept: BillFile, seconds: float) -> None:
    table = Table("", "数量", title=f"账单 {kept.name}" + (" (已导入过)" if kept.is_known else ""))
    for name, value in (
        ("读入行 rows_in", f"{kept.rows_in:,}"),
        ("新入账 lines", f"{kept.lines:,}"),
        ("已有 existing", f"{kept.existing:,}"),
        ("拒收行 rejected", f"{kept.rejected:,}"),
        ("收入 income", f"{kept.income_fen / 100:,.2f}"),
        ("支出 expense", f"{kept.expense_fen / 100:,.2f}"),
    ):
        table.add_row(name, value)
    Console().print(table)
    typer.echo(f"用时 {seconds} 秒")
