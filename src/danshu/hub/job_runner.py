"""The runner of jobs in a serving process: takes up what waits, a few at a time.

A job of a process that died is taken up by any other once its lease is over, from where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
import uuid
from typing import TYPE_CHECKING, Final

import psycopg

from danshu.capabilities.people.policies import Principal
from danshu.hub import (
    asset_builds,
    asset_exports,
    bulk,
    connector_books,
    dead_letters,
    exports,
    forecast_jobs,
    jobs,
    learning,
    network_runs,
    people,
    reconcile,
    replan,
    resilience,
    rights,
    voucher_exports,
)
from danshu.hub.rights import Rights, Seated
from danshu.kernel import ids
from danshu.kernel.errors import DanshuError, InputError, NotAvailable
from danshu.kernel.limits import JOBS_AT_ONCE, RETRY_AFTER_S

if TYPE_CHECKING:
    from pathlib import Path

    from danshu.hub.compose import Hub
    from danshu.hub.jobs import Job, Who

_log = logging.getLogger("danshu.jobs")
_REST_S: Final = 1.0
_SWEEP_S: Final = 600.0
GONE: Final = InputError("forbidden", "whoever asked may act no more")
_KEY: Final = "select role, name from api_keys where tenant=%s and id=%s and revoked is null"
_MERCHANT: Final = "select code from tenants where id=%s"
_OF_THE_HUB: Final = {  # whose work asks no further right of whoever asked for it
    asset_builds.KIND: asset_builds.work,
    connector_books.KIND: connector_books.work,
    forecast_jobs.KIND: forecast_jobs.work,
    network_runs.KIND: network_runs.work,
    reconcile.KIND: reconcile.work,
    learning.KIND: learning.work,
    replan.KIND: replan.work,
    resilience.KIND: resilience.work,
}


class Runner:
    """Runs jobs from `run` until it is cancelled. `folder` keeps the files of exports."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        self.folder = folder
        self._hub = hub
        self._rights = Rights()
        self._woken = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Look for work now: a job was begun in this process."""
        self._woken.set()

    async def run(self) -> None:
        """Take up jobs until cancelled; those under way stop where they are, to be gone on with."""
        swept_s = -_SWEEP_S
        try:
            while True:
                self._woken.clear()
                try:
                    if time.monotonic() - swept_s > _SWEEP_S:
                        swept_s = time.monotonic()
                        await self._sweep()
                    while len(self._running) < JOBS_AT_ONCE and await self._take_up():
                        pass
                except (DanshuError, psycopg.Error, OSError) as error:
                    _log.warning("jobs: %s", error)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), _REST_S)
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _take_up(self) -> bool:
        """Begin one job; False when none waits."""
        holder = ids.uuid7(self._hub.clock(), os.urandom(10))
        async with self._hub.connection() as connection:
            job = await jobs.claim(connection, holder)
        if job is None:
            return False
        task = asyncio.create_task(self._work(job, holder))
        self._running.add(task)
        task.add_done_callback(self._done)
        return True

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._woken.set()

    async def _work(self, job: Job, holder: uuid.UUID) -> None:
        """Work on a job. What breaks the connection leaves it to whoever comes next."""

        async def seat() -> Seated:
            return await self.seat(job.tenant, job.caller)

        try:
            if job.kind == bulk.KIND:
                await bulk.work(self._hub, job, holder, seat)
            elif job.kind in _OF_THE_HUB:
                await _OF_THE_HUB[job.kind](self._hub, job, holder)
            elif job.kind == dead_letters.KIND:
                await dead_letters.work(self._hub, job, holder, seat)
            elif job.kind == asset_exports.KIND:
                await asset_exports.work(self._hub, job, holder, seat, self.folder)
            elif job.kind == voucher_exports.KIND:
                await voucher_exports.work(self._hub, job, holder, seat, self.folder)
            else:
                await exports.work(self._hub, job, holder, seat, self.folder)
        except (psycopg.OperationalError, psycopg.InterfaceError, NotAvailable) as error:
            _log.warning("job %s: %s", job.id, error)
            await asyncio.sleep(RETRY_AFTER_S)
        except InputError as error:
            await self._fail(job, holder, error.code, error.detail)
        except Exception as error:  # noqa: BLE001 - logged; it would fail again and again
            _log.exception("job %s", job.id)
            await self._fail(job, holder, "program", type(error).__name__)

    async def _fail(self, job: Job, holder: uuid.UUID, code: str, why: str) -> None:
        with contextlib.suppress(DanshuError, psycopg.Error):
            async with self._hub.connection() as connection:
                trouble = f"{code}: {why}"
                await jobs.end(connection, job, holder, jobs.FAILED, trouble=trouble)

    async def seat(self, tenant: int, who: Who) -> Seated:
        """Seat whoever asked for a job before the rules as they are now.

        Raises InputError `forbidden` when the key was revoked or the person disabled.
        """
        async with self._hub.connection() as connection:
            row = await (await connection.execute(_MERCHANT, (tenant,))).fetchone()
            merchant = row[0] if row else ""
            version = await rights.newest(connection, tenant)
            if who.kind == rights.KEY:
                row = await (await connection.execute(_KEY, (tenant, who.id))).fetchone()
                if row is None:
                    raise GONE
                principal = Principal(kind=who.kind, id=who.id, name=row[1], roles=(row[0],))
            else:
                found = await people.find(connection, tenant, uuid.UUID(who.id))
                if found.person.state != "active":
                    raise GONE
                principal = Principal(
                    kind=who.kind,
                    id=who.id,
                    number=found.person.number,
                    roles=found.person.roles,
                    warehouses=found.person.warehouses,
                )
            return await self._rights.seat(connection, tenant, merchant, version, principal)

    async def _sweep(self) -> None:
        """Forget jobs and delete files that were kept long enough."""
        async with self._hub.connection() as connection:
            await jobs.forget_old(connection, self._hub.clock())
        await asyncio.to_thread(exports.delete_old, self.folder, time.time())
