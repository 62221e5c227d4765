"""The room `redecide`: answers each new snapshot of each merchant, one run after the other."""

from __future__ import annotations

import asyncio
import gc
import time
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.routing.decide import ENGINE, find_engine
from danshu.hub import redeciding, redeciding_walk
from danshu.hub.pictures import Head
from danshu.hub.redeciding_shares import Shares
from danshu.hub.worlds import Worlds, now_ms
from danshu.kernel.limits import REDECIDE_HANDS, REDECIDE_SHARES, REDECIDE_STEP_S
from danshu.ledger.write import WORKING, connect

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import psycopg

Connection = Any
# Merchants whose head was not answered yet, or whose answer has not ended.
_DUE: Final = """
select h.tenant, h.no, h.digest, h.network, h.until,
  exists (select 1 from redecisions r where r.tenant=h.tenant and r.ended is null)
from routing_heads h left join redecided_heads d on d.tenant=h.tenant
where d.no is null or d.no < h.no
  or exists (select 1 from redecisions r where r.tenant=h.tenant and r.ended is null)
order by h.tenant
"""


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room; 1 while a run goes on."""
    shares = Shares(url, REDECIDE_SHARES)
    room = RedecideRoom(url, shares=shares)

    async def step(connection: Connection) -> int:
        try:
            return await room.look(connection)
        except BaseException:  # another room begins anew, with processes of its own
            await shares.close()
            raise

    return step


class RedecideRoom:
    """The worlds of this room, its second hand's connection while a run goes on, its helpers."""

    def __init__(
        self, url: str, clock: Callable[[], int] = now_ms, shares: Shares | None = None
    ) -> None:
        self._url = url
        self._shares = shares
        self._clock = clock
        self.worlds: Final = Worlds(url, clock)
        self._ways: dict[int, redeciding_walk.Walk] = {}
        self._is_warm = False

    async def look(self, connection: Connection) -> int:
        """Answer the heads that are due for at most REDECIDE_STEP_S a merchant."""
        if not self._is_warm:  # what is compiled loads once, before it is needed
            self._is_warm = True
            await asyncio.to_thread(find_engine, ENGINE)
        goes_on = 0
        rows = await (await connection.execute(_DUE, binary=True)).fetchall()
        for tenant, no, digest, network, until_ms, is_open in rows:
            head = Head(no, bytes(digest).hex(), network, until_ms)
            # one after the other: what a later snapshot closes waits for the answer to this one
            is_begun = is_open or await redeciding.answer_head(
                connection, tenant, head, self._clock()
            )
            if is_begun and await self._advance(connection, tenant) is False:
                goes_on = 1
            if self._shares is not None and await redeciding.is_large(connection, tenant):
                self._shares.know(tenant)  # before it is needed
        return goes_on

    async def _advance(self, connection: Connection, tenant: int) -> bool | None:
        run = await redeciding.open_run(connection, tenant)
        if run is None:
            return True
        others: list[psycopg.AsyncConnection[Any]] = []
        # What a group makes holds no cycles: for the seconds of a step, looking for them is waste.
        collects = gc.isenabled()
        gc.disable()
        try:
            for _ in range(REDECIDE_HANDS - 1):
                others.append(await connect(self._url, f"{WORKING} redecide"))
            for each in (connection, *others):
                await redeciding_walk.prepare(each)
            until_s = time.monotonic() + REDECIDE_STEP_S
            hands = (connection, *others)
            return await redeciding.advance(
                hands, self.worlds, tenant, run, self._clock, until_s, self._ways, self._shares
            )
        finally:
            if collects:
                gc.enable()
            for each in others:
                await each.close()
