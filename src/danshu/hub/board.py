"""The board: counters that follow the log, so that overview and exact counts cost the same however
many orders are stored.

Each order has a narrow row that says what it was counted as; what changed is subtracted and added
in the commit that moves the cursor of the room `rows`. So the counters are always a sum over rows,
whatever is replayed, and reach the newest leaf when the cursor does. What is counted:
board_marks.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.orders.model import State
from danshu.hub import board_holds, order_rows
from danshu.hub import board_marks as marks
from danshu.hub.order_rows import ROOM
from danshu.kernel.limits import BOARD_REBUILD_ROWS
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.capabilities.contract.model import Clause
    from danshu.hub.board_marks import Shape, Sums
    from danshu.hub.clauses import Clauses
    from danshu.hub.order_rows import OrderRow

Connection = psycopg.AsyncConnection[Any]
_HELD: Final = int(State.HELD)
_NOTHING: Final = (0, 0)
Counted = tuple[int, int, bytes]
"""What an order is counted as: state, warehouse, marks."""

# One writer a merchant at a time, whichever book or rebuilding it comes from.
_ALONE: Final = "select pg_advisory_xact_lock(%b::int4, %b::int4)"
_LOCK: Final = 0x44426F61  # "DBoa"
_REBUILT_TO: Final = "select uuid_send(at) from board_rebuilds where tenant=%b"
_READ: Final = """
select uuid_send(id), state, wh, marks from board_orders where tenant=%b and id = any(%b::uuid[])
"""
_REMEMBER: Final = """
insert into board_orders(tenant,id,wh,state,marks)
select %b, * from unnest(%b::uuid[],%b::int4[],%b::int2[],%b::bytea[])
on conflict (tenant,id) do update set wh=excluded.wh, state=excluded.state, marks=excluded.marks
"""
_ADD: Final = """
insert into board_counts as c (tenant,kind,wh,channel,at,code,state,n,amount)
select %b, * from unnest(%b::int2[],%b::int4[],%b::text[],%b::int4[],%b::text[],%b::int2[],
  %b::int8[],%b::int8[])
