"""Runs of the network: jobs whose work a child process does (network_child).

A plan is asked for once a day by the room, after each forecast, or by a person; a scenario by a
person. A plan that waits is joined by whoever asks for another.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.network.model import NetworkScenario
from danshu.hub import (
    job_child,
    jobs,
    network_child,
    network_inputs,
    network_scenes,
    network_settings,
)
from danshu.hub.jobs import NewJob, Who
from danshu.hub.network_plan import NetworkFigures
from danshu.hub.network_scenes import NetworkPlayed
from danshu.hub.worlds import now_ms
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Actor, rfc3339
from danshu.kernel.limits import NETWORK_DEADLINE_S, NETWORK_RUNS

if TYPE_CHECKING:
    from danshu.hub.compose import Hub
    from danshu.hub.job_child import Told
    from danshu.hub.jobs import Job

Connection = psycopg.AsyncConnection[Any]
Kind = Literal["plan", "scenario"]
KIND: Final = "network"
HUB: Final = Who(kind="Hub", id="network")
ACTOR: Final = Actor(sub="hub", role="network")
NO_RUN: Final = InputError("no_run", "there is no such run")
_WAITING: Final = """
select r.id from network_runs r join jobs j on j.tenant=r.tenant and j.id=r.id
where r.tenant=%s and r.kind='plan' and j.state='waiting' and j.ended is null limit 1
"""
_LOCK: Final = "select 1 from tenants where id=%s for no key update"
_BEGIN: Final = "insert into network_runs(tenant,id,kind,cause,question) values(%s,%s,%s,%s,%s)"
_STAGE: Final = """
update network_runs set stage=%s, share=%s where tenant=%s and id=%s and finished is null
"""
_COLUMNS: Final = """
r.id, r.kind, r.cause, r.question, r.forecast, r.stage, r.share, r.body, coalesce(j.state,
case when r.finished is null then 'failed' else 'done' end), coalesce(j.trouble,''),
coalesce((extract(epoch from r.finished)*1000)::int8,0)
"""
_READ: Final = f"""
select {_COLUMNS} from network_runs r left join jobs j on j.tenant=r.tenant and j.id=r.id
where r.tenant=%s and r.id=%s
"""
_LIST: Final = f"""
select {_COLUMNS} from network_runs r left join jobs j on j.tenant=r.tenant and j.id=r.id
where r.tenant=%s and r.id<%s and (%s='' or r.kind=%s) order by r.id desc limit %s
"""
_OLD: Final = """
delete from network_runs r where tenant=%s and (finished is not null or not exists (
  select 1 from jobs j where j.tenant=r.tenant and j.id=r.id and j.ended is null))
