"""The room `assets`: brings merchants' assets up to the log when they are due, in a child process.

It looks every ASSET_LOOK_S at who has grown, by the sizes of books and small files. A merchant's
first build comes ASSET_FIRST_S after the room has seen it, unless somebody asks sooner.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, Final

from danshu.hub import asset_builds, asset_files, asset_index, asset_store
from danshu.hub.asset_register import known, place
from danshu.hub.worlds import now_ms
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ASSET_FIRST_S

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from danshu.hub.job_child import Told

Connection = Any
ROOM: Final = "assets"
_BOOKS: Final = "select tenant, half, size from books order by tenant, half"
_AGAIN_S: Final = 600.0  # after a build that failed as a whole
_log = logging.getLogger("danshu.assets")


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room; 1 when another merchant may be due."""
    seen: dict[int, float] = {}
    resting: dict[int, float] = {}
    is_first = True

    async def step(connection: Connection) -> int:
        nonlocal is_first
        if is_first:  # a process that has just begun has better things to do
            is_first = False
            return 0
        rows = await (await connection.execute(_BOOKS)).fetchall()
        sizes: dict[int, dict[str, int]] = {}
        for tenant, half, size in rows:
            sizes.setdefault(tenant, {})[half] = size
        at_s = time.monotonic()
        for tenant, books in sizes.items():
            is_known = at_s - seen.setdefault(tenant, at_s) >= ASSET_FIRST_S
            if resting.get(tenant, 0.0) <= at_s and await asyncio.to_thread(
                due, place(), tenant, books, now_ms(), is_known=is_known
            ):
                if not await _build(url, tenant):
                    resting[tenant] = at_s + _AGAIN_S
                return 1
        return 0

    return step


def due(folder: Path, tenant: int, sizes: dict[str, int], at_ms: int, *, is_known: bool) -> bool:
    """Tell whether some asset of a merchant was never built in this version, or is older than it
    may be while the log has grown. Without any build it is due once it `is_known` for a while.
    """
    mine = asset_files.of_tenant(folder, tenant)
    index = asset_index.read(mine)
    if index is None:
        return is_known
    has_grown = index.ends != sizes
    for asset in known().values():
        built = asset_store.read_built(mine, asset.name)
        if built is None or built.version != asset.version:
            return True
        if has_grown and at_ms - built.built_ms >= asset.refresh_s * 1000:
            return True
    return False


async def _build(url: str, tenant: int) -> bool:
    """Run the child for a merchant; False where anything failed, which is logged."""

    async def goes_on(told: Told | None) -> bool:
        del told
        return True

    try:
        _, last = await asset_builds.run_child(url, tenant, (), goes_on)
    except InputError as error:
        _log.warning("tenant %s: %s", tenant, error)
        return False
    if last is not None and last.total:
        _log.warning("tenant %s: %d assets could not be built; see their runs", tenant, last.total)
    return last is None or not last.total
