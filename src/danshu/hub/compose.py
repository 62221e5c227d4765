"""The composition root: one hub over one database."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import datetime
from typing import TYPE_CHECKING, Any

import psycopg
import psycopg_pool

from danshu.capabilities.orders import decide as orders
from danshu.hub import acts, merchants, reading_days, rerouting
from danshu.hub.batch import Batch
from danshu.hub.readings import Readings
from danshu.hub.stock_figures import StockFigures
from danshu.hub.weaving import Weaver
from danshu.hub.worlds import Worlds
from danshu.hub.worlds import now_ms as now_ms
from danshu.kernel.errors import NotAvailable, ProgramError, Refusal, UnknownOutcome
from danshu.kernel.fact import Actor
from danshu.kernel.limits import CONNECTIONS, RETRY_AFTER_S
from danshu.ledger import migrate, sequence, write

if TYPE_CHECKING:
    import uuid
    from collections.abc import AsyncIterator, Callable, Sequence

    from danshu.capabilities.orders.decide import Command
    from danshu.hub.requests import Answer, Outcome, Request

_ACT_TRIES = 5
_LOOK_AGAIN = (orders.BACKORDER, rerouting.NOWHERE_ELSE, rerouting.SAME_PLAN)
PARTITION_DAYS = 7
_SYSTEM = Actor(sub="danshu")


class Hub:
    """What the faces hold: place orders, act on them, read and write everything else through
    `connection`.
    """

    def __init__(self, url: str, clock: Callable[[], int] = now_ms) -> None:
        self.url = url
        self.clock = clock
        self.worlds = Worlds(url, clock)
        self.batch = Batch(url, self.worlds, clock)
        self.readings = Readings(url, self.worlds, clock)
        self.stock_figures = StockFigures(self.connection)
        self.weaver = Weaver(self.connection)
        self._pool: psycopg_pool.AsyncConnectionPool[psycopg.AsyncConnection[Any]] | None = None

    async def start(self) -> None:
        """Open connections and begin gathering orders."""
        pool: psycopg_pool.AsyncConnectionPool[psycopg.AsyncConnection[Any]] = (
            psycopg_pool.AsyncConnectionPool(
                self.url,
                min_size=1,
                max_size=CONNECTIONS,
                open=False,
                kwargs={"autocommit": True},
                check=psycopg_pool.AsyncConnectionPool.check_connection,
            )
        )
        await pool.open(wait=True, timeout=30)
        self._pool = pool
        self.worlds.start()
        self.batch.start()

    async def close(self) -> None:
        """Settle what is in flight and close."""
        await self.batch.close()
        await self.readings.close()
        await self.worlds.close()
        await self.stock_figures.close()
        await self.weaver.close()
        if self._pool:
            await self._pool.close()

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """Lend a connection (autocommit). Raises NotAvailable when the database does not answer."""
        if self._pool is None:
            raise NotAvailable("the hub has not started", RETRY_AFTER_S)
        try:
            async with self._pool.connection(timeout=5) as connection:
                yield connection
        except (psycopg_pool.PoolTimeout, psycopg_pool.PoolClosed) as e:
            raise NotAvailable("the database does not answer", RETRY_AFTER_S) from e

    async def place(self, requests: Sequence[Request]) -> list[Outcome]:
        """Place orders; each outcome is known after its commit."""
        return await self.batch.place(requests)

    async def act(
        self, tenant: int, id_: uuid.UUID, command: Command, actor: Actor
    ) -> Answer | Refusal:
        """Act on an order by its machines."""
        return await self.change(tenant, id_, acts.command(command), actor)

    async def change(
        self, tenant: int, id_: uuid.UUID, decide: acts.Decide, actor: Actor
    ) -> Answer | Refusal:
        """Decide on an order and write it; stock taken meanwhile is read and decided again.

        Raises UnknownOutcome when the connection broke, NotAvailable when nothing was written.
        """
        looked_again = False
        for turn in range(_ACT_TRIES):
            world = await self.worlds.ensure(tenant)
            async with self.connection() as connection:
                try:
                    done = await acts.change(connection, world, id_, actor, self.clock(), decide)
                    if done not in _LOOK_AGAIN or looked_again:
                        return done
                    looked_again = True  # before anyone hears no, look again: others free stock too
                    self.worlds.distrust({tenant})
                except write.GuardFailed:
                    self.worlds.distrust({tenant})
                except (psycopg.OperationalError, psycopg.InterfaceError) as e:
                    self.worlds.distrust({tenant})
                    raise UnknownOutcome(
                        "the connection broke while committing; read the order to learn"
                    ) from e
                except ProgramError:  # the order may know more of the master data than this world
                    if turn:
                        raise
                    self.worlds.forget(tenant)
                except BaseException:
                    self.worlds.distrust({tenant})
                    raise
        raise NotAvailable("the stock of this order changes too fast", RETRY_AFTER_S)


def prepare(url: str) -> None:
    """Bring the database to this version's schema with partitions ahead of the clock."""
    migrate.upgrade(url)
    today = datetime.datetime.now(datetime.UTC).date()
    with migrate.alone(url) as connection:
        migrate.make_partitions(connection, today, PARTITION_DAYS)
        reading_days.make_partitions(connection, today, PARTITION_DAYS)
    # In a thread of its own: the caller may stand in an event loop already.
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _adopt(url)).result()


async def _adopt(url: str) -> None:
    """Give the cluster its generation before the first fact is written, and merchants that are
    there what came with this version.
    """
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await sequence.adopt(connection)
        await merchants.furnish(connection, _SYSTEM)


@contextlib.asynccontextmanager
async def open_hub(url: str) -> AsyncIterator[Hub]:
    """Open a hub on a prepared database, and close it at the end."""
    hub = Hub(url)
    await hub.start()
    try:
        yield hub
    finally:
        await hub.close()