and id not in (select id from network_runs where tenant=%s order by id desc limit %s)
and id not in (select run from network_heads where tenant=%s)
"""


class NetworkRun(Struct, frozen=True, kw_only=True):
    """A run. `kind`: plan, scenario; `state`: waiting, running, done, cancelled, failed (`trouble`
    says why). `share` in percent of `stage`; `figures` of a plan that is done, `played` of a
    scenario.
    """

    id: uuid.UUID
    kind: str
    cause: str
    state: str
    stage: str
    share: int
    trouble: str
    forecast: str
    begun: str
    finished: str
    title: str
    figures: NetworkFigures | None
    played: NetworkPlayed | None


_decode_figures: Final = msgspec.json.Decoder(NetworkFigures).decode
_decode_played: Final = msgspec.json.Decoder(NetworkPlayed).decode
_decode_scenario: Final = msgspec.json.Decoder(NetworkScenario).decode


async def ask_plan(
    connection: Connection, tenant: int, cause: str, caller: Who = HUB, actor: Actor = ACTOR
) -> uuid.UUID:
    """Ask for a plan; joins one that still waits. Gives the run. Raises InputError `busy`,
    `no_network`, `no_forecast`.
    """
    await network_inputs.read(connection, tenant)
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        row = await (await connection.execute(_WAITING, (tenant,))).fetchone()
        if row is not None:
            waiting: uuid.UUID = row[0]
            return waiting
        return await _begin(connection, tenant, "plan", cause, b"", caller, actor)


async def ask_scenario(
    connection: Connection, tenant: int, scenario: NetworkScenario, caller: Who, actor: Actor
) -> uuid.UUID:
    """Ask for a scenario. Raises InputError `busy`, `no_history`, `no_warehouse`, `all_closed`."""
    kept = await network_settings.read(connection, tenant)
    places = await network_inputs.read_places(connection, tenant, kept.settings)
    recorded = await network_scenes.read_recorded(connection, tenant, places)
    network_scenes.lay_setting(kept.settings, places, recorded, scenario)
    question = msgspec.json.encode(scenario)
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        return await _begin(connection, tenant, "scenario", "person", question, caller, actor)


async def _begin(
    connection: Connection, tenant: int, kind: Kind, cause: str, question: bytes, caller: Who,
    actor: Actor,
) -> uuid.UUID:  # fmt: skip
    id_ = ids.uuid7(now_ms(), os.urandom(10))
    new = NewJob(id=id_, kind=KIND, question=b"", caller=caller, actor=actor, total=100, exact=True)
    await jobs.begin(connection, tenant, new)
    await connection.execute(_BEGIN, (tenant, id_, kind, cause, question))
    await connection.execute(_OLD, (tenant, tenant, NETWORK_RUNS, tenant))
    return id_


async def read(connection: Connection, tenant: int, id_: uuid.UUID) -> NetworkRun:
    """Read a run. Raises InputError `no_run`."""
    row = await (await connection.execute(_READ, (tenant, id_))).fetchone()
    if row is None:
        raise NO_RUN
    return _show(row)


async def list_runs(
    connection: Connection, tenant: int, kind: str, before: uuid.UUID, limit: int
) -> list[NetworkRun]:
    """List runs, the newest first; a kind, or "" for both."""
    cursor = await connection.execute(_LIST, (tenant, before, kind, kind, limit))
    return [_show(row) for row in await cursor.fetchall()]


def _show(row: tuple[Any, ...]) -> NetworkRun:
    id_, kind, cause, question, forecast, stage, share, body, state, trouble, ended = row
    has = bool(body)
    return NetworkRun(
        id=id_,
        kind=kind,
        cause=cause,
        state="done" if ended else state,
        stage=stage,
        share=share,
        trouble=trouble,
        forecast=forecast,
        begun=rfc3339(ids.made_ms(id_)),
        finished=rfc3339(ended) if ended else "",
        title=_decode_scenario(bytes(question)).title if question else "",
        figures=_decode_figures(bytes(body)) if has and kind == "plan" else None,
        played=_decode_played(bytes(body)) if has and kind == "scenario" else None,
    )


async def work(hub: Hub, job: Job, holder: uuid.UUID) -> None:
    """Work on a run until it is done, cancelled, or taken over by another."""
    state: str | None = jobs.CANCELLED
    if not job.stop:
        async with hub.connection() as connection:
            run = await read(connection, job.tenant, job.id)
        # A runner that died after its child's commit left the job open.
        state = jobs.DONE if run.finished else await _run_child(hub, job, holder)
    if state is None:
        return
    async with hub.connection() as connection:
        if state == jobs.DONE:
            await jobs.step(connection, job, holder, None, 100, 0)
        await jobs.end(connection, job, holder, state)


async def _run_child(hub: Hub, job: Job, holder: uuid.UUID) -> str | None:
    """Run the child, passing on how far it is; ends it when the job is stopped or lost."""

    async def goes_on(told: Told | None) -> bool | None:
        stage, percent = ("begin", 0) if told is None else (told.stage, told.done)
        async with hub.connection() as connection:
            await connection.execute(_STAGE, (stage, percent, job.tenant, job.id))
            return await jobs.step(connection, job, holder, None, percent, 0)

    state, _ = await job_child.run(
        network_child.__name__,
        hub.url,
        job.tenant,
        (str(job.id),),
        goes_on,
        code="network",
        deadline_s=NETWORK_DEADLINE_S,
    )
    return state
