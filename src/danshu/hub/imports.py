"""Bring a file of orders in: resumable, nothing lost, nothing doubled, every row accounted for.

An order's key follows from channel, shop and number, so an order that was placed before a crash is
found again, not placed twice. The position is saved after the commits of everything before it.
"""

from __future__ import annotations

import asyncio
import csv
import io
import os
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.stock.model import Sku
from danshu.hub import catalogues, intake
from danshu.hub.requests import Answer
from danshu.kernel.errors import DanshuError, NotAvailable, Refusal, UnknownOutcome
from danshu.ports.channel import DraftKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    import psycopg

    from danshu.hub.compose import Hub
    from danshu.hub.import_files import Entry, OrderFile
    from danshu.hub.requests import Outcome
    from danshu.kernel.fact import Actor

CHUNK_ORDERS: Final = 2_048
TRIES: Final = 8
UNWEIGHED_G: Final = 500  # a created SKU weighs this until somebody weighs it
_READ: Final = "select position, totals from imports where tenant=%s and digest=%s"
_SAVE: Final = (
    "insert into imports(tenant,digest,name,position,totals) values(%s,%s,%s,%s,%s)"
    " on conflict (tenant,digest) do update set position=excluded.position,"
    " totals=excluded.totals, name=excluded.name, updated=now()"
)
_SHOPS: Final = (
    "select coalesce(nullif(shop, ''), account) from accounts where tenant=%s and channel=%s"
    " limit 2"
)
BUSY: Final = Refusal(
    code="import_running",
    reason="同一文件正在导入",
    reason_en="The same file is being imported by another process",
    clause="imports.lock",
)


class Totals(Struct, kw_only=True):
    """What became of a file so far, over all runs. rows_in = rows_accepted + rows_rejected, always.

    `orders_existing` were there when the import came to them; `reasons` counts rejected rows by
    code.
    """

    rows_in: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    orders_placed: int = 0
    orders_existing: int = 0
    orders_cancelled: int = 0
    skus_created: int = 0
    reasons: dict[str, int] = {}
    rejects_bytes: int = 0
    is_done: bool = False


class Rejects:
    """The file of rows that were left out: row, code, number, reason; written as UTF-8 CSV.

    It is cut back to what the saved position knows of, so that a killed run leaves no row twice.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def cut(self, size: int) -> int:
        """Keep the first `size` bytes; gives how many are there."""
        if not size or not self.path.exists():
            self.path.unlink(missing_ok=True)
            return 0
        with self.path.open("r+b") as file:
            file.truncate(min(size, self.path.stat().st_size))
        return self.path.stat().st_size

    def write(self, entries: Sequence[Entry]) -> int:
        """Add a line for each row, durably; gives the size of the file."""
        text = io.StringIO(newline="")
        lines = csv.writer(text, lineterminator="\n")
        is_new = not self.path.exists()
        if is_new:
            lines.writerow(("row", "code", "number", "reason"))
        rows = {row: entry for entry in reversed(entries) for row in entry.rows}
        for row, entry in sorted(rows.items()):
            lines.writerow((row, entry.code, entry.number, entry.reason))
        with self.path.open("ab") as file:
            file.write(("\ufeff" if is_new else "").encode() + text.getvalue().encode())
            file.flush()
            os.fsync(file.fileno())
        return self.path.stat().st_size


async def bring_in(
    hub: Hub,
    tenant: int,
    file: OrderFile,
    actor: Actor,
    rejects: Rejects,
    tell: Callable[[int], object] = lambda rows: None,
) -> Totals | Refusal:
    """Bring in what has not been brought in yet; `tell` hears how many rows are done.

    A finished file is not read again: its orders are reported as existing. Raises what the store
    raises; the position then stays behind the last commit and a repeat goes on from there.
    """
    async with hub.connection() as connection:
        lock = (tenant, int.from_bytes(file.digest[:4], "big", signed=True))
        if not await _one(connection, "select pg_try_advisory_lock(%s,%s)", lock):
            return BUSY
        try:
            return await _bring_in(hub, connection, tenant, file, actor, rejects, tell)
        finally:
            await connection.execute("select pg_advisory_unlock(%s,%s)", lock)


async def _bring_in(
    hub: Hub,
    connection: psycopg.AsyncConnection[Any],
    tenant: int,
    file: OrderFile,
    actor: Actor,
    rejects: Rejects,
    tell: Callable[[int], object],
) -> Totals:
    cursor = await connection.execute(_READ, (tenant, file.digest))
    row = await cursor.fetchone()
    position, totals = (row[0], msgspec.json.decode(row[1], type=Totals)) if row else (0, Totals())
    if totals.is_done:
        tell(totals.rows_in)
        totals.orders_existing += totals.orders_placed
        totals.orders_placed = 0
        return totals
    totals.rejects_bytes = rejects.cut(totals.rejects_bytes)
    tell(totals.rows_in)
    shop = await _find_shop(connection, tenant, file.channel)
    chunks = _chunks(_in_shop(entry, shop) for entry in file.entries(position))
    # the next chunk is read while this one is placed
    ahead = asyncio.create_task(asyncio.to_thread(next, chunks, None))
    try:
        while (chunk := await ahead) is not None:
            ahead = asyncio.create_task(asyncio.to_thread(next, chunks, None))
            await _settle(hub, tenant, file, chunk, actor, rejects, totals)
            position = chunk[-1].order + 1
            await _save(connection, tenant, file, position, totals)
            tell(totals.rows_in)
    finally:
        await asyncio.gather(ahead, return_exceptions=True)
    totals.is_done = True
    await _save(connection, tenant, file, position, totals)
    return totals


def _in_shop(entry: Entry, shop: str) -> Entry:
    if entry.draft is None or entry.draft.shop or not shop:
        return entry
    draft = msgspec.structs.replace(entry.draft, shop=shop)
    return msgspec.structs.replace(entry, draft=draft)


def _chunks(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Cut between orders, so that a position is always a number of whole orders."""
    chunk: list[Entry] = []
    for entry in entries:
        if len(chunk) >= CHUNK_ORDERS and entry.order != chunk[-1].order:
            yield chunk
            chunk = []
        chunk.append(entry)
    if chunk:
        yield chunk


