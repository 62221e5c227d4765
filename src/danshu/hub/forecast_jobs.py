"""Forecasts that are asked for: jobs, worked on by a child process (forecast_child) that can be
stopped. The room `forecasts` runs the same child by itself.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.hub import forecast_child, job_child, jobs
from danshu.hub.forecast_child import ORIGIN, RUN
from danshu.hub.jobs import NewJob
from danshu.hub.worlds import now_ms
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.limits import FORECAST_DEADLINE_S

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable

    from danshu.hub.compose import Hub
    from danshu.hub.job_child import Told
    from danshu.hub.jobs import Job, Who
    from danshu.kernel.fact import Actor

Connection = Any
KIND: Final = "forecast"
_WHOLE: Final = 100  # a job's progress is told in percent
_LOCK: Final = "select 1 from tenants where id=%s for no key update"
_OPEN: Final = (
    "select id from jobs where tenant=%s and kind='forecast' and ended is null order by id limit 1"
)


async def ask(connection: Connection, tenant: int, caller: Who, actor: Actor) -> uuid.UUID:
    """Ask for a forecast now; joins one that has not ended. Raises InputError `busy`."""
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        row = await (await connection.execute(_OPEN, (tenant,))).fetchone()
        if row is not None:
            known: uuid.UUID = row[0]
            return known
        new = NewJob(
            id=ids.uuid7(now_ms(), os.urandom(10)),
            kind=KIND,
            question=b"",
            caller=caller,
            actor=actor,
            total=_WHOLE,
            exact=True,
        )
        await jobs.begin(connection, tenant, new)
    return new.id


async def find_open(connection: Connection, tenant: int) -> str:
    """Give the job that has not ended; "" where there is none."""
    row = await (await connection.execute(_OPEN, (tenant,))).fetchone()
    return "" if row is None else str(row[0])


async def work(hub: Hub, job: Job, holder: uuid.UUID) -> None:
    """Forecast until done, stopped, or taken over by another."""

    done = 0

    async def goes_on(told: Told | None) -> bool | None:
        nonlocal done
        if told is not None and told.stage == ORIGIN:
            done = _WHOLE * told.done // max(told.total, 1)
        async with hub.connection() as connection:
            return await jobs.step(connection, job, holder, None, done, 0)

    state: str | None = jobs.CANCELLED
    if not job.stop:
        state, _ = await run_child(hub.url, job.tenant, RUN, job.actor, goes_on)
    if state is None:
        return
    async with hub.connection() as connection:
        if state == jobs.DONE:
            await jobs.step(connection, job, holder, None, _WHOLE, 0)
        await jobs.end(connection, job, holder, state)


async def run_child(
    url: str,
    tenant: int,
    mode: str,
    actor: Actor,
    goes_on: Callable[[Told | None], Awaitable[bool | None]],
) -> tuple[str | None, Told | None]:
    """Forecast in a child, as job_child.run says. Raises InputError `no_history`, `forecast`,
    `deadline`.
    """
    try:
        return await job_child.run(
            forecast_child.__name__,
            url,
            tenant,
            (mode,),
            goes_on,
            more=msgspec.json.encode(actor).decode(),
            code="forecast",
            deadline_s=FORECAST_DEADLINE_S,
        )
    except InputError as error:
        if "nothing was sold yet" in str(error):
            raise InputError("no_history", str(error)) from error
        raise
