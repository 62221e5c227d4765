"""The room of signals: makes the next routing snapshot, at most one a second and merchant, when a
reading came, a value ran out or the network changed, and only if it says anything new.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from danshu.hub import masters, pictures
from danshu.hub.worlds import now_ms

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from danshu.capabilities.routing.network import Network

Connection = Any
# Merchants that have sources, with what would make their head untrue.
_DUE: Final = """
select m.tenant, m.no, t.revision, coalesce(h.until, 0) from signal_moves m
join tenants t on t.id=m.tenant left join routing_heads h on h.tenant=m.tenant order by m.tenant
"""


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room."""
    del url
    room = SignalsRoom()

    async def step(connection: Connection) -> int:
        await room.look(connection, now_ms())
        return 0  # it rests a second, whatever there was to do

    return step


class SignalsRoom:
    """What the room remembers: up to which move each merchant's head is made, its network."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[int, int]] = {}  # tenant -> (move, revision)
        self._networks: dict[int, tuple[int, Network]] = {}
        self.took_s = 0.0

    async def look(self, connection: Connection, at_ms: int) -> int:
        """Make the heads that are due; gives how many merchants were looked at."""
        began_s = time.perf_counter()
        looked = 0
        cursor = await connection.execute(_DUE, binary=True)
        for tenant, move, revision, until_ms in await cursor.fetchall():
            # moves are read before readings: what comes between is looked at the next time
            if self._made.get(tenant) == (move, revision) and at_ms <= until_ms:
                continue
            network = await self._network(connection, tenant, revision)
            if network is not None:
                await pictures.renew(connection, tenant, network, at_ms)
                looked += 1
            self._made[tenant] = (move, revision)
        self.took_s = time.perf_counter() - began_s
        return looked

    async def _network(self, connection: Connection, tenant: int, revision: int) -> Network | None:
        known = self._networks.get(tenant)
        if known is None or known[0] != revision:
            read = await masters.load_network(connection, tenant)
            if read is None:
                return None
            known = self._networks[tenant] = read
        return known[1]