on conflict (tenant,kind,wh,channel,at,code,state)
do update set n=c.n+excluded.n, amount=c.amount+excluded.amount
"""
_REBUILDING: Final = "select tenant from board_rebuilds order by tenant limit 1"
_BEGIN: Final = """
insert into board_rebuilds(tenant,at) values(%b,'00000000-0000-0000-0000-000000000000')
on conflict (tenant) do update set at=excluded.at, begun=now()
"""
_IS_REBUILDING: Final = "select 1 from board_rebuilds where tenant=%s"
_BEHIND: Final = """
select coalesce(sum(b.size - coalesce(c.position,0)),0)::int8 from books b left join cursors c
on c.name=%s and c.tenant=b.tenant and c.half=b.half where b.tenant=%s
"""
_NEXT_ROWS: Final = """
select uuid_send(id) from orders where tenant=%b and id>=%b::uuid order by id limit %b
"""
_SWEEP: Final = """
delete from board_counts where kind=%b and at<%b and n=0 and amount=0
"""


async def be_alone(connection: Connection, tenant: int) -> None:
    """Wait until nobody else counts this merchant's orders, for the rest of the transaction. Do it
    before the orders are read, or an older row would be counted over a newer one.
    """
    await connection.execute(_ALONE, (_LOCK, tenant), binary=True)


async def follow(
    connection: Connection, tenant: int, rows: Sequence[OrderRow], book: Mapping[str, Clause]
) -> None:
    """Count orders as they are now, alone and in the caller's transaction; those that a rebuilding
    has not reached are passed over.
    """
    reached = await _one(connection, _REBUILT_TO, tenant)
    if reached is not None:
        rows = [row for row in rows if row.id < reached]
    if rows:
        await _count(connection, tenant, rows, book, await _read_counted(connection, tenant, rows))


async def _read_counted(
    connection: Connection, tenant: int, rows: Sequence[OrderRow]
) -> dict[bytes, Counted]:
    ids = [row.id for row in rows]
    asked = (tenant, write.uuid_bytes(ids))
    cursor = await connection.execute(_READ, asked, binary=True)
    return {id_: (state, wh, raw) for id_, state, wh, raw in await cursor.fetchall()}


async def _count(
    connection: Connection,
    tenant: int,
    rows: Sequence[OrderRow],
    book: Mapping[str, Clause],
    counted: Mapping[bytes, Counted],
) -> None:
    """Count orders; `counted` is what they were counted as so far."""
    shapes: dict[Shape, tuple[int, int]] = {}
    kept: list[tuple[bytes, int, int, bytes]] = []
    held: list[bytes] = []
    freed: list[bytes] = []
    for row in rows:
        now = (row.state, row.wh, marks.dump(marks.mark(row.terms, book, row.currency)))
        was = counted.get(row.id)
        if row.state == _HELD:
            held.append(row.id)
        elif was is not None and was[0] == _HELD:
            freed.append(row.id)
        if now == was:
            continue
        minute = int.from_bytes(row.id[:6]) // marks.MINUTE_MS
        for counts, sign in ((now, 1), (was, -1)):
            if counts is not None:
                amount = marks.amount_of(row.total, row.currency, counts[2])
                shape = (row.channel, minute, *counts)
                n, sum_ = shapes.get(shape, _NOTHING)
                shapes[shape] = (n + sign, sum_ + sign * amount)
        kept.append((row.id, now[1], now[0], now[2]))
    sums: Sums = {}
    for shape, (n, sum_) in shapes.items():
        marks.add(sums, shape, n, sum_)
    if kept:
        await _write(connection, tenant, kept, sums)
    if held or freed:
        await board_holds.follow(connection, tenant, held, freed)


async def _write(
    connection: Connection, tenant: int, kept: Sequence[tuple[bytes, int, int, bytes]], sums: Sums
) -> None:
    ids, whs, states, raws = zip(*kept, strict=True)
    rolled = marks.roll_up(sums)
    changed = sorted((key, value) for key, value in rolled.items() if value != (0, 0))
    async with connection.pipeline():
        await connection.execute(
            _REMEMBER,
            (
                tenant,
                write.uuid_bytes(ids),
                write.int4s(whs),
                write.int2s(states),
                write.byteas(raws),
            ),
            binary=True,
        )
        if changed:
            keys, values = zip(*changed, strict=True)
            kind, wh, channel, at, code, state = zip(*keys, strict=True)
            n, amount = zip(*values, strict=True)
            await connection.execute(
                _ADD,
                (
                    tenant,
                    write.int2s(kind),
                    write.int4s(wh),
                    write.texts(channel),
                    write.int4s(at),
                    write.texts(code),
                    write.int2s(state),
                    write.int8s(n),
                    write.int8s(amount),
                ),
                binary=True,
            )


async def rebuild(connection: Connection, tenant: int) -> None:
    """Throw a merchant's counters away; the room counts all orders again, a part a commit.

    Until it is done the board says so, and exact counts are counted by hand.
    """
    async with connection.transaction():
        await be_alone(connection, tenant)
        await connection.execute("delete from board_counts where tenant=%b", (tenant,))
        await connection.execute("delete from board_holds where tenant=%b", (tenant,))
        await connection.execute(_BEGIN, (tenant,))


async def rebuild_some(connection: Connection, clauses: Clauses) -> bool:
    """Count the next part of the first merchant that is being rebuilt; False when there is none."""
    tenant = await _one(connection, _REBUILDING)
    if tenant is None:
        return False
    async with connection.transaction():
        await be_alone(connection, tenant)
        at = await _one(connection, _REBUILT_TO, tenant)
        if at is None:
            return True
        cursor = await connection.execute(
            _NEXT_ROWS, (tenant, _uuid(at), BOARD_REBUILD_ROWS), binary=True
        )
        ids = [r[0] for r in await cursor.fetchall()]
        if not ids:
            await connection.execute("delete from board_rebuilds where tenant=%b", (tenant,))
            return True
        rows = await order_rows.read(connection, tenant, ids)
        book = await clauses.of(connection, tenant, rows)
        await _count(connection, tenant, rows, book, {})  # as if never counted
        after = int.from_bytes(ids[-1], "big") + 1
        await connection.execute(
            "update board_rebuilds set at=%b::uuid where tenant=%b",
            (_uuid(after.to_bytes(16, "big")), tenant),
            binary=True,
        )
    return True


async def is_rebuilding(connection: Connection, tenant: int) -> bool:
    """Tell whether a merchant's counters are being counted again, and say less than there is."""
    return await _one(connection, _IS_REBUILDING, tenant) is not None


async def read_behind(connection: Connection, tenant: int) -> int:
    """Tell how many leaves of the log the board has not counted yet."""
    row = await (await connection.execute(_BEHIND, (ROOM, tenant), binary=True)).fetchone()
    return int(row[0]) if row else 0


async def sweep(connection: Connection, at_ms: int) -> None:
    """Take away slots of deadlines that are long past and empty."""
    slot = (at_ms - marks.DAY_MS) // marks.SLOT_MS
    await connection.execute(_SWEEP, (int(marks.Kind.DUE), slot), binary=True)


def _uuid(raw: bytes) -> str:
    return raw.hex()


async def _one(connection: Connection, sql: str, *params: Any) -> Any:
    row = await (await connection.execute(sql, params, binary=True)).fetchone()
    return row[0] if row else None
