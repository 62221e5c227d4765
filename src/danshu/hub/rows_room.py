"""The room `rows`: what finds, sorts and counts orders follows the log.

Of a batch of leaves it reads which orders they speak of, and each of these once, as it is now; from
that one reading follow the search index, the worklist, what is open, and the board, in the commit
that moves the cursor. So a row is right whatever the order of the leaves and however often they are
read, and all of them have come equally far. What one order cannot give stops its own book here and
nothing elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.hub import board, heads, merging_rows, open_rows, order_rows, search, worklist
from danshu.hub.carriers import Carriers
from danshu.hub.clauses import Clauses
from danshu.hub.compose import now_ms
from danshu.hub.urgency import URGENCY
from danshu.kernel.limits import BOARD_SWEEP_S, ROWS_LEAVES
from danshu.ledger.follow import Follower, read_touches

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import psycopg

    from danshu.ledger.leaves import Touches

    Connection = psycopg.AsyncConnection[Any]

_MERCHANT: Final = "select salt, revision from tenants where id=%b"


class Rows:
    """Writes what follows from a batch; remembers of the merchants what seldom changes."""

    def __init__(self) -> None:
        self.clauses: Final = Clauses()
        self._carriers: Final = Carriers()

    async def follow(self, connection: Connection, touches: Touches) -> None:
        """Write what follows from the orders that leaves of one book speak of, as they are now."""
        tenant = touches.tenant
        await board.be_alone(connection, tenant)
        ids = sorted({stream for stream, _ in touches.fact_rows})
        rows = await order_rows.read(connection, tenant, ids)
        if not rows:
            return
        cursor = await connection.execute(_MERCHANT, (tenant,), binary=True)
        salt, revision = await cursor.fetchone() or (b"", 0)
        book = await self.clauses.of(connection, tenant, rows)
        lanes = open_rows.lanes(rows)
        carriers = await self._carriers.of(connection, tenant, revision, lanes)
        await search.follow(connection, touches, rows, salt)
        await worklist.follow(connection, tenant, rows)
        await open_rows.follow(connection, tenant, rows, book, carriers, touches.begun)
        await board.follow(connection, tenant, rows, book)
        await heads.follow(connection, touches, rows)
        if await merging_rows.looks(connection, tenant):
            await merging_rows.index(connection, tenant, salt, ids)


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room; 1 when more is waiting."""
    del url  # the room's own connection is all it needs
    rows = Rows()
    follower = Follower(order_rows.ROOM, rows.follow, leaves_max=ROWS_LEAVES, read=read_touches)
    swept_ms = 0

    async def step(connection: Connection) -> int:
        nonlocal swept_ms
        if URGENCY.asks_to_wait:
            return 0
        at_ms = now_ms()
        if at_ms - swept_ms > BOARD_SWEEP_S * 1000:
            swept_ms = at_ms
            await board.sweep(connection, at_ms)
        rebuilt = await board.rebuild_some(connection, rows.clauses)
        done = await follower.step(connection, at_ms)
        return int(rebuilt or done >= ROWS_LEAVES)  # few large batches cost less than many small

    return step
