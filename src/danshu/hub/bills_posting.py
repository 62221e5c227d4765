"""Lines of a bill into the journal, in the commit that brings the bill in.

A line is new where it is written at all, and is never taken away, so none of them can have an entry
already. They are read by a cursor, so that a million of them are sorted once and held a piece at a
time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.settlement import journal
from danshu.capabilities.settlement.bills import Movement, draw
from danshu.hub import posting
from danshu.kernel.limits import BILL_POSTED
from danshu.ports.bill import KINDS

if TYPE_CHECKING:
    import uuid

Connection = psycopg.AsyncConnection[Any]
_LINES: Final = """
select id, book, channel, kind, amount, (extract(epoch from at) * 1000)::bigint from bill_lines
where tenant=%s and file=%s order by no
"""


async def post(connection: Connection, tenant: int, file: uuid.UUID, currency: str) -> int:
    """Enter the lines that a file brought, in the caller's transaction; gives how many."""
    calendar = await posting.read_calendar(connection, tenant)
    await posting.be_alone(connection, tenant)
    entered = 0
    async with connection.cursor(name="bill_lines_posted") as cursor:
        await cursor.execute(_LINES, (tenant, file))
        while rows := await cursor.fetchmany(BILL_POSTED):
            slips = [
                draw(
                    Movement(id_, book, channel, KINDS[kind - 1], amount, calendar.day(at_ms)),
                    currency,
                )
                for id_, book, channel, kind, amount, at_ms in rows
            ]
            await posting.enter(connection, tenant, journal.BILLS, slips)
            entered += len(slips)
    return entered
