"""A hub for one command: the database at hand, the merchant by code, the order by its name."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

import msgspec
import psycopg
import typer

from danshu.hub import compose
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Actor
from danshu.ledger import engine
from danshu.ledger.seal import Sealer
from danshu.ledger.sequence import Sequencer
from danshu.ledger.write import connect

T = TypeVar("T")
CLI = Actor(sub="cli", role="admin", grade="C")
_CLOSE_STEPS = 1_000
_IDLE_STEPS = 8  # of 0.1 s: a worker looks at new facts, then at what is to sign, by then
_LIKE_ESCAPES = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})


def with_hub(work: Callable[[compose.Hub], Coroutine[Any, Any, T]]) -> T:
    """Run work on a hub over the database at hand: the running one, or one started for it."""
    with engine.resolve(tell=lambda text: typer.echo(text, err=True)) as store:
        compose.prepare(store.url)
        return asyncio.run(_within(store.url, work))


async def _within(url: str, work: Callable[[compose.Hub], Coroutine[Any, Any, T]]) -> T:
    async with compose.open_hub(url) as hub:
        return await work(hub)


async def find_tenant(hub: compose.Hub, code: str) -> int:
    """Give the merchant's number. Raises InputError `no_tenant`."""
    async with hub.connection() as connection:
        cursor = await connection.execute("select id from tenants where code=%s", (code,))
        row = await cursor.fetchone()
    if row is None:
        raise InputError(
            "no_tenant",
            f"there is no merchant {code!r}: `danshu merchant {code}` makes one,"
            " `danshu demo` makes the demo merchant",
        )
    return int(row[0])


async def find_order(hub: compose.Hub, tenant: int, text: str) -> uuid.UUID:
    """Find an order by its id, its key (channel/shop/number) or the platform's number.

    Raises InputError `no_order`, or `many_orders` when several channels use the number.
    """
    async with hub.connection() as connection:
        with contextlib.suppress(ValueError):
            id_ = uuid.UUID(text)
            if await _ids(connection, "tenant=%s and oid=%s", tenant, id_):
                return id_
        found = await _ids(connection, "tenant=%s and okey=%s", tenant, text)
        if not found:
            ending = "%/" + text.translate(_LIKE_ESCAPES)
            found = await _ids(connection, "tenant=%s and okey like %s", tenant, ending)
    if not found:
        raise InputError("no_order", f"there is no order {text!r}")
    if len(found) > 1:
        listed = ", ".join(str(i) for i in found)
        raise InputError("many_orders", f"several orders have the number {text!r}: {listed}")
    return found[0]


async def _ids(
    connection: psycopg.AsyncConnection[Any], where: str, *params: object
) -> list[uuid.UUID]:
    sql = f"select oid from idem where {where} limit 5"
    cursor = await connection.execute(sql.encode(), params)
    return [row[0] for row in await cursor.fetchall()]


@contextlib.asynccontextmanager
async def log_hands(url: str) -> AsyncIterator[Callable[[], Coroutine[Any, Any, int]]]:
    """Lend a step that sequences and seals what is committed, where no worker does it.

    A worker that runs holds the locks; then each step does nothing and gives 0.
    """
    sequencer, sealer = Sequencer(), Sealer()
    first, second = await connect(url), await connect(url)

    async def step() -> int:
        at_ms = compose.now_ms()
        return await sequencer.step(first, at_ms) + await sealer.step(second, at_ms)

    try:
        yield step
    finally:
        await first.close()
        await second.close()


async def settle_log(url: str) -> None:
    """Sequence and seal all that is committed, unless a worker does it."""
    async with log_hands(url) as step:
        idle = 0
        for _ in range(_CLOSE_STEPS):
            idle = 0 if await step() else idle + 1
            if idle > _IDLE_STEPS:
                return
            if idle:
                await asyncio.sleep(0.1)


def show_json(value: object) -> None:
    """Print one JSON object on standard output."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()
