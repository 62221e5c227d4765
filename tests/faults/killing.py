"""A process that is killed at its nth word with the database: what is not committed then is gone
with its connection, and nobody says goodbye.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg

Connection = psycopg.AsyncConnection[Any]
Step = Callable[[Connection], Awaitable[Any]]
_GONE = "select not exists (select 1 from pg_stat_activity where pid = %s)"


class Killed(BaseException):
    """The process ends here; no program can go on from it."""


class Dying(psycopg.AsyncConnection[Any]):
    """A connection whose process is killed before its nth round trip from now; a commit is one."""

    left = sys.maxsize

    async def wait(self, *args: Any, **more: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            self.pgconn.finish()
            raise Killed
        return await super().wait(*args, **more)


def run(url: str, step: Step, nth: int) -> bool:
    """Run a step in a process that is killed; False when it came to its end before. The server has
    let go of what the dead one held.
    """

    async def die() -> bool:
        connection = await Dying.connect(url, autocommit=True, prepare_threshold=0)
        pid = connection.info.backend_pid
        connection.left = nth
        try:
            await step(connection)
        except (Killed, psycopg.OperationalError):
            assert connection.closed
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as other:
                while (await (await other.execute(_GONE, (pid,))).fetchone()) != (True,):
                    await asyncio.sleep(0.001)
            return True
        connection.left = sys.maxsize
        await connection.close()
        return False

    return asyncio.run(die())


def kill_everywhere(url: str, begin: Callable[[], Step], make: Callable[[], Any]) -> int:
    """Kill a step before each of its round trips, of one process after the other; each goes on with
    what the last one left, or with new work where that was done. Gives how many died.
    """
    make()
    for nth in itertools.count():
        if not run(url, begin(), nth):
            make()
            if not run(url, begin(), nth):
                return nth
    raise AssertionError
