"""The worlds of all tenants in this process, loaded on first use and renewed when the database
moved on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import psycopg

from danshu.hub import canary, intercepts, masters, pictures, policy_arms
from danshu.kernel.limits import SIGNAL_GRACE_MS, SIGNAL_TICK_MS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from danshu.capabilities.routing.snapshot import Snapshot
    from danshu.hub.world import World

RELOAD_STOCK_S = 60
RELOAD_MASTERS_S = 60
LOOK_S = 3
_HEADS = """
select h.tenant,h.digest,h.network,h.until,coalesce(p.no,0),coalesce(i.no,0) from routing_heads h
left join policy_heads p on p.tenant=h.tenant and p.kind='routing'
left join policy_heads i on i.tenant=h.tenant and i.kind='intercept' where h.tenant = any(%b)
"""
_log = logging.getLogger("danshu.worlds")


def now_ms() -> int:
    """Read the clock: epoch milliseconds."""
    return time.time_ns() // 1_000_000


class Worlds:
    """The worlds of all tenants in this process."""

    def __init__(self, url: str, clock: Callable[[], int] = now_ms) -> None:
        self._url = url
        self._clock = clock
        self._worlds: dict[int, World] = {}
        self._stale: set[int] = set()
        self._stock_stale: set[int] = set()
        self._loading: set[int] = set()
        self._locks: dict[int, asyncio.Lock] = {}
        self._looked_s = 0.0
        self._watch: asyncio.Task[None] | None = None
        self._looking = asyncio.Lock()
        self._connection: psycopg.AsyncConnection[Any] | None = None

    def start(self) -> None:
        """Begin to follow the routing heads, once a second for all merchants."""
        self._watch = asyncio.create_task(self._follow())

    async def close(self) -> None:
        """Stop following."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(SIGNAL_TICK_MS / 1000)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - the next look tries again
                _log.warning("routing heads cannot be read: %s", error)

    async def look(self) -> None:
        """Swap the snapshots whose heads have moved; what a decision holds already stays its own.

        A head that nobody renewed in time is renewed here: what it says has become stale, and
        whatever fails closed must close even when the room `signals` is dead.
        """
        self._looked_s = time.monotonic()
        tenants = list(self._worlds)
        if not tenants:
            return
        async with self._borrow() as connection:
            cursor = await connection.execute(_HEADS, (tenants,), binary=True)
            for tenant, digest, network, until_ms, policy_no, guard_no in await cursor.fetchall():
                world = self._worlds.get(tenant)
                if world is None:
                    continue
                await self._swap(connection, world, bytes(digest).hex(), network, until_ms)
                if world.arms.no != policy_no:
                    await self._take(connection, world, world.snapshot)
                if world.guard_no != guard_no:
                    world.guard, world.guard_no = (
                        await intercepts.load(connection, tenant),
                        guard_no,
                    )
            await self._count(connection)

    async def _count(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Learn which cold zones wait for a temperature, where any are watched."""
        watched = [tenant for tenant, w in self._worlds.items() if w.snapshot.watched]
        if not watched:
            return
        for tenant, awaiting in (await canary.read(connection, watched)).items():
            self._worlds[tenant].awaiting = awaiting

    async def _swap(
        self,
        connection: psycopg.AsyncConnection[Any],
        world: World,
        digest: str,
        network: str,
        until_ms: int,
    ) -> None:
        mine = world.snapshot.network
        if network != mine.digest:
            self.forget(world.tenant)
        elif self._clock() > until_ms + SIGNAL_GRACE_MS:
            renewed = await pictures.renew(connection, world.tenant, mine, self._clock())
            await self._take(connection, world, renewed)
        elif digest != world.snapshot.digest:
            found = await pictures.read_snapshot(connection, world.tenant, digest)
            if found is not None:
                await self._take(connection, world, found)

    async def _take(
        self, connection: psycopg.AsyncConnection[Any], world: World, snapshot: Snapshot
    ) -> None:
        """Swap a world's snapshot together with the policy sets that rule on it."""
        arms = await policy_arms.load(connection, world.tenant, snapshot)
        world.snapshot, world.arms = snapshot, arms

    @contextlib.asynccontextmanager
    async def _borrow(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """Lend the follower's connection, or one for this once where nobody follows."""
        if self._watch is None:
            async with await psycopg.AsyncConnection.connect(
                self._url, autocommit=True
            ) as connection:
                yield connection
            return
        async with self._looking:
            if self._connection is None or self._connection.closed:
                self._connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
            try:
                yield self._connection
            except BaseException:  # cancelled in the middle of an answer, it can't be used again
                await self._connection.close()
                raise

    def __getitem__(self, tenant: int) -> World:
        return self._worlds[tenant]

    def distrust(self, tenants: set[int]) -> None:
        """Forget the predicted stock of tenants whose commit failed; the next group reads it
        again.
        """
        self._stock_stale |= tenants

    def forget(self, tenant: int) -> None:
        """Read everything of a tenant again before its next order: its master data changed."""
        self._stale.add(tenant)

    async def notice(self, connection: psycopg.AsyncConnection[Any], tenant: int) -> None:
        """Look whether another process has written master data, and forget what is old."""
        world = self._worlds.get(tenant)
        if world is not None and await masters.changed(connection, world):
            self.forget(tenant)

    async def ensure(self, tenant: int) -> World:
        """Give the tenant's world, loading what is missing or too old."""
        now = time.monotonic()
        if now - self._looked_s > LOOK_S:  # nobody follows here, or the follower is late
            with contextlib.suppress(psycopg.Error):
                await self.look()
        world = self._worlds.get(tenant)
        if world is None or self._is_old(tenant, world, now) or tenant in self._loading:
            return await self._renew(tenant)
        if tenant in self._stock_stale or now - world.stock_s > RELOAD_STOCK_S:
            # the mark goes first: who distrusts while this reads is heard the next time
            self._stock_stale.discard(tenant)
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._url, autocommit=True
                ) as connection:
                    await masters.load_stock(connection, world)
                    if world.day != self._clock() // masters.DAY_MS:
                        await masters.load_capacity(connection, world, self._clock())
            except BaseException:
                self._stock_stale.add(tenant)
                raise
            world.stock_s = now
        return world

    def _is_old(self, tenant: int, world: World, now: float) -> bool:
        return tenant in self._stale or now - world.loaded_s > RELOAD_MASTERS_S

    async def _renew(self, tenant: int) -> World:
        """Load the whole world if it is missing, marked stale or moved on. While it loads others
        wait: an order that is placed after a publication is decided on what was published.
        """
        async with self._locks.setdefault(tenant, asyncio.Lock()):
            world, now = self._worlds.get(tenant), time.monotonic()
            if world is not None and not self._is_old(tenant, world, now):
                return world
            must = world is None or tenant in self._stale
            self._stale.discard(tenant)
            if must:
                self._loading.add(tenant)
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._url, autocommit=True
                ) as connection:
                    if world and not must and not await masters.changed(connection, world):
                        world.loaded_s = now
                        return world
                    self._stock_stale.discard(tenant)
                    known = world
                    world = await masters.load(connection, tenant, now, self._clock())
                    if known is not None:
                        world.budget = known.budget
            except BaseException:
                if must:
                    self._stale.add(tenant)
                raise
            finally:
                self._loading.discard(tenant)
            self._worlds[tenant] = world
            return world

    def remember(self, named: Iterable[tuple[int, str]]) -> None:
        """Remember the (tenant, snapshot) that a commit has named: the next need not."""
        for tenant, digest in named:
            if tenant in self._worlds:
                self._worlds[tenant].named = digest

    def learn(
        self, rows: list[list[tuple[Any, ...]]], decided: Iterable[tuple[int, int, int, int]] = ()
    ) -> None:
        """Take over what the reservation returned, of all its rows: guard, tenants, warehouses,
        SKUs, atp.

        `decided` are the (tenant, warehouse, SKU, units) that the next group has taken already
        from the prediction.
        """
        told: set[tuple[int, int, int]] = set()
        for result in rows:
            for _, tenants, whs, skus, atps in result:
                owners, columns, rows_, units_ = map(np.asarray, (tenants, whs, skus, atps))
                for tenant in set(tenants).intersection(self._worlds):
                    mine = owners == tenant
                    self._worlds[tenant].atp[rows_[mine], columns[mine]] = units_[mine]
                told.update(zip(tenants, whs, skus, strict=True))
        for tenant, wh, sku, units in decided:
            # the others still hold the prediction, less these units
            if tenant in self._worlds and (tenant, wh, sku) in told:
                self._worlds[tenant].atp[sku, wh] -= units
