"""Forecasts that are asked for: jobs, worked on by a child process (forecast_child) that can be
stopped. The room `forecasts` runs the same child by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.hub import forecast_child, jobs
from danshu.hub.forecast_child import END, ORIGIN, RUN, Told
from danshu.hub.jobs import NewJob
from danshu.hub.worlds import now_ms
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.limits import FORECAST_DEADLINE_S

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable

    from danshu.hub.compose import Hub
    from danshu.hub.jobs import Job, Who
    from danshu.kernel.fact import Actor

Connection = Any
KIND: Final = "forecast"
_BEAT_S: Final = 0.5
_WHOLE: Final = 100  # a job's progress is told in percent
_LOCK: Final = "select 1 from tenants where id=%s for no key update"
_OPEN: Final = (
    "select id from jobs where tenant=%s and kind='forecast' and ended is null order by id limit 1"
)
_decode_told: Final = msgspec.json.Decoder(Told).decode


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
    """Run the child; gives the state of the job (None: another has it) and what it said last.

    Asked again and again, `goes_on` ends it: False = stopped, None = lost. Raises InputError
    `no_history`, `forecast` when the child fails, `deadline` after FORECAST_DEADLINE_S.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", forecast_child.__name__, str(tenant), mode,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stderr is not None
    said: list[Told] = []
    try:
        # The URL holds a password: no argument of a process that others see.
        child.stdin.write(f"{url}\n{msgspec.json.encode(actor).decode()}\n".encode())
        child.stdin.close()
        listening = asyncio.gather(_listen(child, said), child.stderr.read())
        deadline_s = asyncio.get_running_loop().time() + FORECAST_DEADLINE_S
        while not listening.done():
            await asyncio.wait([listening], timeout=_BEAT_S)
            may_go_on = await goes_on(said[-1] if said else None)
            if not may_go_on:
                return (None if may_go_on is None else jobs.CANCELLED), None
            if asyncio.get_running_loop().time() > deadline_s:
                raise InputError("deadline", f"no forecast within {FORECAST_DEADLINE_S} s")
        _, errors = await listening
        if await child.wait() != 0 or not said or said[-1].stage != END:
            last = errors.decode(errors="replace").strip().rpartition("\n")[2]
            code = "no_history" if "nothing was sold yet" in last else "forecast"
            raise InputError(code, last[:200])
        return jobs.DONE, said[-1]
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()


async def _listen(child: asyncio.subprocess.Process, said: list[Told]) -> None:
    assert child.stdout is not None
    async for raw in child.stdout:
        with contextlib.suppress(msgspec.DecodeError):
            said.append(_decode_told(raw))
