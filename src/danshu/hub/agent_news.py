"""Whether anything of the agent moved: for the live stream."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

Connection = Any
# Whatever changes says so by its stream's number; what is over leaves the count.
_READ: Final = """
select coalesce((select seq from agents where tenant=%(t)s), 0),
count(*), coalesce(sum(seq), 0)::int8, count(*) filter (where state='waiting')
from proposals where tenant=%(t)s and state in ('waiting','approved','performing','rolling_back')
"""


class AgentNews(Struct, frozen=True, kw_only=True):
    """The agent is no longer what it was: `revision` differs from that before; `waiting` proposals
    wait for a person.
    """

    revision: str
    waiting: int


async def read(connection: Connection, tenant: int) -> AgentNews:
    """Give where the agent's switch, levels and open proposals stand."""
    row = await (await connection.execute(_READ, {"t": tenant})).fetchone()
    switch, count, sum_, waiting = row or (0, 0, 0, 0)
    return AgentNews(revision=f"{switch}.{count}.{sum_}", waiting=waiting)
