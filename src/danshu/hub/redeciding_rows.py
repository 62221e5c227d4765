"""The statements of one group of a re-decision: stock, orders, facts, and what became of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.capabilities.orders import model
from danshu.capabilities.orders import tables as order_tables
from danshu.capabilities.stock import tables as stock_tables
from danshu.hub import canary, spare_snapshots
from danshu.hub.changes import sum_units
from danshu.hub.policy_calls import TIMER_CALL
from danshu.kernel.fact import Actor, Packed, pack
from danshu.ledger import timers, write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator, Sequence

    import psycopg

    from danshu.hub.redeciding_group import Run, Verdict
    from danshu.hub.world import World

Connection = Any
ACTOR: Final = Actor(sub="redecision", role="system", grade="C")
_NOTE: Final = """
insert into redecision_items(tenant,no,id,outcome) select %b, %b, w.id, w.outcome
from unnest(%b::uuid[],%b::text[]) w(id,outcome)
on conflict (tenant,no,id) do update set outcome=excluded.outcome
"""
_encode = msgspec.json.Encoder().encode


async def put(
    connection: Connection,
    world: World,
    run: Run,
    verdicts: Sequence[Verdict],
    now_ms: int,
) -> None:
    """Write a decided group in the caller's transaction; a short stock row divides by zero."""
    moved = [v for v in verdicts if v.said]
    packs = [_pack(world, v, now_ms) for v in moved]
    shifts = sum_units(_shifts(moved))
    cursor: psycopg.AsyncCursor[Any] | None = None
    async with connection.pipeline():
        if moved:
            rows = _order_columns(world, moved, packs)
            await connection.execute(order_tables.UPDATE_MANY, rows, binary=True)
            said = write.facts([world.tenant] * len(packs), packs)
            await connection.execute(said.sql, said.params, binary=True)
            await spare_snapshots.name(connection, world.tenant, [world.snapshot.digest])
        calls = [
            timers.Timer(due_us=now_ms * 1000, tenant=world.tenant, id=v.row.id, kind=TIMER_CALL)
            for v in moved
            if v.calls
        ]
        if calls:
            opened = timers.put(calls)
            await connection.execute(opened.sql, opened.params, binary=True)
        await _note_all(connection, world.tenant, run.no, verdicts)
        zones = canary.sum_zones(world.tenant, (zone for v in moved for zone in v.zones))
        if zones:
            told = canary.count(zones, now_ms)
            await connection.execute(told.sql, told.params, binary=True)
        if shifts:  # last: other groups, and orders that are placed, wait for these rows
            columns = (*_stock_columns(world.tenant, shifts), len(shifts))
            cursor = await connection.execute(stock_tables.SHIFT, columns, binary=True)
    if cursor is not None:
        for _, wh, sku, atp in await cursor.fetchall():
            world.atp[sku, wh] = max(0, atp)


def _shifts(moved: Sequence[Verdict]) -> Iterator[tuple[int, int, int]]:
    """Give what the stock rows' reservations change by."""
    for v in moved:
        yield from v.reserved
        for wh, sku, units in v.freed:
            yield wh, sku, -units


async def note(
    connection: Connection, tenant: int, no: int, ids: Sequence[uuid.UUID], outcome: str
) -> None:
    """Note what became of orders of a run."""
    params = (tenant, no, write.uuids(ids), write.texts([outcome] * len(ids)))
    await connection.execute(_NOTE, params, binary=True)


async def _note_all(
    connection: Connection, tenant: int, no: int, verdicts: Sequence[Verdict]
) -> None:
    ids = write.uuids([v.row.id for v in verdicts])
    params = (tenant, no, ids, write.texts([v.outcome for v in verdicts]))
    await connection.execute(_NOTE, params, binary=True)


def _pack(world: World, verdict: Verdict, now_ms: int) -> Packed:
    row = verdict.row
    return pack(
        verdict.said,
        stream=row.id,
        seq=row.seq,
        head=row.head,
        actor=ACTOR,
        now_ms=now_ms,
        tenant=world.tenant,
    )


def _stock_columns(tenant: int, units: Sequence[tuple[int, int, int]]) -> tuple[write.Array, ...]:
    return (
        write.int4s([tenant] * len(units)),
        write.int4s([u[0] for u in units]),
        write.int4s([u[1] for u in units]),
        write.int8s([u[2] for u in units]),
    )


def _order_columns(
    world: World, moved: Sequence[Verdict], packs: Sequence[Packed]
) -> tuple[Any, ...]:
    places = [world.warehouse_no.get(model.first_warehouse(v.order), -1) for v in moved]
    return (
        write.uuids([v.row.id for v in moved]),
        write.int2s([int(model.state(v.order)) for v in moved]),
        write.int4s(places),
        write.int4s([v.row.seq + p.count for v, p in zip(moved, packs, strict=True)]),
        write.byteas([p.head for p in packs]),
        write.byteas([_encode(v.order) for v in moved]),
        world.tenant,
    )
