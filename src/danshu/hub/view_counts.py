"""Counts of views, remembered for a moment: many people look at the same views at once."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from danshu.hub import filters
from danshu.hub.compose import now_ms
from danshu.hub.counts import Count, count_orders
from danshu.kernel.errors import InputError
from danshu.kernel.limits import CALLERS, COUNTS_S

if TYPE_CHECKING:
    from danshu.hub.compose import Hub

_Key = tuple[int, str, str]


class ViewCounts:
    """The counts of this process; whoever asks while one is counting hears the same answer."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._kept: dict[_Key, tuple[float, asyncio.Task[Count]]] = {}

    async def count(self, tenant: int, f: str, me: str) -> Count:
        """Count the orders of a filter, as of at most COUNTS_S ago. Raises InputError."""
        parsed = filters.parse(f)
        is_personal = filters.ME in parsed.get("assignee", "in") + parsed.get("assignee", "nin")
        key = (tenant, filters.write(parsed), me if is_personal else "")
        known = self._kept.get(key)
        now_s = time.monotonic()
        if known is None or now_s - known[0] > COUNTS_S or _has_failed(known[1]):
            if len(self._kept) >= CALLERS:
                self._kept.clear()
            known = (now_s, asyncio.create_task(self._count(tenant, parsed, me)))
            self._kept[key] = known
        return await asyncio.shield(known[1])

    async def _count(self, tenant: int, parsed: filters.Filter, me: str) -> Count:
        try:
            world = await self._hub.worlds.ensure(tenant)
        except InputError as error:
            if error.code != "no_network":  # without warehouses there never was an order
                raise
            return Count(count=0, amounts=(), exact=True, as_of=now_ms())
        asked = filters.resolve(parsed, world.warehouse_no, me, now_ms())
        async with self._hub.connection() as connection:
            return await count_orders(connection, tenant, asked)


def _has_failed(task: asyncio.Task[Count]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
