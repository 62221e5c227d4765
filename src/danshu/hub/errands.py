"""What an outside party is asked for, until it has answered: taken up, asked, asked again after a
failure, and said.

An errand is taken up for as long as a try may take: a node that dies leaves it to the next. What
asks must be able to ask twice, by a key of its own, or because the answer stays the same.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

import httpx
import psycopg
from msgspec import Struct

from danshu.hub import meters, outside
from danshu.hub.compose import now_ms
from danshu.hub.worlds import Worlds
from danshu.kernel.errors import InputError, NotAvailable
from danshu.ledger import write

Connection = psycopg.AsyncConnection[Any]
_log = logging.getLogger("danshu.errands")


class Errand(Struct, frozen=True, kw_only=True):
    """What is to be asked now; `tries` counts this one."""

    tenant: int
    tries: int


class Later(Struct, frozen=True):
    """It is not done: what stands in the way, and after how many seconds it is tried again (None:
    as after a failure; 0: when a person says so).
    """

    trouble: str
    after_s: int | None = None


E = TypeVar("E", bound=Errand)


class Errands(Struct, Generic[E], frozen=True, kw_only=True):
    """A kind of errand, and the room that runs it.

    `take` is the statement that takes up what is due (until when, now, how many), giving rows that
    `read` understands; `leave` sets the next try (or none) and the trouble of the one at `place`.
    `run` asks and says what came of it, or when it is tried again. A try may take so long as
    `reach` says; after a failure it is tried again when `reach` says, each time after twice as
    long, at most `retry_max_s`. The health board calls it by `name`.
    """

    take: str
    leave: str
    at_once: int
    reach: outside.Reach
    retry_max_s: int
    read: Callable[[Sequence[Any]], E]
    place: Callable[[E], tuple[Any, ...]]
    run: Callable[[Connection, Worlds, httpx.AsyncClient, E, int], Awaitable[Later | None]]
    name: str

    def begin(self, url: str) -> Callable[[Connection], Awaitable[int]]:
        """Give the step of the room: it runs what is due and tells how many it took up."""
        worlds = Worlds(url)

        async def step(connection: Connection) -> int:
            return await self.run_due(connection, worlds, now_ms())

        return step

    async def run_due(self, connection: Connection, worlds: Worlds, at_ms: int) -> int:
        """Run what is due; tells how many were taken up."""
        until = write.instant((at_ms + 2 * round(self.reach.timeout_s * 1000)) * 1000)
        given = (until, write.instant(at_ms * 1000), self.at_once)
        rows = await (await connection.execute(self.take, given)).fetchall()
        if not rows:
            return 0
        async with outside.client() as web:
            for row in rows:
                await self._run(connection, worlds, web, self.read(row), at_ms)
        return len(rows)

    async def _run(
        self, connection: Connection, worlds: Worlds, web: httpx.AsyncClient, errand: E, at_ms: int
    ) -> None:
        began_s = time.perf_counter()
        try:
            later = await self.run(connection, worlds, web, errand, at_ms)
        except NotAvailable as error:
            later = Later(error.detail)
        except write.GuardFailed:
            later = Later("busy")
        except InputError as error:
            later = Later(error.detail, 0)  # a person looks at it
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except Exception:  # noqa: BLE001 - logged; one errand must not stop the others
            _log.exception("%s cannot be done", self.place(errand))
            later = Later("program")
        took_s = time.perf_counter() - began_s
        counts = {"ok": int(later is None), "failed": int(later is not None)}
        meters.of(connection).note(errand.tenant, f"errand:{self.name}", took_s, **counts)
        if later is None:
            return
        wait_s = later.after_s
        if wait_s is None:
            wait_s = min(self.retry_max_s, self.reach.retry_s << min(errand.tries - 1, 20))
        again = write.instant((at_ms + wait_s * 1000) * 1000) if wait_s else None
        told = (again, later.trouble[:500], *self.place(errand))
        await connection.execute(self.leave, told)
