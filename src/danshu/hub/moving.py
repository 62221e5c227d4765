"""What an act does to stock and quotas: reserve what was planned, free what was given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from danshu.capabilities.orders import facts, parcel_facts
from danshu.capabilities.orders.amend_facts import OrderAmended
from danshu.capabilities.orders.refund_facts import GoodsReturned
from danshu.capabilities.stock import tables
from danshu.hub.changes import sum_units
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msgspec import Struct

    from danshu.hub.changes import Change
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
Units = dict[tuple[int, int], int]  # (warehouse, SKU) -> units


async def move_stock(connection: Connection, world: World, channel: str, decided: Change) -> None:
    """Reserve what was planned, free what was cancelled, take out what was shipped.

    Units that are freed and reserved again in one row stay where they are. A row that is short
    divides by zero.
    """
    taken: Units = {(wh, sku): q for wh, sku, q in decided.reserved}
    moves: dict[tuple[int, int], tuple[int, int]] = {}
    freed: Units = {}
    for s in decided.said:
        for wh, sku, on_hand, reserved in moved(world, s.data):
            a, b = moves.get((wh, sku), (0, 0))
            moves[wh, sku] = (a + on_hand, b + reserved)
            if not on_hand:
                freed[wh, sku] = freed.get((wh, sku), 0) - reserved
    for row in taken.keys() & freed.keys():
        both = min(taken[row], freed[row])
        taken[row] -= both
        freed[row] -= both
        moves[row] = (moves[row][0], moves[row][1] + both)
    await _reserve(connection, world, channel, _rows(taken))
    await _move(connection, world, {k: v for k, v in moves.items() if v != (0, 0)})
    capped = _capped(world, channel, _rows(freed))
    if capped:
        columns = _quota_columns(world.tenant, channel, capped)
        await connection.execute(tables.GIVE_BACK_QUOTA, columns, binary=True)


def _rows(units: Units) -> list[tuple[int, int, int]]:
    return sum_units((wh, sku, q) for (wh, sku), q in units.items() if q)


def _capped(
    world: World, channel: str, rows: Sequence[tuple[int, int, int]]
) -> list[tuple[int, int, int]]:
    """Give the rows that a quota of the channel caps."""
    return [r for r in rows if r[0] in world.quotas.get((r[1], channel), {})]


async def _reserve(
    connection: Connection, world: World, channel: str, rows: list[tuple[int, int, int]]
) -> None:
    if not rows:
        return
    n = len(rows)
    cursor = await connection.execute(
        tables.RESERVE,
        (
            write.int4s([world.tenant] * n),
            write.int4s([r[0] for r in rows]),
            write.int4s([r[1] for r in rows]),
            write.int8s([r[2] for r in rows]),
            n,
        ),
        binary=True,
    )
    for _, _, whs, skus, atps in await cursor.fetchall():
        world.atp[skus, whs] = atps
    capped = _capped(world, channel, rows)
    if capped:
        parameters = (*_quota_columns(world.tenant, channel, capped), len(capped))
        await connection.execute(tables.USE_QUOTA, parameters, binary=True)


async def _move(
    connection: Connection, world: World, moves: dict[tuple[int, int], tuple[int, int]]
) -> None:
    if not moves:
        return
    keys = sorted(moves)
    cursor = await connection.execute(
        tables.MOVE,
        (
            write.int4s([world.tenant] * len(keys)),
            write.int4s([k[0] for k in keys]),
            write.int4s([k[1] for k in keys]),
            write.int8s([moves[k][0] for k in keys]),
            write.int8s([moves[k][1] for k in keys]),
        ),
        binary=True,
    )
    for _, wh, sku, atp in await cursor.fetchall():
        world.atp[sku, wh] = max(0, atp)


def _quota_columns(
    tenant: int, channel: str, units: Sequence[tuple[int, int, int]]
) -> tuple[write.Array, ...]:
    n = len(units)
    return (
        write.int4s([tenant] * n),
        write.int4s([u[0] for u in units]),
        write.int4s([u[1] for u in units]),
        write.texts([channel] * n),
        write.int8s([u[2] for u in units]),
    )


def moved(world: World, data: Struct) -> list[tuple[int, int, int, int]]:
    """Give what a fact does to stock: (warehouse, SKU, on hand, reserved) differences."""
    if isinstance(data, facts.OrderShipped):
        parts, on_hand = [(data.warehouse, data.shares)], -1
    elif isinstance(data, facts.OrderCancelled | facts.OrderWithdrawn | OrderAmended):
        parts, on_hand = [(p.warehouse, p.shares) for p in data.freed], 0
    elif isinstance(data, parcel_facts.ShortPicked):  # the count is corrected beside it
        parts, on_hand = [(data.warehouse, data.missing)], 0
    elif isinstance(data, GoodsReturned):
        return _back(world, data)
    else:
        return []
    return [
        (world.warehouse_no[w], world.skus[s.sku][0], on_hand * s.quantity, -s.quantity)
        for w, shares in parts
        for s in shares
    ]


def _back(world: World, data: GoodsReturned) -> list[tuple[int, int, int, int]]:
    """Goods that came back count as on hand where they may be sold again."""
    if data.outcome != "restock":
        return []
    wh = world.warehouse_no[data.warehouse]
    return [(wh, world.skus[s.sku][0], s.quantity, 0) for s in data.shares]
