"""Lines of a bill into the journal, in the commit that brings the bill in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.settlement.bills import Movement, draw
from danshu.hub import posting
from danshu.kernel.limits import BILL_POSTED
from danshu.ports.bill import KINDS

if TYPE_CHECKING:
    import uuid

Connection = psycopg.AsyncConnection[Any]
_LINES: Final = """
select no, id, book, channel, kind, amount, (extract(epoch from at) * 1000)::bigint from bill_lines
where tenant=%s and file=%s and no>%s order by no limit %s
"""


async def post(connection: Connection, tenant: int, file: uuid.UUID, currency: str) -> int:
    """Enter the lines that a file brought, a piece at a time; gives how many are new there."""
    calendar = await posting.read_calendar(connection, tenant)
    entered, after = 0, 0
    while True:
        asked = (tenant, file, after, BILL_POSTED)
        rows = await (await connection.execute(_LINES, asked)).fetchall()
        if not rows:
            return entered
        entries = [
            draw(
                Movement(id_, book, channel, KINDS[kind - 1], amount, calendar.day(at_ms)),
                currency,
            )
            for _, id_, book, channel, kind, amount, at_ms in rows
        ]
        done = await posting.post(connection, tenant, entries)
        entered += done.entered
        after = rows[-1][0]
