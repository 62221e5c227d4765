"""Stock as people and systems set it: counts, receipts, safety, quotas. The facts carry the
differences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from danshu.capabilities.stock import tables
from danshu.capabilities.stock.facts import Moved, QuotaSet, StockMoved
from danshu.capabilities.stock.model import StockLevel
from danshu.hub import merchants
from danshu.kernel.errors import InputError, Refusal
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_ROWS_A_FACT = 400
# A row that is not there cannot be locked: it is made first, empty, so that two counts of a new row
# follow one another and neither's difference is from nothing.
_MAKE = (
    "insert into stock(tenant,wh,sku) select * from unnest(%b::int4[],%b::int4[],%b::int4[])"
    " order by 1,2,3 on conflict (tenant,wh,sku) do nothing"
)
_ADD = (
    "update stock set on_hand=on_hand+%s, safety=safety+%s, in_transit=in_transit+%s"
    " where tenant=%s and wh=%s and sku=%s returning on_hand"
)
_NOTE = """
insert into stock_moves(tenant,sku,id,wh,on_hand,safety,in_transit,on_hand_after,reason,by,role)
select %s, w.sku, %s, %s, w.on_hand, w.safety, w.in_transit, w.after, %s, %s, %s
from unnest(%s::int4[],%s::int8[],%s::int8[],%s::int8[],%s::int8[])
  w(sku,on_hand,safety,in_transit,after)
