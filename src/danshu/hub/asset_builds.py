"""Builds that are asked for: jobs, worked on by a child process (assets_child) that can be stopped.

The room `assets` runs the same child for whoever's assets are due.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.hub import assets_child, job_child, jobs
from danshu.hub.asset_register import find, known
from danshu.hub.assets_child import FORCE
from danshu.hub.jobs import NewJob
from danshu.hub.worlds import now_ms
from danshu.kernel import ids
from danshu.kernel.limits import ASSET_DEADLINE_S

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable, Sequence

    from danshu.hub.compose import Hub
    from danshu.hub.job_child import Told
    from danshu.hub.jobs import Job, Who
    from danshu.kernel.fact import Actor

Connection = Any
KIND: Final = "asset-build"
_LOCK: Final = "select 1 from tenants where id=%s for no key update"
_OPEN: Final = (
    "select id, question from jobs where tenant=%s and kind='asset-build' and state='waiting'"
    " and ended is null order by id"
)


class BuildQuestion(Struct, frozen=True, kw_only=True):
    """Which assets are built; () are all."""

    names: tuple[str, ...] = ()


_decode_question: Final = msgspec.json.Decoder(BuildQuestion).decode


async def ask(
    connection: Connection, tenant: int, names: Sequence[str], caller: Who, actor: Actor
) -> uuid.UUID:
    """Ask for a build now; joins one of the same assets that still waits. Gives the job's id.

    Raises InputError `no_asset`, `busy`.
    """
    for name in names:
        find(name)
    question = msgspec.json.encode(BuildQuestion(names=tuple(names)))
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        for id_, asked in await (await connection.execute(_OPEN, (tenant,))).fetchall():
            if bytes(asked) == question:
                waiting: uuid.UUID = id_
                return waiting
        new = NewJob(
            id=ids.uuid7(now_ms(), os.urandom(10)),
            kind=KIND,
            question=question,
            caller=caller,
            actor=actor,
            total=len(names) or len(known()),
            exact=True,
        )
        await jobs.begin(connection, tenant, new)
    return new.id


async def work(hub: Hub, job: Job, holder: uuid.UUID) -> None:
    """Build until done, stopped, or taken over by another."""
    names = _decode_question(job.question).names

    async def goes_on(told: Told | None) -> bool | None:
        done = told.done if told and told.stage != "read" else 0
        async with hub.connection() as connection:
            return await jobs.step(connection, job, holder, None, done, 0)

    state: str | None = jobs.CANCELLED
    last: Told | None = None
    if not job.stop:
        state, last = await run_child(hub.url, job.tenant, names, goes_on)
    if state is None:
        return
    async with hub.connection() as connection:
        if state == jobs.DONE and last is not None:
            await jobs.step(connection, job, holder, None, last.done - last.total, last.total)
        await jobs.end(connection, job, holder, state)


async def run_child(
    url: str,
    tenant: int,
    names: Sequence[str],
    goes_on: Callable[[Told | None], Awaitable[bool | None]],
    *,
    is_forced: bool = False,
) -> tuple[str | None, Told | None]:
    """Bring a merchant's assets up to the log in a child, as job_child.run says."""
    return await job_child.run(
        assets_child.__name__,
        url,
        tenant,
        names,
        goes_on,
        more=FORCE if is_forced else "",
        code="build",
        deadline_s=ASSET_DEADLINE_S,
    )
