"""The room `originals`: reads what waits, a few at a time, and lets go of what became nothing.

Idle it asks one indexed question. The hub that it places orders by is opened for the first original
and kept; a child process that perceives ends by itself when nothing comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any, Final

from danshu.hub import calls, original_rows, original_spent, originals
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ORIGINALS_AT_ONCE

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable

    from danshu.hub.compose import Hub

Connection = Any
_DUE: Final = (
    "select tenant, id from originals where state='received' and due <= now()"
    " order by due, tenant, id limit %s"
)
_SWEEP_S: Final = 600.0


class OriginalsRoom:
    """The step of the room, and the hub that it holds open."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._open = contextlib.AsyncExitStack()
        self._hub: Hub | None = None
        self._swept_s = 0.0

    async def __call__(self, connection: Connection) -> int:
        """Read what is due; gives how many were."""
        if time.monotonic() - self._swept_s > _SWEEP_S:
            self._swept_s = time.monotonic()
            await original_spent.sweep(connection)
            await calls.sweep(connection, time.time_ns() // 1_000_000)
        found = await (await connection.execute(_DUE, (ORIGINALS_AT_ONCE,))).fetchall()
        if found:
            hub = await self._ready()
            await asyncio.gather(*[self._read(hub, tenant, id_) for tenant, id_ in found])
        return len(found)

    async def close(self) -> None:
        """Let go of the hub."""
        await self._open.aclose()
        self._hub = None

    async def _ready(self) -> Hub:
        if self._hub is None:
            from danshu.hub import compose  # an idle room needs none of it

            self._hub = await self._open.enter_async_context(compose.open_hub(self._url))
        return self._hub

    @staticmethod
    async def _read(hub: Hub, tenant: int, id_: uuid.UUID) -> None:
        try:
            await originals.read(hub, tenant, id_)
        except InputError as error:
            if error.code != original_rows.NO_ORIGINAL.code:
                raise


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room."""
    return OriginalsRoom(url)