"""
BELOW_RESERVED = Refusal(
    code="below_reserved",
    reason="实物少于已占用,先处理已占用的订单",
    reason_en="Less on hand than is reserved: settle the reserved orders first",
    clause="stock.on_hand",
)


async def count_stock(
    connection: Connection, tenant: int, levels: Sequence[StockLevel], reason: str, actor: Actor
) -> Refusal | None:
    """Set what is on hand, kept for safety and in transit; `reserved` is left to the orders.

    Raises InputError for a warehouse or SKU that is not there. One commit: all rows or none.
    """
    async with connection.transaction():
        warehouses, skus = await _numbers(connection, tenant, levels)
        rows: dict[tuple[int, int], StockLevel] = {}
        for i, v in enumerate(levels):
            if v.warehouse not in warehouses or v.sku not in skus:
                raise InputError("stock_row", f"no {v.warehouse!r} or {v.sku!r}", f"/{i}")
            if min(v.on_hand, v.safety, v.in_transit) < 0:
                raise InputError("stock_negative", "units are 0 or more", f"/{i}")
            rows[warehouses[v.warehouse], skus[v.sku]] = v
        keys = sorted(rows)
        await _make(connection, tenant, keys)
        cursor = await connection.execute(
            tables.READ_ROWS,
            (write.int4s([k[0] for k in keys]), write.int4s([k[1] for k in keys]), tenant),
            binary=True,
        )
        before = {(r[0], r[1]): r for r in await cursor.fetchall()}
        if any(k in before and rows[k].on_hand < before[k][3] for k in keys):
            return BELOW_RESERVED
        await connection.execute(
            tables.WRITE_ROWS,
            (
                write.int4s([tenant] * len(keys)),
                write.int4s([k[0] for k in keys]),
                write.int4s([k[1] for k in keys]),
                write.int8s([rows[k].on_hand for k in keys]),
                write.int8s([rows[k].safety for k in keys]),
                write.int8s([rows[k].in_transit for k in keys]),
            ),
            binary=True,
        )
        after = {(warehouses[v.warehouse], skus[v.sku]): v.on_hand for v in levels}
        for moved in _differences(rows, before, reason):
            stream = await merchants.say(connection, tenant, actor, moved)
            wh = warehouses[moved.warehouse]
            lines = [(skus[m.sku], m, after[wh, skus[m.sku]]) for m in moved.lines]
            await _note(connection, tenant, stream, wh, lines, reason, actor)
    return None


def _differences(
    rows: dict[tuple[int, int], StockLevel], before: dict[tuple[int, int], Any], reason: str
) -> list[StockMoved]:
    by_warehouse: dict[str, list[Moved]] = {}
    for key, v in sorted(rows.items()):
        _, _, on_hand, _, safety, in_transit = before.get(key, (0, 0, 0, 0, 0, 0))
        moved = Moved(
            sku=v.sku,
            on_hand=v.on_hand - on_hand,
            safety=v.safety - safety,
            in_transit=v.in_transit - in_transit,
        )
        if moved.on_hand or moved.safety or moved.in_transit:
            by_warehouse.setdefault(v.warehouse, []).append(moved)
    return [
        StockMoved(warehouse=w, reason=reason, lines=tuple(lines[i : i + _ROWS_A_FACT]))
        for w, lines in by_warehouse.items()
        for i in range(0, len(lines), _ROWS_A_FACT)
    ]


async def receive_stock(
    connection: Connection,
    tenant: int,
    warehouse: str,
    moved: Sequence[Moved],
    reason: str,
    actor: Actor,
) -> Refusal | None:
    """Add units to what is on hand or in transit; negative takes away, never below what is
    reserved.
    """
    levels = [StockLevel(warehouse=warehouse, sku=m.sku, on_hand=0) for m in moved]
    warehouses, skus = await _numbers(connection, tenant, levels)
    for i, m in enumerate(moved):
        if warehouse not in warehouses or m.sku not in skus:
            raise InputError("stock_row", f"no {warehouse!r} or {m.sku!r}", f"/lines/{i}")
    wh = warehouses[warehouse]
    try:
        async with connection.transaction():
            await _make(connection, tenant, sorted({(wh, skus[m.sku]) for m in moved}))
            lines = []
            for m in sorted(moved, key=lambda m: skus[m.sku]):
                cursor = await connection.execute(
                    _ADD, (m.on_hand, m.safety, m.in_transit, tenant, wh, skus[m.sku])
                )
                row = await cursor.fetchone()
                lines.append((skus[m.sku], m, int(row[0]) if row else 0))
            data = StockMoved(warehouse=warehouse, reason=reason, lines=tuple(moved))
            stream = await merchants.say(connection, tenant, actor, data)
            await _note(connection, tenant, stream, wh, lines, reason, actor)
    except psycopg.errors.CheckViolation:
        return BELOW_RESERVED
    return None


async def set_quota(connection: Connection, tenant: int, quota: QuotaSet, actor: Actor) -> None:
    """Cap what a channel may sell of a SKU in a warehouse; -1 lifts the cap."""
    async with connection.transaction():
        levels = [StockLevel(warehouse=quota.warehouse, sku=quota.sku, on_hand=0)]
        warehouses, skus = await _numbers(connection, tenant, levels)
        if quota.warehouse not in warehouses or quota.sku not in skus:
            raise InputError("stock_row", f"no {quota.warehouse!r} or {quota.sku!r}")
        key = (tenant, warehouses[quota.warehouse], skus[quota.sku], quota.channel)
        if quota.cap < 0:
            await connection.execute(tables.DROP_QUOTA, key, binary=True)
        else:
            await connection.execute(tables.SET_QUOTA, (*key, quota.cap), binary=True)
        await merchants.say(connection, tenant, actor, quota)


async def _note(
    connection: Connection,
    tenant: int,
    stream: uuid.UUID,
    wh: int,
    lines: Sequence[tuple[int, Moved, int]],
    reason: str,
    actor: Actor,
) -> None:
    """Keep what a fact moved by SKU, so that the history of one can be read."""
    columns = (
        write.int4s([sku for sku, _, _ in lines]),
        write.int8s([m.on_hand for _, m, _ in lines]),
        write.int8s([m.safety for _, m, _ in lines]),
        write.int8s([m.in_transit for _, m, _ in lines]),
        write.int8s([after for _, _, after in lines]),
    )
    await connection.execute(_NOTE, (tenant, stream, wh, reason, actor.sub, actor.role, *columns))


async def _make(connection: Connection, tenant: int, keys: Sequence[tuple[int, int]]) -> None:
    columns = (
        write.int4s([tenant] * len(keys)),
        write.int4s([k[0] for k in keys]),
        write.int4s([k[1] for k in keys]),
    )
    await connection.execute(_MAKE, columns, binary=True)


async def _numbers(
    connection: Connection, tenant: int, levels: Sequence[StockLevel]
) -> tuple[dict[str, int], dict[str, int]]:
    cursor = await connection.execute("select code,no from warehouses where tenant=%s", (tenant,))
    warehouses: dict[str, int] = dict(await cursor.fetchall())
    cursor = await connection.execute(
        "select code,no from skus where tenant=%s and code = any(%s)",
        (tenant, list({v.sku for v in levels})),
    )
    return warehouses, dict(await cursor.fetchall())
