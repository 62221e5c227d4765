"""Injected faults of all classes, from the doors to the board: `danshu bench sentinel --faults`.

First what comes through doors, then the clock moves over the promises of these orders, then the
load of several weeks, hour by hour, each judged when it is over. All rooms run here, one after the
other, so that a run is the same whenever it is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.hub import compose, rows_room, sentinel_room, sentinel_shops
from danshu.hub.compose import Hub
from danshu.hub.sentinel_watch import Watch
from danshu.kernel.limits import SENTINEL_STUCK_PERCENT
from danshu.ledger import write
from danshu.ledger.sequence import Sequencer
from danshu.testing import fault_doors as doors
from danshu.testing import fault_stories, faults, platforms
from danshu.testing.fault_doors import Doors
from danshu.testing.fault_stories import ACTOR, COUNTED, NUMBERED
from danshu.testing.faults import HOUR_MS, Load

if TYPE_CHECKING:
    from collections.abc import Callable

    from danshu.testing.faults import Score

Connection = Any
_SEED: Final = 11
# The hours, since 1970, after which a clock has run so far that an order counts as stuck.
_PASSED: Final = f"""
select distinct ceil(extract(epoch from greatest(started + (due - started)
* {SENTINEL_STUCK_PERCENT / 100}, due - interval '1 day')) / 3600)::bigint + 1
from ticking where tenant=%s and state='running' order by 1
"""


class Run:
    """One run over a merchant who has the demo's places and goods."""

    def __init__(self, url: str, tenant: int, orders: int, wrong: int) -> None:
        self.url: Final = url
        self.tenant: Final = tenant
        now_ms = compose.now_ms()
        dealt = faults.deal(wrong)
        mine = doors.share(dealt)
        self.doors: Final = Doors(_SEED, now_ms, mine)
        self.plan: Final = faults.plan(_SEED, now_ms, orders - self.doors.orders, dealt)
        left = {
            kind: dealt[kind] - sum(n for (each, _), n in mine.items() if each == kind)
            for kind in fault_stories.FAULTS
        }
        self.load: Final = Load(_SEED, self.plan, left)
        self._sequencer = Sequencer()
        self._follower = sentinel_room.make_follower()
        self._watch = Watch()
        self._rows = rows_room.begin(url)

    async def play(self, tell: Callable[[int], object] = lambda placed: None) -> dict[str, Score]:
        """Play all of it; gives each class's score. `tell` hears how many orders there are."""
        async with await write.connect(self.url) as connection:
            await self._enter(connection)
            tell(self.doors.orders)
            await self._count(connection, tell)
            await self._watch.look(connection, compose.now_ms() + 60_000)
            await self._watch.look(connection, compose.now_ms())
            expected = self.doors.expected | self.load.expected
            return await faults.score(connection, self.tenant, expected)

    async def _enter(self, connection: Connection) -> None:
        """Play what comes through doors."""
        hub = Hub(self.url, clock=lambda: compose.now_ms() - doors.BACK_MS)
        await hub.start()
        try:
            with platforms.serve() as platform:
                await self.doors.place(hub, self.tenant, platform)
                await self.doors.pull(connection, hub, self.tenant, platform)
            await self.doors.begin(hub, self.tenant)
            await self._follow(connection)
            while await self._rows(connection):
                pass
            await self.doors.bill(connection, hub, self.tenant)
        finally:
            await hub.close()
        await self.doors.scan(connection, self.tenant)
        for (hour,) in await (await connection.execute(_PASSED, (self.tenant,))).fetchall():
            await self._watch.look(connection, hour * HOUR_MS)

    async def _count(self, connection: Connection, tell: Callable[[int], object]) -> None:
        """Play the load, each hour to its end."""
        numbered = sentinel_shops.NewShop(channel=COUNTED, shop=NUMBERED, is_sequence=True)
        await sentinel_shops.put(connection, self.tenant, numbered, ACTOR, compose.now_ms())
        placed = self.doors.orders
        for nth, hour_ms in enumerate(self.plan.hours):
            for stories in self.load.make(nth):
                await fault_stories.commit(connection, self.tenant, stories)
                placed += len(stories)
            await self._follow(connection)
            if hour_ms in self.plan.judged:
                await self._watch.look(connection, hour_ms + HOUR_MS)
            tell(placed)

    async def _follow(self, connection: Connection) -> None:
        """Let the log and the sentinel come to the end."""
        while await self._sequencer.step(connection, compose.now_ms()) or self._sequencer.behind:
            pass
        while await self._follower.step(connection, compose.now_ms()):
            pass
