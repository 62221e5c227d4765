"""`danshu archive`: what its commands do."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from danshu.faces.cli import opening
from danshu.hub import archive, archive_room
from danshu.hub.compose import Hub
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ARCHIVE_YOUNG_DAYS
from danshu.ledger import archived

T = TypeVar("T")
_TENANTS = "select id from tenants order by id"


def _parse(day: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(day) if day else None
    except ValueError as error:
        raise InputError("day", f"{day!r} is no day, write 2026-09-30") from error


def _with(tenant: str, work: Callable[[Any, int], Awaitable[T]]) -> T:
    async def run(hub: Hub) -> T:
        number = await opening.find_tenant(hub, tenant) if tenant else 0
        async with hub.connection() as connection:
            return await work(connection, number)

    return opening.with_hub(run)


def run(days: int, as_json: bool) -> int:
    """Put away what has ended of days older than `days` (-1: the setting); exit 0."""
    keep = archive_room.keep_days() if days < 0 else max(days, ARCHIVE_YOUNG_DAYS)

    async def work(connection: Any, _: int) -> archive_room.Done:
        done = archive_room.Done()
        place = await asyncio.to_thread(archived.blobs)
        tenants = [t for (t,) in await (await connection.execute(_TENANTS)).fetchall()]
        for tenant in tenants:
            done.swept += await archive.sweep(connection, tenant)
        for day in await archive_room.old_days(connection, keep):
            await archive_room.put_day_away(connection, day, tenants, place, done)
        return done

    done = _with("", work)
    if as_json:
        opening.show_json(done)
    else:
        typer.echo(
            f"{done.days} 天归档:{done.parts} 个文件,{done.facts:,} 条事实,{done.bytes:,} 字节;"
            f"取回过的 {done.swept} 条流已清走。"
        )
    return 0


def show(tenant: str, as_json: bool) -> int:
    """List what was put away of a merchant."""
    parts = _with(tenant, archive.list_parts)
    if as_json:
        shown = [{**msgspec.to_builtins(part), "digest": part.digest.hex()} for part in parts]
        opening.show_json({"tenant": tenant, "parts": shown})
        return 0
    table = Table("日", "号", "对象", "事实", "字节")
    for part in parts:
        table.add_row(str(part.day), str(part.no), part.object, f"{part.facts:,}", f"{part.size:,}")
    Console().print(table)
    return 0


def verify(day: str, tenant: str, as_json: bool) -> int:
    """Check files whole; exit 1 when one is not what the log says."""

    async def work(connection: Any, number: int) -> list[archive.Checked]:
        place = await asyncio.to_thread(archived.blobs)
        parts = await archive.list_parts(connection, number, _parse(day))
        return [await archive.verify(connection, number, part, place) for part in parts]

    checked = _with(tenant, work)
    if as_json:
        opening.show_json({"ok": all(c.ok for c in checked), "parts": msgspec.to_builtins(checked)})
    else:
        for each in checked:
            typer.echo(f"{'✓' if each.ok else '✗'} {each.object} {each.rows:,} {each.trouble}")
    return 0 if all(c.ok for c in checked) else 1


def restore(day: str, tenant: str, as_json: bool) -> int:
    """Bring a day back into the database for good, once all of it was verified."""

    async def work(connection: Any, number: int) -> int:
        place = await asyncio.to_thread(archived.blobs)
        rows = 0
        for part in await archive.list_parts(connection, number, _parse(day)):
            rows += await archive.restore(connection, number, part, place)
        return rows

    rows = _with(tenant, work)
    if as_json:
        opening.show_json({"day": day, "rows": rows, "tenant": tenant})
    else:
        typer.echo(f"{day}:{rows:,} 行事实已取回。")
    return 0
