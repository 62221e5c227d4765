"""The worlds of all tenants in this process, loaded on first use and renewed when the database
moved on.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg

from danshu.hub import masters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from danshu.hub.world import World

RELOAD_STOCK_S = 60
RELOAD_MASTERS_S = 60


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
        world = self._worlds.get(tenant)
        now = time.monotonic()
        if world is None or tenant in self._stale or now - world.loaded_s > RELOAD_MASTERS_S:
            return await self._renew(tenant, world, now)
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

    async def _renew(self, tenant: int, world: World | None, now: float) -> World:
        """Load the whole world if it is missing, marked stale or moved on."""
        must = world is None or tenant in self._stale
        self._stale.discard(tenant)
        try:
            async with await psycopg.AsyncConnection.connect(
                self._url, autocommit=True
            ) as connection:
                if world is not None and not must and not await masters.changed(connection, world):
                    world.loaded_s = now
                    return world
                self._stock_stale.discard(tenant)
                world = await masters.load(connection, tenant, now, self._clock())
        except BaseException:
            if must:
                self._stale.add(tenant)
            raise
        self._worlds[tenant] = world
        return world

    def learn(
        self, rows: list[list[tuple[Any, ...]]], decided: Iterable[tuple[int, int, int, int]] = ()
    ) -> None:
        """Take over what the reservation returned: (guard, tenant, warehouse, SKU, atp).

        `decided` are the (tenant, warehouse, SKU, units) that the next group has taken already
        from the prediction.
        """
        told: set[tuple[int, int, int]] = set()
        for result in rows:
            for _, tenant, wh, sku, atp in result:
                if atp is not None and tenant in self._worlds:
                    self._worlds[tenant].atp[sku, wh] = atp
                    told.add((tenant, wh, sku))
        for tenant, wh, sku, units in decided:
            if (tenant, wh, sku) in told:  # the others still hold the prediction, less these units
                self._worlds[tenant].atp[sku, wh] -= units
