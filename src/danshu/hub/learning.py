"""Learning of a merchant: trainings that are asked for (jobs in a child process), and what people
decide about models.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.capabilities.learning import registry
from danshu.hub import job_child, jobs, learning_child, learning_rows
from danshu.hub.job_child import END, Told
from danshu.hub.jobs import NewJob
from danshu.hub.worlds import now_ms
from danshu.kernel import ids
from danshu.kernel.limits import LEARNING_DEADLINE_S

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable

    from danshu.capabilities.learning.model import Model
    from danshu.hub.compose import Hub
    from danshu.hub.jobs import Job, Who
    from danshu.kernel.errors import Refusal
    from danshu.kernel.fact import Actor

Connection = Any
KIND: Final = "learning-train"
TOTAL: Final = 400
"""Hundredths of four targets: what a training's progress is counted in."""
_EACH: Final = 100
_TARGETS: Final = ("late", "hand", "way", "return")
_LOCK: Final = "select 1 from tenants where id=%s for no key update"
_OPEN: Final = (
    "select id from jobs where tenant=%s and kind=%s and ended is null order by id limit 1"
)


async def ask(connection: Connection, tenant: int, caller: Who, actor: Actor) -> uuid.UUID:
    """Ask for a training now; joins one that waits or runs. Gives the job's id.

    Raises InputError `busy`.
    """
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        row = await (await connection.execute(_OPEN, (tenant, KIND))).fetchone()
        if row is not None:
            under_way: uuid.UUID = row[0]
            return under_way
        new = NewJob(
            id=ids.uuid7(now_ms(), os.urandom(10)),
            kind=KIND,
            question=b"{}",
            caller=caller,
            actor=actor,
            total=TOTAL,
            exact=True,
        )
        await jobs.begin(connection, tenant, new)
    return new.id


async def under_way(connection: Connection, tenant: int) -> uuid.UUID | None:
    """Give the training that waits or runs."""
    row = await (await connection.execute(_OPEN, (tenant, KIND))).fetchone()
    return row[0] if row else None


async def work(hub: Hub, job: Job, holder: uuid.UUID) -> None:
    """Train until done, stopped, or taken over by another."""

    async def goes_on(told: Told | None) -> bool | None:
        async with hub.connection() as connection:
            return await jobs.step(connection, job, holder, None, progress(told), 0)

    state: str | None = jobs.CANCELLED
    last: Told | None = None
    if not job.stop:
        actor = msgspec.json.encode(job.actor).decode()
        state, last = await run(hub.url, job.tenant, learning_child.TRAIN, goes_on, actor)
    if state is None:
        return
    async with hub.connection() as connection:
        if state == jobs.DONE and last is not None:
            await jobs.step(connection, job, holder, None, TOTAL, 0)
        await jobs.end(connection, job, holder, state)


async def run(
    url: str,
    tenant: int,
    what: str,
    goes_on: Callable[[Told | None], Awaitable[bool | None]],
    actor: str = "",
) -> tuple[str | None, Told | None]:
    """Run the child for a merchant; see job_child.run."""
    return await job_child.run(
        learning_child.__name__,
        url,
        tenant,
        (what,),
        goes_on,
        more=actor,
        code="learning",
        deadline_s=LEARNING_DEADLINE_S,
    )


def progress(told: Told | None) -> int:
    """Give how far a training is, in hundredths of a target."""
    if told is None or told.stage not in _TARGETS:
        return TOTAL if told is not None and told.stage == END else 0
    return _EACH * _TARGETS.index(told.stage) + told.done


async def promote(
    hub: Hub, tenant: int, id_: uuid.UUID, note: str, actor: Actor
) -> Model | Refusal:
    """Put a model into use. Raises InputError `no_model`, `model_damaged`."""
    async with hub.connection() as connection:
        return await learning_rows.change(
            connection, tenant, id_, actor, hub.clock(), lambda m: registry.promote(m, note)
        )


async def retire(hub: Hub, tenant: int, id_: uuid.UUID, note: str, actor: Actor) -> Model | Refusal:
    """Retire a model; without a champion the rates answer. Raises InputError `no_model`."""
    async with hub.connection() as connection:
        return await learning_rows.change(
            connection, tenant, id_, actor, hub.clock(), lambda m: registry.retire(m, note)
        )