async def _settle(
    hub: Hub,
    tenant: int,
    file: OrderFile,
    chunk: list[Entry],
    actor: Actor,
    rejects: Rejects,
    totals: Totals,
) -> None:
    """Take a chunk's orders, then its cancellations, and count every row."""
    if file.create_skus:
        totals.skus_created += await _create_skus(hub, tenant, chunk, actor)
    refused = [e for e in chunk if e.draft is None]
    drafts = [e for e in chunk if e.draft is not None]
    for entry, outcome in await _take(hub, tenant, drafts, actor):
        if not isinstance(outcome, Answer):
            refused.append(_refuse(entry, outcome))
        elif entry.draft and entry.draft.kind is DraftKind.CANCEL:
            totals.orders_cancelled += 1
        else:
            totals.orders_placed += not outcome.existing
            totals.orders_existing += outcome.existing
    rows = {row for e in chunk for row in e.rows}
    out: dict[int, str] = {row: e.code for e in refused for row in e.rows}
    totals.rows_in += len(rows)
    totals.rows_rejected += len(out)
    totals.rows_accepted += len(rows) - len(out)
    for code in out.values():
        totals.reasons[code] = totals.reasons.get(code, 0) + 1
    if refused:
        totals.rejects_bytes = rejects.write(refused)


def _refuse(entry: Entry, no: DanshuError | Refusal) -> Entry:
    reason = no.reason if isinstance(no, Refusal) else str(no)
    return msgspec.structs.replace(entry, draft=None, raw=b"", code=no.code, reason=reason)


async def _take(
    hub: Hub, tenant: int, entries: Sequence[Entry], actor: Actor
) -> list[tuple[Entry, Outcome]]:
    """Take the drafts; what the store could not take is tried again under the same keys."""
    drafts = [(e.draft, e.raw) for e in entries if e.draft is not None]
    outcomes: dict[int, Outcome] = {}
    waiting = list(range(len(drafts)))
    for attempt in range(TRIES):
        found = await intake.take_drafts(hub, tenant, [drafts[i] for i in waiting], actor)
        outcomes.update(zip(waiting, found, strict=True))
        waiting = [i for i in waiting if isinstance(outcomes[i], NotAvailable | UnknownOutcome)]
        if not waiting:
            return [(entry, outcomes[i]) for i, entry in enumerate(entries)]
        await asyncio.sleep(0.1 * 2**attempt)
    stuck = outcomes[waiting[0]]
    assert isinstance(stuck, DanshuError)
    raise stuck


async def _find_shop(connection: psycopg.AsyncConnection[Any], tenant: int, channel: str) -> str:
    """Give the shop that a message without one is of: the channel's only account, if it is one.

    The same message from a file and from the platform is then the same order.
    """
    cursor = await connection.execute(_SHOPS, (tenant, channel))
    shops = await cursor.fetchall()
    return str(shops[0][0]) if len(shops) == 1 else ""


async def _create_skus(hub: Hub, tenant: int, chunk: Sequence[Entry], actor: Actor) -> int:
    """Add the SKUs that the chunk names and the master data does not hold; gives how many."""
    world = await hub.worlds.ensure(tenant)
    new: dict[str, Sku] = {}
    for entry in chunk:
        for line in entry.draft.lines if entry.draft else ():
            if line.sku not in world.skus and line.sku not in new:
                price = line.price if entry.draft and entry.draft.currency == "CNY" else 0
                new[line.sku] = Sku(
                    code=line.sku,
                    name=line.title or line.sku,
                    weight_g=UNWEIGHED_G,
                    price_fen=price,
                )
    if new:
        async with hub.connection() as connection:
            await catalogues.put_skus(connection, tenant, list(new.values()), actor)
        hub.worlds.forget(tenant)
    return len(new)


async def _save(
    connection: psycopg.AsyncConnection[Any],
    tenant: int,
    file: OrderFile,
    position: int,
    totals: Totals,
) -> None:
    body = msgspec.json.encode(totals)
    await connection.execute(_SAVE, (tenant, file.digest, file.name, position, body))


async def _one(connection: psycopg.AsyncConnection[Any], sql: str, params: Any) -> Any:
    row = await (await connection.execute(sql, params)).fetchone()
    return row[0] if row else None
