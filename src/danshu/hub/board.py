"""The board: counters that follow the log, so that overview and exact counts cost the same however
many orders are stored.

The room `board` reads only which streams the new leaves belong to, and the rows of those orders as
they are now. Each order has a narrow row that says what it was counted as; what changed is
subtracted and added in the commit that moves the cursor. So the counters are always a sum over
rows, whatever is replayed, and reach the newest leaf when the cursor does. What is counted:
board_marks.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.orders.model import State
from danshu.hub import board_holds, masters
from danshu.hub import board_marks as marks
from danshu.hub.board_marks import CURRENCY, Marks, Shape, Sums
from danshu.hub.compose import now_ms
from danshu.kernel.limits import BOARD_LEAVES, BOARD_REBUILD_ROWS, BOARD_SWEEP_S
from danshu.ledger import write
from danshu.ledger.follow import Follower, Touches, read_touches

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from danshu.capabilities.contract.model import Clause

Connection = psycopg.AsyncConnection[Any]
NAME: Final = "board"
_HELD: Final = int(State.HELD)
_NOTHING: Final = (0, 0)

# One writer a merchant at a time, whichever book or rebuilding it comes from.
_ALONE: Final = "select pg_advisory_xact_lock(%b::int4, %b::int4)"
_LOCK: Final = 0x44426F61  # "DBoa"
_REBUILT_TO: Final = "select uuid_send(at) from board_rebuilds where tenant=%b"
# The range of the ids lets the server leave all other days alone.
_READ: Final = """
select uuid_send(o.id), o.channel, o.state, o.wh, o.total, o.currency, o.terms,
  b.state, b.wh, b.marks
from unnest(%(ids)b::uuid[]) w(id)
join orders o on o.tenant=%(tenant)b and o.id=w.id and o.id>=%(low)b::uuid and o.id<=%(high)b::uuid
left join board_orders b on b.tenant=%(tenant)b and b.id=w.id
  and b.id>=%(low)b::uuid and b.id<=%(high)b::uuid
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
on c.name='board' and c.tenant=b.tenant and c.half=b.half where b.tenant=%s
"""
_NEXT_ROWS: Final = """
select uuid_send(id) from orders where tenant=%b and id>=%b::uuid order by id limit %b
"""
_SWEEP: Final = """
delete from board_counts where kind=%b and at<%b and n=0 and amount=0
"""


class _Books:
    """The clauses of each merchant by the digest that orders name them by."""

    def __init__(self) -> None:
        self._books: dict[int, Mapping[str, Clause]] = {}

    async def mark(self, connection: Connection, tenant: int, raws: Sequence[bytes]) -> list[Marks]:
        """Give the marks of orders' promises; clauses defined a moment ago are looked up again."""
        terms = [marks.read_terms(raw) for raw in raws]
        book = self._books.get(tenant)
        if book is None or any(t.digest not in book for of_one in terms for t in of_one):
            book, _ = await masters.load_definitions(connection, tenant)
            self._books[tenant] = book
        return [marks.mark(of_one, book) for of_one in terms]


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room: it counts the orders of new leaves; 1 when more is waiting."""
    del url  # the room's own connection is all it needs
    books = _Books()
    swept_ms = 0

    async def apply(connection: Connection, touches: Touches) -> None:
        await count(connection, touches[0].tenant, set(touches.streams), books)

    follower = Follower(NAME, apply, leaves_max=BOARD_LEAVES, read=read_touches)

    async def step(connection: Connection) -> int:
        nonlocal swept_ms
        at_ms = now_ms()
        if at_ms - swept_ms > BOARD_SWEEP_S * 1000:
            swept_ms = at_ms
            await sweep(connection, at_ms)
        rebuilt = await rebuild_some(connection, books)
        done = await follower.step(connection, at_ms)
        return int(rebuilt or done >= BOARD_LEAVES)  # few large batches cost less than many small

    return step


async def count(
    connection: Connection, tenant: int, streams: set[bytes], books: _Books | None = None
) -> None:
    """Count orders as their rows are now, in the caller's transaction; streams of other things are
    passed over, and so are orders that a rebuilding has not reached.
    """
    await connection.execute(_ALONE, (_LOCK, tenant), binary=True)
    reached = await _one(connection, _REBUILT_TO, tenant)
    if reached is not None:
        streams = {s for s in streams if s < reached}
    if streams:
        await _count(connection, tenant, sorted(streams), books or _Books(), afresh=False)


async def _count(
    connection: Connection, tenant: int, ids: Sequence[bytes], books: _Books, *, afresh: bool
) -> None:
    """Count orders; `afresh` as if none of them had ever been counted."""
    cursor = await connection.execute(
        _READ,
        {
            "tenant": tenant,
            "ids": write.uuid_bytes(ids),
            "low": _uuid(ids[0]),
            "high": _uuid(ids[-1]),
        },
        binary=True,
    )
    rows = await cursor.fetchall()
    now = await books.mark(connection, tenant, [r[6] for r in rows])
    shapes: dict[Shape, tuple[int, int]] = {}
    kept: list[tuple[bytes, int, int, bytes]] = []
    held: list[bytes] = []
    freed: list[bytes] = []
    for (id_, channel, state, wh, total, currency, _, was, was_wh, was_raw), said in zip(
        rows, now, strict=True
    ):
        raw = marks.dump(said)
        if state == _HELD:
            held.append(id_)
        elif was == _HELD and not afresh:
            freed.append(id_)
        if state == was and wh == was_wh and raw == was_raw and not afresh:
            continue
        minute = int.from_bytes(id_[:6]) // marks.MINUTE_MS
        amount = total if currency == CURRENCY else 0
        shape = (channel, minute, state, wh, raw)
        n, sum_ = shapes.get(shape, _NOTHING)
        shapes[shape] = (n + 1, sum_ + amount)
        if was is not None and not afresh:
            shape = (channel, minute, was, was_wh, was_raw)
            n, sum_ = shapes.get(shape, _NOTHING)
            shapes[shape] = (n - 1, sum_ - amount)
        kept.append((id_, wh, state, raw))
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
        await connection.execute(_ALONE, (_LOCK, tenant), binary=True)
        await connection.execute("delete from board_counts where tenant=%b", (tenant,))
        await connection.execute("delete from board_holds where tenant=%b", (tenant,))
        await connection.execute(_BEGIN, (tenant,))


async def rebuild_some(connection: Connection, books: _Books | None = None) -> bool:
    """Count the next part of the first merchant that is being rebuilt; False when there is none."""
    tenant = await _one(connection, _REBUILDING)
    if tenant is None:
        return False
    async with connection.transaction():
        await connection.execute(_ALONE, (_LOCK, tenant), binary=True)
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
        await _count(connection, tenant, ids, books or _Books(), afresh=True)
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
    row = await (await connection.execute(_BEHIND, (tenant,), binary=True)).fetchone()
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
