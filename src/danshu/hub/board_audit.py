"""The audit of the board: are the counters the sum of the rows that are there?

Only a board that has counted everything can be compared: while it is behind the log, or the log is
behind the facts, or it is being rebuilt, nothing is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.contract import terms
from danshu.capabilities.orders.model import State
from danshu.hub import board
from danshu.hub import board_marks as marks
from danshu.ledger import sequence
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from danshu.capabilities.contract.model import Clause
    from danshu.hub.board_marks import Sums
    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_ROWS: Final = """
select uuid_send(o.id), o.channel, o.state, o.wh, o.total, o.currency, o.terms,
  b.state, b.wh, b.marks, h.id is not null
from orders o left join board_orders b on b.tenant=o.tenant and b.id=o.id
left join board_holds h on h.tenant=o.tenant and h.id=o.id
where o.tenant=%s and o.id >= %s and o.id < %s
"""
_COUNTS: Final = """
select kind, wh, channel, at, code, state, n, amount from board_counts
where tenant=%s and (n<>0 or amount<>0)
"""


class BoardFolder:
    """Adds up what the orders' rows count and compares it with what the board remembers."""

    def __init__(self, tenant: int, book: Mapping[str, Clause]) -> None:
        self._tenant = tenant
        self._book = book
        self._sums: Sums = {}
        self.settled: bool | None = None  # whether there was anything to compare with

    @property
    def types(self) -> frozenset[str]:
        """None: the rows that it is the sum of are compared with their facts elsewhere."""
        return frozenset()

    def fold(self, fact: Fact) -> None:
        """Take in nothing."""

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare what each order [first, end) was counted as with its row."""
        if self.settled is None:
            self.settled = await _is_settled(connection, self._tenant)
        if not self.settled:
            return []
        found: list[Difference] = []
        cursor = await connection.execute(_ROWS, (self._tenant, first, end), binary=True)
        async for id_, channel, state, wh, total, currency, said, *was, is_held in cursor:
            raw = marks.dump(marks.mark(terms.read(said), self._book, currency))
            minute = int.from_bytes(id_[:6]) // marks.MINUTE_MS
            marks.add(self._sums, (channel, minute, state, wh, raw), 1, total)
            if was != [state, wh, raw]:
                found.append(_odd(f"board_orders {id_.hex()}", "not counted as its row says"))
            if is_held != (state == State.HELD):
                found.append(_odd(f"board_holds {id_.hex()}", "held, or not, unlike its row"))
        return found

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare every counter with the sum over all orders."""
        if not self.settled:
            return []
        cursor = await connection.execute(_COUNTS, (self._tenant,), binary=True)
        stored: Sums = {
            (kind, wh, channel, at, code, state): (n, amount)
            for kind, wh, channel, at, code, state, n, amount in await cursor.fetchall()
        }
        rolled = marks.roll_up(self._sums)
        expected = {key: value for key, value in rolled.items() if value != (0, 0)}
        return [
            _odd(f"board_counts {key}", f"stored {stored.get(key)}, rows {expected.get(key)}")
            for key in sorted(stored.keys() | expected.keys())
            if stored.get(key) != expected.get(key)
        ]


async def _is_settled(connection: Connection, tenant: int) -> bool:
    if await board.is_rebuilding(connection, tenant) or await board.read_behind(connection, tenant):
        return False
    # the age of the oldest fact that is not in the log, whoever's it is; 0 when there is none
    return await sequence.lag_ms(connection, 2**62) == 0


def _odd(where: str, detail: str) -> Difference:
    return Difference(code="board_differs", where=where, detail=detail)
