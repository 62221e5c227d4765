"""Transfer orders 调拨单: planned, dispatched, received, cancelled; stock moves in that commit.

What is planned is reserved at the source by the conditional update that orders use, so that no unit
is promised twice. Rows of stock are locked in key order before anything is moved.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.stock import tables as stock_tables
from danshu.capabilities.stock.facts import Moved
from danshu.capabilities.transfers import decide
from danshu.hub import shelves, transfer_rows
from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Mapping, Sequence

    from danshu.capabilities.transfers.model import Plan, PlannedUnits, Transfer
    from danshu.hub.compose import Hub
    from danshu.kernel.fact import Actor

Connection = Any
REASON: Final = "transfer"
OTHER_WISH: Final = Refusal(
    code="key_conflict",
    reason="这个键已用于另一张调拨单",
    reason_en="This key was used for another transfer",
    clause="transfer.key",
)
_WAREHOUSES: Final = "select code,no from warehouses where tenant=%s and code=any(%s)"
_SKUS: Final = "select code,no from skus where tenant=%s and code=any(%s)"
_MAKE: Final = """
insert into stock(tenant,wh,sku) select %s, %s, * from unnest(%s::int4[]) order by 1,2,3
on conflict (tenant,wh,sku) do nothing
"""


class _No(Exception):
    """Takes back what a transaction wrote, since the answer is no."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


class _Places:
    """The numbers of a transfer's warehouses and SKUs."""

    def __init__(self, source: int, target: int, skus: dict[str, int]) -> None:
        self.source, self.target, self.skus = source, target, skus


async def plan(hub: Hub, tenant: int, wish: Plan, actor: Actor) -> Transfer | Refusal:
    """Plan a transfer and reserve its units at the source. A key that was used gives what it made.

    Raises InputError `stock_row`, `too_many`.
    """
    now_ms = hub.clock()
    try:
        async with hub.connection() as connection, connection.transaction():
            made = await plan_within(connection, tenant, wish, actor, now_ms)
            if isinstance(made, Refusal):
                raise _No(made)
    except _No as no:
        return no.refusal
    except psycopg.errors.DivisionByZero:
        async with hub.connection() as connection:
            return await _why_short(connection, tenant, wish)
    hub.worlds.distrust({tenant})
    return made


async def plan_within(
    connection: Connection, tenant: int, wish: Plan, actor: Actor, now_ms: int
) -> Transfer | Refusal:
    """Plan within the caller's transaction, which has to end after a Refusal; a source that is
    short divides by zero.
    """
    await transfer_rows.begin(connection, tenant)
    before = await transfer_rows.find(connection, tenant, wish.key)
    if before is not None:
        return before if before.plan == wish else OTHER_WISH
    places = await _find_places(connection, tenant, wish)
    id_ = ids.uuid7(now_ms, os.urandom(10))
    made = await transfer_rows.add(connection, tenant, id_, wish, actor, now_ms)
    if not isinstance(made, Refusal):
        await _reserve(connection, tenant, places, wish.lines, 1)
    return made


async def dispatch(
    hub: Hub,
    tenant: int,
    id_: uuid.UUID,
    key: str,
    sent: Mapping[str, int],
    note: str,
    actor: Actor,
) -> Transfer | Refusal:
    """Send it off: units by SKU, all that was planned where a SKU isn't named. What leaves is in
    transit to the target. Raises InputError `no_transfer`.
    """
    now_ms = hub.clock()
    try:
        async with hub.connection() as connection, connection.transaction():
            transfer, end = await transfer_rows.lock(connection, tenant, id_)
            said = decide.dispatch(transfer, key, sent, note)
            if said is None or isinstance(said, Refusal):
                return said or transfer
            places = await _find_places(connection, tenant, transfer.plan)
            await _lock_stock(connection, tenant, places)
            await _reserve(connection, tenant, places, said.freed, -1)
            out = [Moved(sku=n.sku, on_hand=-n.quantity) for n in said.lines]
            on_way = [Moved(sku=n.sku, in_transit=n.quantity) for n in said.lines]
            await _move(connection, tenant, transfer.plan.from_warehouse, out, actor)
            await _move(connection, tenant, transfer.plan.to_warehouse, on_way, actor)
            after = await transfer_rows.advance(
                connection, tenant, transfer, end, said, actor, now_ms
            )
    except _No as no:
        return no.refusal
    hub.worlds.distrust({tenant})
    return after


async def receive(
    hub: Hub,
    tenant: int,
    id_: uuid.UUID,
    key: str,
    came: Mapping[str, tuple[int, int]],
    note: str,
    actor: Actor,
    *,
    final: bool,
) -> Transfer | Refusal:
    """Take goods in: (whole, damaged) by SKU. Whole ones are on hand at the target at once; with
    `final` what is still awaited is short. Raises InputError `no_transfer`.
    """
    now_ms = hub.clock()
    try:
        async with hub.connection() as connection, connection.transaction():
            transfer, end = await transfer_rows.lock(connection, tenant, id_)
            places = await _find_places(connection, tenant, transfer.plan)
            rows = await _lock_stock(connection, tenant, places)
            at_target = {sku: rows[places.target, no] for sku, no in places.skus.items()}
            had = {sku: max(0, n[0] - n[1] - n[2]) for sku, n in at_target.items()}
            said = decide.receive(transfer, key, came, had, note, final=final)
            if said is None or isinstance(said, Refusal):
                return said or transfer
            after = await transfer_rows.advance(
                connection, tenant, transfer, end, said, actor, now_ms
            )
            moved = _arrive(transfer, after, {sku: n[3] for sku, n in at_target.items()})
            await _move(connection, tenant, transfer.plan.to_warehouse, moved, actor)
    except _No as no:
        return no.refusal
    hub.worlds.distrust({tenant})
    return after


