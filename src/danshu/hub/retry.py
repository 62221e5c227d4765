"""When a prediction was wrong: learn the truth and decide again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.orders import tables as order_tables
from danshu.capabilities.stock import tables as stock_tables
from danshu.hub import canary, desk, histories, rows, selling
from danshu.kernel.errors import UnknownOutcome
from danshu.ledger import write

if TYPE_CHECKING:
    from danshu.hub.group import Group, Known
    from danshu.hub.worlds import Worlds

# Keys before stock, as in every group: two nodes then wait for one another in one order only.
# Nobody sees a claimed key without its order: both are of one commit.
_CLAIM_KEYS: Final = """
insert into idem(tenant,okey,oid,bh)
select u.tenant, u.okey, '00000000-0000-0000-0000-000000000000', ''
from unnest(%b::int4[],%b::text[]) u(tenant,okey)
on conflict (tenant,okey) do nothing returning tenant, okey
"""
_FILL_KEYS: Final = """
update idem i set oid=u.oid, bh=u.bh
from unnest(%b::int4[],%b::text[],%b::uuid[],%b::bytea[]) u(tenant,okey,oid,bh)
where i.tenant=u.tenant and i.okey=u.okey
"""
_DROP_KEYS: Final = """
delete from idem i using unnest(%b::int4[],%b::text[]) u(tenant,okey)
where i.tenant=u.tenant and i.okey=u.okey
"""


async def refresh(
    connection: psycopg.AsyncConnection[Any],
    worlds: Worlds,
    group: Group,
    *,
    lock: bool = False,
    short: bool = False,
) -> Known:
    """Undo the group in memory, read what stock there is, and give the keys that are known by now.

    With `lock` the stock rows of the group's SKUs are held until the commit; with `short` only the
    SKUs of orders that found too little are read.
    """
    known = await find_known(connection, group)
    desk.take_back(worlds, group)
    for tenant in sorted(group.tenants):
        world = worlds[tenant]
        requests = [p.request for p in group.placed if p.short] if short else group.requests
        skus = sorted(
            {
                world.skus[line.sku][0]
                for r in requests
                if r.tenant == tenant
                for line in r.draft.lines
                if line.sku in world.skus
            }
            | {
                world.skus[line.sku][0]
                for p in group.placed
                if p.sold is not None and p.request.tenant == tenant
                for line in p.sold.lines
                if line.known
            }
        )
        sql = stock_tables.LOCK_SKUS if lock else stock_tables.READ_ATP_ROWS
        cursor = await connection.execute(sql, (tenant, write.int4s(skus)), binary=True)
        stock = await cursor.fetchall()
        cursor = await connection.execute(stock_tables.READ_QUOTAS, (tenant,), binary=True)
        quotas = await cursor.fetchall()
        awaiting = await canary.read(connection, [tenant]) if world.snapshot.watched else {}
        mine = [r for r in group.requests if r.tenant == tenant]
        await histories.read(connection, world, mine, group.now_ms)
        await selling.refresh(connection, world)
        # from here on without a pause: the next group is decided on this world meanwhile
        world.atp[skus] = 0
        for wh, sku, atp in stock:
            world.atp[sku, wh] = max(0, atp)
        world.quotas.clear()
        for wh, sku, channel, cap, used in quotas:
            world.quotas.setdefault((sku, channel), {})[wh] = max(0, cap - used)
        world.awaiting = awaiting.get(tenant, {})
    return known


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
    """Decide and write with the group's keys claimed and every stock row of its SKUs locked.

    Raises GuardFailed when the server broke a tie between nodes (nothing was written),
    UnknownOutcome when the connection broke.
    """
    try:
        async with connection.transaction():
            claimed = await _claim(connection, group)
            known = await refresh(connection, worlds, group, lock=True)
            for key in claimed:
                known.pop(key, None)
            again = desk.decide_group(worlds, group.requests, now_ms, known)
            if again.placed:
                _, *others = rows.statements(again)
                await _fill(connection, again)
                for s in others:
                    await connection.execute(s.sql, s.params, binary=True)
            unused = claimed - {(p.request.tenant, p.request.key) for p in again.placed}
            if unused:
                await connection.execute(_DROP_KEYS, _columns(unused), binary=True)
            return again
    except psycopg.errors.DivisionByZero as e:
        raise write.GuardFailed("the prediction was wrong") from e
    except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected) as e:
        raise write.GuardFailed(str(e)) from e
    except (psycopg.OperationalError, psycopg.InterfaceError) as e:
        await connection.close()
        raise UnknownOutcome(
            "the connection broke while committing; repeat with the same key"
        ) from e


async def _claim(connection: psycopg.AsyncConnection[Any], group: Group) -> set[tuple[int, str]]:
    """Take the keys of the group that are free; waits for other nodes that are at them."""
    wanted = {(r.tenant, r.key) for r in group.requests}
    cursor = await connection.execute(_CLAIM_KEYS, _columns(wanted), binary=True)
    return {(tenant, key) for tenant, key in await cursor.fetchall()}


async def _fill(connection: psycopg.AsyncConnection[Any], group: Group) -> None:
    params = (
        write.int4s([p.request.tenant for p in group.placed]),
        write.texts([p.request.key for p in group.placed]),
        write.uuids([p.id for p in group.placed]),
        write.byteas([p.request.digest for p in group.placed]),
    )
    await connection.execute(_FILL_KEYS, params, binary=True)


def _columns(keys: set[tuple[int, str]]) -> tuple[write.Array, write.Array]:
    ordered = sorted(keys)
    return write.int4s([t for t, _ in ordered]), write.texts([k for _, k in ordered])
