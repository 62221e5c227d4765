"""When a prediction was wrong: learn the truth and decide again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from danshu.capabilities.orders import tables as order_tables
from danshu.capabilities.stock import tables as stock_tables
from danshu.hub import desk, rows
from danshu.kernel.errors import UnknownOutcome
from danshu.ledger import write

if TYPE_CHECKING:
    from danshu.hub.group import Group, Known
    from danshu.hub.worlds import Worlds


async def refresh(
    connection: psycopg.AsyncConnection[Any], worlds: Worlds, group: Group, *, lock: bool = False
) -> None:
    """Read which keys are known and what stock there is; with `lock`, hold the stock rows until the commit."""
    group.known = await find_known(connection, group)
    for tenant in sorted(group.tenants):
        world = worlds[tenant]
        skus = sorted(
            {
                world.skus[line.sku][0]
                for r in group.requests
                if r.tenant == tenant
                for line in r.draft.lines
                if line.sku in world.skus
            }
        )
        sql = stock_tables.LOCK_SKUS if lock else stock_tables.READ_ATP_ROWS
        cursor = await connection.execute(sql, (tenant, write.int4s(skus)), binary=True)
        world.atp[skus] = 0
        for wh, sku, atp in await cursor.fetchall():
            world.atp[sku, wh] = max(0, atp)
        cursor = await connection.execute(stock_tables.READ_QUOTAS, (tenant,), binary=True)
        world.quotas.clear()
        for wh, sku, channel, cap, used in await cursor.fetchall():
            world.quotas.setdefault((sku, channel), {})[wh] = max(0, cap - used)


async def find_known(connection: psycopg.AsyncConnection[Any], group: Group) -> Known:
    """Find the keys of the group that orders were placed under before."""
    known: Known = {}
    for tenant in sorted(group.tenants):
        keys = sorted({r.key for r in group.requests if r.tenant == tenant})
        cursor = await connection.execute(
            order_tables.FIND_KEYS, (tenant, write.texts(keys)), binary=True
        )
        for key, oid, digest in await cursor.fetchall():
            known[tenant, key] = (oid, bytes(digest))
    return known


async def settle_locked(
    connection: psycopg.AsyncConnection[Any], worlds: Worlds, group: Group, now_ms: int
) -> Group:
    """Decide and write with every stock row of the group's SKUs locked: stock cannot be wrong any more.

    Raises GuardFailed when another node placed one of the keys in between; nothing was written.
    """
    try:
        async with connection.transaction():
            await refresh(connection, worlds, group, lock=True)
            again = desk.decide_group(worlds, group.requests, now_ms, group.known)
            if again.placed:
                for s in rows.statements(again):
                    await connection.execute(s.sql, s.params, binary=True)
            return again
    except psycopg.errors.DivisionByZero as e:
        raise write.GuardFailed("a key was placed by another node meanwhile") from e
    except psycopg.OperationalError as e:
        await connection.close()
        raise UnknownOutcome(
            "the connection broke while committing; repeat with the same key"
        ) from e
