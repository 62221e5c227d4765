"""`danshu import`: a file of orders into the hub, with a progress bar."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from danshu.faces.cli import opening, plugged
from danshu.hub import import_files, imports
from danshu.hub.compose import Hub
from danshu.kernel.errors import InputError, Refusal

DEMO = "demo"
_REFUSED = 1


def run(
    file: Path,
    channel: str,
    mapping: Path | None,
    tenant: str,
    rejects: Path | None,
    as_json: bool,
) -> int:
    """Bring a file in; exit 0, or 1 when another process is importing it just now."""
    source = import_files.open_file(file, channel, mapping)
    left_out = imports.Rejects(rejects or Path(f"{file.stem}.rejects.csv"))
    started = time.monotonic()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=as_json,
    )

    async def work(hub: Hub) -> imports.Totals | Refusal:
        number = await _find_merchant(hub, tenant)
        await hub.worlds.ensure(number)  # says what is missing before the file is read
        with bar:
            task = bar.add_task(f"{file.name} -> {tenant}", total=source.count())
            done = await imports.bring_in(
                hub,
                number,
                source,
                opening.CLI,
                left_out,
                lambda rows: bar.update(task, completed=rows),
            )
        await opening.settle_log(hub.url)
        return done

    totals = opening.with_hub(work)
    if isinstance(totals, Refusal):
        Console(stderr=True).print(f"danshu: {totals.reason} ({totals.reason_en})")
        return _REFUSED
    seconds = round(time.monotonic() - started, 2)
    kept = str(left_out.path) if totals.rows_rejected and left_out.path.exists() else ""
    if as_json:
        whole = msgspec.to_builtins(totals)
        opening.show_json({**whole, "rejects": kept, "seconds": seconds})
    else:
        _describe(totals, kept, seconds)
    return 0


async def _find_merchant(hub: Hub, code: str) -> int:
    """Give the merchant; the demo's, which is the default, begins here when it is not there yet."""
    try:
        return await opening.find_tenant(hub, code)
    except InputError:
        if code != DEMO:
            raise
    async with hub.connection() as connection:
        number: int = await plugged.load("network")(connection, code, "示例商户")
        return number


def _describe(totals: imports.Totals, kept: str, seconds: float) -> None:
    table = Table("", "数量", title="导入结果")
    for name, value in (
        ("读入行 rows_in", totals.rows_in),
        ("接受行 rows_accepted", totals.rows_accepted),
        ("拒收行 rows_rejected", totals.rows_rejected),
        ("新订单 orders_placed", totals.orders_placed),
        ("已有订单 orders_existing", totals.orders_existing),
        ("取消订单 orders_cancelled", totals.orders_cancelled),
        ("新建 SKU skus_created", totals.skus_created),
    ):
        table.add_row(name, f"{value:,}")
    for code, rows in sorted(totals.reasons.items(), key=lambda item: -item[1]):
        table.add_row(f"  拒收原因 {code}", f"{rows:,}")
    console = Console()
    console.print(table)
    console.print(f"用时 {seconds} 秒" + (f";拒收明细 {kept}" if kept else ""))
