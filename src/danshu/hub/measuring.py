"""What a server measures of its group commit, written beside what its meters counted."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import psycopg

from danshu.hub import meters
from danshu.hub.meters import SHARED, Sample
from danshu.kernel.errors import DanshuError
from danshu.kernel.limits import HEALTH_EVERY_S

if TYPE_CHECKING:
    from danshu.hub.batch import Batch
    from danshu.hub.compose import Hub

_log = logging.getLogger("danshu.meters")


def of_batch(batch: Batch, minute: int) -> dict[tuple[int, str], Sample]:
    """Give what group commit measured in a minute: orders, decisions, groups decided again."""
    found: dict[tuple[int, str], Sample] = {}
    answered, decided = batch.latency.answer.of_minute(minute), batch.latency.decision
    failed = sum(batch.failed.of_minute(minute).values())
    orders = Sample(ok=sum(answered.values()), failed=failed, waiting=batch.waiting, took=answered)
    found[SHARED, "orders"] = orders  # also without any: it says that this server is there
    if took := decided.of_minute(minute):
        found[SHARED, "routing"] = Sample(ok=sum(took.values()), took=took)
    if took := batch.commits.of_minute(minute):
        again = sum(batch.again.of_minute(minute).values())
        found[SHARED, "stock"] = Sample(ok=sum(took.values()) - again, failed=again, took=took)
    return found


async def write(connection: meters.Connection, batch: Batch) -> int:
    """Write what this process measured, group commit with it; gives the number of rows."""
    return await meters.of(connection).flush(connection, lambda minute: of_batch(batch, minute))


async def publish(hub: Hub) -> None:
    """Write what a server measures, until it is cancelled."""
    while True:
        await asyncio.sleep(HEALTH_EVERY_S)
        try:
            async with hub.connection() as connection:
                await write(connection, hub.batch)
        except (DanshuError, psycopg.Error, OSError) as error:
            _log.warning("what was measured cannot be written: %s", error)
