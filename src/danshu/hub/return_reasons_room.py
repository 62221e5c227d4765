"""The room `reasons`: names what was written in cases as they open, and again what was unsure
where somebody taught something.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.hub import return_reasons
from danshu.hub.compose import now_ms
from danshu.kernel import fact
from danshu.kernel.limits import REASON_CASES
from danshu.ledger.follow import Follower, read_beside

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from danshu.ledger.leaves import Rows

Connection = psycopg.AsyncConnection[Any]
ROOM: Final = "reasons"
_OPENED: Final = "after_sale.opened"
_MARK: Final = b'"type":"after_sale.opened"'
_TAUGHT: Final = """
select tenant, max(at) from reason_phrases where %(t)s::timestamptz is null or at > %(t)s
group by tenant order by tenant
"""


class _Fact(msgspec.Struct):
    id: str
    type: str


_read: Final = msgspec.json.Decoder(_Fact).decode


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room; it tells how many cases it looked at."""
    del url
    follower = Follower(ROOM, follow, read=read_beside)
    since: Any = None

    async def step(connection: Connection) -> int:
        nonlocal since
        done = await follower.step(connection, now_ms())
        cursor = await connection.execute(_TAUGHT, {"t": since})
        for tenant, at in await cursor.fetchall():
            while await return_reasons.name_again(connection, tenant) == REASON_CASES:
                done += REASON_CASES
            since = max(since or at, at)
        return done

    return step


async def follow(connection: Connection, leaves: Rows) -> None:
    """Name the cases that opened among the leaves of one merchant."""
    cases = [
        uuid.UUID(told.id.partition("/")[0])
        for *_, packed in leaves.rows
        if _MARK in packed
        for body in fact.unpack(packed)
        if (told := _read(body)).type == _OPENED
    ]
    await return_reasons.name_cases(connection, leaves.tenant, cases)
