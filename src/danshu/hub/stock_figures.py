"""All stock in figures. Few rows are counted when somebody asks; many are counted whole behind the
answers, because a million rows take longer than a page may wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub.stock_views import StockTotals
from danshu.kernel.errors import NotAvailable
from danshu.kernel.limits import STOCK_COUNTED

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

Connection = psycopg.AsyncConnection[Any]
FRESH_S: Final = 30.0
_TOTALS: Final = """
select count(*), count(*) filter (where on_hand-reserved<safety),
  count(*) filter (where on_hand-reserved<=0), coalesce(sum(on_hand),0), coalesce(sum(reserved),0)
from (select on_hand,reserved,safety from stock where tenant=%s limit %s) s
"""


class StockFigures:
    """Figures by merchant. `connection` lends a connection of its own to each counting."""

    def __init__(self, connection: Callable[[], AbstractAsyncContextManager[Connection]]) -> None:
        self._connection = connection
        self._whole: dict[int, tuple[float, StockTotals]] = {}
        self._counting: dict[int, asyncio.Task[None]] = {}

    async def read(self, tenant: int) -> StockTotals:
        """Give the figures: of now where the rows are few, else of FRESH_S ago or a little more.
        Before many were counted for the first time, those of the first STOCK_COUNTED rows.
        """
        made_s, totals = self._whole.get(tenant, (0.0, None))
        if totals is None:
            totals = await self._count(tenant, STOCK_COUNTED)
            if totals.exact:
                return totals
        if time.monotonic() - made_s > FRESH_S and tenant not in self._counting:
            task = asyncio.create_task(self._count_whole(tenant))
            self._counting[tenant] = task
            task.add_done_callback(lambda _: self._counting.pop(tenant, None))
        return totals

    async def close(self) -> None:
        """Leave off counting."""
        for task in tuple(self._counting.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _count_whole(self, tenant: int) -> None:
        # Who asks next begins again.
        with contextlib.suppress(psycopg.Error, NotAvailable):
            totals = await self._count(tenant, None)
            self._whole[tenant] = (time.monotonic(), totals)

    async def _count(self, tenant: int, limit: int | None) -> StockTotals:
        async with self._connection() as connection:
            cursor = await connection.execute(_TOTALS, (tenant, limit))
            r = await cursor.fetchone() or (0, 0, 0, 0, 0)
        return StockTotals(
            rows=r[0],
            below_safety=r[1],
            out=r[2],
            on_hand=int(r[3]),
            reserved=int(r[4]),
            exact=limit is None or r[0] < limit,
        )
