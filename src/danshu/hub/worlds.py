"""The worlds of all tenants in this process, loaded on first use and renewed when the database moved on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg

from danshu.hub import masters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from danshu.hub.world import World

RELOAD_STOCK_S = 10
RELOAD_MASTERS_S = 60


class Worlds:
    """The worlds of all tenants in this process."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._worlds: dict[int, World] = {}
        self._stale: set[int] = set()
        self._stock_stale: set[int] = set()

    def __getitem__(self, tenant: int) -> World:
        return self._worlds[tenant]

    def distrust(self, tenants: set[int]) -> None:
        """Forget the predicted stock of tenants whose commit failed; the next group reads it again."""
        self._stock_stale |= tenants

    def forget(self, tenant: int) -> None:
        """Read everything of a tenant again before its next order: its master data changed."""
        self._stale.add(tenant)

    async def ensure(self, tenant: int) -> World:
        """Give the tenant's world, loading what is missing or too old."""
        world = self._worlds.get(tenant)
        now = time.monotonic()
        if world is None or tenant in self._stale or now - world.loaded_s > RELOAD_MASTERS_S:
            async with await psycopg.AsyncConnection.connect(
                self._url, autocommit=True
            ) as connection:
                if (
                    world is None
                    or tenant in self._stale
                    or await masters.changed(connection, world)
                ):
                    world = await masters.load(connection, tenant, now)
                    self._worlds[tenant] = world
                    self._stale.discard(tenant)
                    self._stock_stale.discard(tenant)
                    return world
                world.loaded_s = now
        if tenant in self._stock_stale or now - world.stock_s > RELOAD_STOCK_S:
            async with await psycopg.AsyncConnection.connect(
                self._url, autocommit=True
            ) as connection:
                await masters.load_stock(connection, world)
                world.stock_s = now
                self._stock_stale.discard(tenant)
        return world

    def learn(
        self, rows: list[list[tuple[Any, ...]]], decided: Iterable[tuple[int, int, int, int]] = ()
    ) -> None:
        """Take over what the reservation returned: (guard, tenant, warehouse, SKU, atp).

        `decided` are the (tenant, warehouse, SKU, units) that the next group has taken already from the prediction.
        """
        for result in rows:
            for _, tenant, wh, sku, atp in result:
                if atp is not None and tenant in self._worlds:
                    self._worlds[tenant].atp[sku, wh] = atp
        for tenant, wh, sku, units in decided:
            self._worlds[tenant].atp[sku, wh] -= units
