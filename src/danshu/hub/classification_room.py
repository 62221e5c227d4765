"""The room `classification`: looks at what fields hold when a person asks, and every night where
somebody has asked once.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub import classification, classification_scan
from danshu.hub.asset_files import place
from danshu.hub.worlds import now_ms

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from danshu.hub.nightly import Due

Connection = Any
LOOKED: Final = "looked"
FAILED: Final = "failed"
_log = logging.getLogger("danshu.classification")


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room."""
    del url

    async def step(connection: Connection) -> int:
        await look(connection, now_ms())
        return 0

    return step


async def look(connection: Connection, at_ms: int) -> int:
    """Look at the fields of the merchants that are due; gives how many merchants."""
    return await classification.WORK.look_due(connection, at_ms, _look)


async def _look(connection: Connection, due: Due, at_ms: int) -> tuple[str]:
    try:
        found = await classification_scan.scan(connection, due.tenant, place(os.environ), at_ms)
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - logged; one merchant's data must not stop the others'
        _log.exception("tenant %s: fields were not looked at", due.tenant)
        return (FAILED,)
    _log.info("tenant %s: %s fields in %s places", due.tenant, found.fields, found.places)
    return (LOOKED,)