async def cancel(
    hub: Hub, tenant: int, id_: uuid.UUID, reason: str, actor: Actor
) -> Transfer | Refusal:
    """Cancel what has not left: its units may be promised again. Raises `no_transfer`."""
    now_ms = hub.clock()
    async with hub.connection() as connection, connection.transaction():
        transfer, end = await transfer_rows.lock(connection, tenant, id_)
        said = decide.cancel(transfer, reason)
        if isinstance(said, Refusal):
            return said
        places = await _find_places(connection, tenant, transfer.plan)
        await _reserve(connection, tenant, places, said.freed, -1)
        after = await transfer_rows.advance(connection, tenant, transfer, end, said, actor, now_ms)
    hub.worlds.distrust({tenant})
    return after


def _arrive(before: Transfer, after: Transfer, on_way: Mapping[str, int]) -> list[Moved]:
    """Give what changes at the target. No more leaves the way than a count left there."""
    moved = []
    for old, new in zip(before.lines, after.lines, strict=True):
        rest = 0 if after.state == "received" else new.waiting
        gone = min(old.waiting - rest, on_way[new.sku])
        if new.good > old.good or gone:
            moved.append(Moved(sku=new.sku, on_hand=new.good - old.good, in_transit=-gone))
    return moved


async def _find_places(connection: Connection, tenant: int, wish: Plan) -> _Places:
    """Give the numbers of what a plan names. Raises InputError `stock_row`."""
    ends = [wish.from_warehouse, wish.to_warehouse]
    cursor = await connection.execute(_WAREHOUSES, (tenant, ends))
    warehouses: dict[str, int] = dict(await cursor.fetchall())
    for i, code in enumerate(ends):
        if code not in warehouses:
            where = ("/from_warehouse", "/to_warehouse")[i]
            raise InputError("stock_row", f"no warehouse {code!r}", where)
    cursor = await connection.execute(_SKUS, (tenant, [n.sku for n in wish.lines]))
    skus: dict[str, int] = dict(await cursor.fetchall())
    for i, line in enumerate(wish.lines):
        if line.sku not in skus:
            raise InputError("stock_row", f"no SKU {line.sku!r}", f"/lines/{i}/sku")
    return _Places(warehouses[ends[0]], warehouses[ends[1]], skus)


async def _reserve(
    connection: Connection, tenant: int, places: _Places, lines: Sequence[PlannedUnits], sign: int
) -> None:
    """Reserve at the source (sign 1), or give back (-1); a short row divides by zero."""
    n = len(lines)
    columns = (
        write.int4s([tenant] * n),
        write.int4s([places.source] * n),
        write.int4s([places.skus[line.sku] for line in lines]),
        write.int8s([sign * line.quantity for line in lines]),
        n,
    )
    await connection.execute(stock_tables.SHIFT, columns, binary=True)


async def _lock_stock(
    connection: Connection, tenant: int, places: _Places
) -> dict[tuple[int, int], tuple[int, int, int, int]]:
    """Lock the rows of both ends in key order; the target's are made where there are none.

    Gives on hand, reserved, safety and in transit by (warehouse, SKU).
    """
    skus = sorted(places.skus.values())
    await connection.execute(_MAKE, (tenant, places.target, skus))
    keys = [(wh, sku) for wh in (places.source, places.target) for sku in skus]
    cursor = await connection.execute(
        stock_tables.READ_ROWS,
        (write.int4s([k[0] for k in keys]), write.int4s([k[1] for k in keys]), tenant),
        binary=True,
    )
    return {(r[0], r[1]): (r[2], r[3], r[4], r[5]) for r in await cursor.fetchall()}


async def _move(
    connection: Connection, tenant: int, warehouse: str, moved: Iterable[Moved], actor: Actor
) -> None:
    lines = list(moved)
    if not lines:
        return
    refusal = await shelves.receive_stock(connection, tenant, warehouse, lines, REASON, actor)
    if refusal is not None:
        raise _No(refusal)


async def _why_short(connection: Connection, tenant: int, wish: Plan) -> Refusal:
    """Say which SKU the source has too few of."""
    places = await _find_places(connection, tenant, wish)
    keys = sorted(places.skus.values())
    cursor = await connection.execute(
        stock_tables.READ_ATP_ROWS, (tenant, write.int4s(keys)), binary=True
    )
    atp = {sku: n for wh, sku, n in await cursor.fetchall() if wh == places.source}
    told = [
        (line.sku, max(0, atp.get(places.skus[line.sku], 0)))
        for line in wish.lines
        if atp.get(places.skus[line.sku], 0) < line.quantity
    ]
    some = told[:3]
    zh = "、".join(f"{sku} 可调 {n} 件" for sku, n in some)
    en = ", ".join(f"{n} of {sku}" for sku, n in some)
    return Refusal(
        code="transfer_short",
        reason=f"调出仓可用库存不足:{zh}" if zh else "调出仓可用库存不足",
        reason_en=f"The source can't give that much: it has {en}" if en else "The source is short",
        clause="stock.atp",
    )
