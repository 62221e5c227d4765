"""The room `associations`: looks after running campaigns once an hour, and tells who is due."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from danshu.hub.worlds import now_ms
from danshu.kernel.errors import DanshuError
from danshu.kernel.limits import CAMPAIGN_LOOK_S
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Connection = Any
ROOM: Final = "associations"
_DUE: Final = """
select tenant, id from campaigns where state='running' and (looked is null or looked <= %s)
order by looked nulls first limit 1
"""
_DUE_TELLING: Final = """
select b.tenant, b.campaign from campaign_buyers b join campaigns c
on c.tenant=b.tenant and c.id=b.campaign
where b.told='due' and b.next_try <= %s and (c.looked is null or c.looked <= %s) limit 1
"""
_AGAIN_S: Final = 60
_log = logging.getLogger("danshu.associations")


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room; 1 when another campaign may be due."""
    del url

    async def step(connection: Connection) -> int:
        at_ms = now_ms()
        due = await _find(connection, at_ms)
        if due is None:
            return 0
        # late: most merchants run no campaign, and this brings DuckDB along
        from danshu.hub import campaign_looking

        try:
            await campaign_looking.look(connection, *due, now_ms)
        except DanshuError:
            _log.exception("campaign %s cannot be looked after", due[1])
        return 1

    return step


async def _find(connection: Connection, at_ms: int) -> tuple[Any, Any] | None:
    def ago(seconds: int) -> Any:
        return write.instant((at_ms - seconds * 1000) * 1000)

    row = await (await connection.execute(_DUE, (ago(CAMPAIGN_LOOK_S),))).fetchone()
    if row is None:
        told = (ago(0), ago(_AGAIN_S))
        row = await (await connection.execute(_DUE_TELLING, told)).fetchone()
    return None if row is None else (row[0], row[1])
