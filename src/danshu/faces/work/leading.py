"""Of each room one process works: whoever holds its advisory lock in PostgreSQL, for as long as its
connection lives. There is no other election, no lease and no clock in it.

A leader that is killed loses its connection with its process, and the lock with that: who stands by
finds it free at his next look. A leader whose machine is gone says nothing any more: the server
then gives its connection up after KEEPALIVE of silence. What a room commits is guarded by itself
(a cursor that moves from where it was read, rows taken with `skip locked`), so that a leader that
was thought dead does nothing twice; docs/reference/rooms.md says which guard each room has.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from typing import TYPE_CHECKING, Any, Final

from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

LOOK_S: Final = 1.0
_SPACE: Final = 0x44616E52  # "DanR": the first word of the locks of rooms
# Of a connection by TCP; over a Unix socket the server leaves them aside.
KEEPALIVE: Final = (
    "select set_config('tcp_keepalives_idle', '5', false),"
    " set_config('tcp_keepalives_interval', '3', false),"
    " set_config('tcp_keepalives_count', '3', false)"
)


_HELD: Final = (
    "select objid::int8, pid from pg_locks where locktype = 'advisory' and granted and objsubid = 2"
    " and classid = %s and database = (select oid from pg_database where datname ="
    " current_database())"
)


def key_of(room: str) -> int:
    """Give the second word of a room's lock, an int4."""
    return zlib.crc32(room.encode()) - 2**31


async def lead(connection: psycopg.AsyncConnection[Any], room: str) -> bool:
    """Take the lock of a room for this connection; False while another process has it.

    A connection that has it already takes it once more, so ask until it was had, then no more.
    """
    cursor = await connection.execute(
        "select pg_try_advisory_lock(%s::int4, %s::int4)", (_SPACE, key_of(room))
    )
    row = await cursor.fetchone()
    if row is None or not row[0]:
        return False
    await connection.execute(KEEPALIVE)
    return True


class Lookout:
    """Where a process looks for rooms that nobody leads: one connection and one question for all of
    its rooms, so that who stands by for many costs the database hardly anything.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._held: frozenset[int] = frozenset()
        self._looked_s = -LOOK_S
        self._asking = asyncio.Lock()

    async def is_free(self, room: str) -> bool:
        """Tell whether a room had no leader, LOOK_S ago at most."""
        async with self._asking:
            if time.monotonic() - self._looked_s >= LOOK_S:
                await self._look()
        return key_of(room) % 2**32 not in self._held

    async def _look(self) -> None:
        try:
            if self._connection is None or self._connection.closed:
                self._connection = await write.connect(self._url, f"{write.WORKING} lookout")
            cursor = await self._connection.execute(_HELD, (_SPACE,))
            self._held = frozenset([key for key, _ in await cursor.fetchall()])
            self._looked_s = time.monotonic()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


def read_leaders(connection: psycopg.Connection[Any], rooms: Iterable[str]) -> dict[str, int]:
    """Give the database's process of each room's leader; a room without one is left out."""
    names = {key_of(room) % 2**32: room for room in rooms}
    held = connection.execute(_HELD, (_SPACE,)).fetchall()
    return {names[key]: pid for key, pid in held if key in names}
