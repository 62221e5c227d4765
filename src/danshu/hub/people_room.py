"""The room of the people: refused sign-ins become facts when their hour is over; what has ended is
swept away.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.people.facts import SigninRefused
from danshu.hub import challenges, entry, merchants, people
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Actor
from danshu.ledger.write import instant

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable

Connection = psycopg.AsyncConnection[Any]
_HUB: Final = Actor(sub="hub")
_KEPT_DAYS: Final = 60  # a session's row says for 30 days from where a person came in
_OVER: Final = "select tenant, person, hour from refusals where hour < %s limit 100"
_TAKE: Final = "delete from refusals where tenant=%s and person=%s and hour=%s returning n"
_SWEEP: Final = (
    "delete from sessions where ends < %s",
    "delete from invitations where ends < %s",
)


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room."""

    async def step(connection: Connection) -> int:
        return await tidy(connection, people.now_ms())

    return step


async def tidy(connection: Connection, now_ms: int) -> int:
    """Tell the refusals of hours that are over, sweep what has ended; gives how many were told."""
    hour = instant(now_ms // 3_600_000 * 3_600_000_000)
    rows = await (await connection.execute(_OVER, (hour,))).fetchall()
    for tenant, person, over in rows:
        await _tell(connection, tenant, person, over)
    await challenges.sweep(connection, now_ms)
    before = instant((now_ms - _KEPT_DAYS * 86_400_000) * 1000)
    for statement in _SWEEP:
        await connection.execute(statement, (before,))
    return len(rows)


async def _tell(
    connection: Connection, tenant: int, person: uuid.UUID, hour: datetime.datetime
) -> None:
    async with connection.transaction():
        taken = await (await connection.execute(_TAKE, (tenant, person, hour))).fetchone()
        if taken is None:
            return
        began = hour.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:00:00Z")
        told = SigninRefused(count=taken[0], hour=began)
        if person == entry.NOBODY:
            await merchants.say(connection, tenant, _HUB, told)
            return
        try:
            row = await people.lock(connection, tenant, person)
        except InputError:
            return
        await people.tell(connection, tenant, row, _HUB, [told])
