"""Replan 重排: all open orders decided at once, moved by the door of a person's re-route.

A run is a job. It is asked for on schedule, by a person, or at once by an event (`ask`); while one
waits, a further event joins it. The solver runs in a process of its own (replan_child); what it
found is kept before anything moves, so that whoever takes the job up goes on from there.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.hub import (
    jobs,
    merchants,
    price_gate,
    replan_child,
    replan_moves,
    spare_snapshots,
)
from danshu.hub.jobs import NewJob, Who
from danshu.hub.replan_child import Outcome
from danshu.hub.replan_facts import ReplanFinished
from danshu.hub.worlds import now_ms
from danshu.kernel import ids
from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.fact import Actor
from danshu.kernel.limits import (
    REPLAN_CAUSE_CHARS,
    REPLAN_DEADLINE_S,
    REPLAN_EVERY_MIN,
    REPLAN_SWITCHING_FEN,
)

if TYPE_CHECKING:
    import uuid

    from danshu.hub.compose import Hub
    from danshu.hub.jobs import Job

Connection = psycopg.AsyncConnection[Any]
KIND: Final = "replan"
HUB: Final = Who(kind="Hub", id="replan")
ACTOR: Final = Actor(sub="hub", role="replan")
MOVING: Final = "moving"
_BEAT_S: Final = 4.0
_WAITING: Final = (
    "select id from jobs where tenant=%s and kind='replan' and state='waiting' and ended is null"
    " limit 1"
)
_LOCK: Final = "select 1 from tenants where id=%s for no key update"
_BEGIN: Final = "insert into replans(tenant,id,cause,stage) values(%s,%s,%s,'waiting')"
_STAGE: Final = "update replans set stage=%s, share=%s where tenant=%s and id=%s"
_KNOWN: Final = "select stage, cause from replans where tenant=%s and id=%s"
_FOUND: Final = """
update replans set stage='moving', share=0, orders=%s, lines=%s, pinned=%s, planned=%s,
before_fen=%s, after_fen=%s, bound_fen=%s, exact=%s, digest=%s, snapshot=%s, loads=%s
where tenant=%s and id=%s
"""
_MOVE: Final = """
insert into replan_moves(tenant,run,id,gain_fen,was,becomes) values(%s,%s,%s,%s,%s,%s)
on conflict do nothing
"""
_ENDED: Final = """
update replans set stage=%s, share=100 where tenant=%s and id=%s
returning orders,before_fen,after_fen,bound_fen,digest,snapshot,cause
"""
_SETTINGS: Final = "select every_min, switching_fen from replan_settings where tenant=%s"
_SET: Final = """
insert into replan_settings(tenant,every_min,switching_fen) values(%s,%s,%s)
on conflict (tenant) do update set every_min=excluded.every_min,
switching_fen=excluded.switching_fen
"""
_encode = msgspec.json.encode
_decode_outcome = msgspec.json.Decoder(Outcome).decode


class Settings(Struct, frozen=True, kw_only=True):
    """How often a merchant's open orders are planned anew, 0 = on events only; what a move costs,
    分.
    """

    every_min: int = REPLAN_EVERY_MIN
    switching_fen: int = REPLAN_SWITCHING_FEN


class _Line(Struct, frozen=True):
    stage: str
    share: float


_decode_line = msgspec.json.Decoder(_Line).decode


async def read_settings(connection: Connection, tenant: int) -> Settings:
    """Read a merchant's settings, or those that hold without any."""
    row = await (await connection.execute(_SETTINGS, (tenant,))).fetchone()
    return Settings() if row is None else Settings(every_min=row[0], switching_fen=row[1])


async def set_settings(connection: Connection, tenant: int, settings: Settings) -> None:
    """Set how often, and what a move costs."""
    await connection.execute(_SET, (tenant, settings.every_min, settings.switching_fen))


async def ask(
    connection: Connection,
    tenant: int,
    cause: str,
    caller: Who = HUB,
    actor: Actor = ACTOR,
) -> uuid.UUID:
    """Ask for a replan now; joins one that still waits. Gives the run's id.

    A runner of a serving process takes it up within a second. Raises InputError `busy`.
    """
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        row = await (await connection.execute(_WAITING, (tenant,), binary=True)).fetchone()
        if row is not None:
            waiting: uuid.UUID = row[0]
            return waiting
        id_ = ids.uuid7(now_ms(), os.urandom(10))
        new = NewJob(
            id=id_, kind=KIND, question=b"", caller=caller, actor=actor, total=0, exact=False
        )
        await jobs.begin(connection, tenant, new)
        await connection.execute(_BEGIN, (tenant, id_, cause[:REPLAN_CAUSE_CHARS]))
    return id_


async def work(hub: Hub, job: Job, holder: uuid.UUID) -> None:
    """Work on a run until it is done, cancelled, or taken over by another."""
    async with hub.connection() as connection:
        row = await (await connection.execute(_KNOWN, (job.tenant, job.id))).fetchone()
        settings = await read_settings(connection, job.tenant)
    if row is None:
        raise ProgramError(f"job {job.id} has no replan")
    state: str | None = jobs.CANCELLED if job.stop else jobs.DONE
    if row[0] != MOVING and not job.stop:
        try:
            state = await _solve(hub, job, holder, settings)
        except InputError:
            async with hub.connection() as connection:
                await connection.execute(_STAGE, (jobs.FAILED, 0, job.tenant, job.id))
            raise
    if state == jobs.DONE:
        state = await replan_moves.move_all(hub, job, holder)
    if state is not None:
        await _finish(hub, job, holder, state)


async def _solve(hub: Hub, job: Job, holder: uuid.UUID, settings: Settings) -> str | None:
    """Let the child plan; its outcome is kept in one commit with the moves that it wants."""
    folder = Path(tempfile.mkdtemp(prefix="danshu-replan-"))
    try:
        state = await _run_child(hub, job, holder, settings, folder)
        if state != jobs.DONE:
            return state
        outcome = _decode_outcome((folder / replan_child.PLAN).read_bytes())
        block = (folder / replan_child.PRICES).read_bytes()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    async with hub.connection() as connection, connection.transaction():
        await _keep(connection, job, outcome)
        await spare_snapshots.name(connection, job.tenant, [outcome.snapshot])
        await price_gate.judge(connection, job, outcome.trials, block, ACTOR)
    return jobs.DONE


async def _run_child(
    hub: Hub, job: Job, holder: uuid.UUID, settings: Settings, folder: Path
) -> str | None:
    """Run the solver, passing on how far it is; ends it when the job is stopped or lost."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", replan_child.__name__, str(job.tenant), str(folder),
        str(settings.switching_fen),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stderr is not None
    told = {"stage": "read", "share": 0}
    try:
        child.stdin.write(hub.url.encode() + b"\n")
        child.stdin.close()  # the URL holds a password: no argument of a process that others see
        listening = asyncio.gather(_listen(child, told), child.stderr.read())
        deadline_s = asyncio.get_running_loop().time() + REPLAN_DEADLINE_S
        while not listening.done():
            await asyncio.wait([listening], timeout=_BEAT_S)
            async with hub.connection() as connection:
                place = (job.tenant, job.id)
                await connection.execute(_STAGE, (told["stage"], told["share"], *place))
                goes_on = await jobs.step(connection, job, holder, None, job.done, job.failed)
            if not goes_on:
                return jobs.CANCELLED if goes_on is False else None
            if asyncio.get_running_loop().time() > deadline_s:
                raise InputError("deadline", f"no plan within {REPLAN_DEADLINE_S} s")
        _, errors = await listening
        if await child.wait() != 0:
            last = errors.decode(errors="replace").strip().rpartition("\n")[2]
            raise InputError("solver", last[:200])
        return jobs.DONE
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()


async def _listen(child: asyncio.subprocess.Process, told: dict[str, Any]) -> None:
    assert child.stdout is not None
    async for raw in child.stdout:
        with contextlib.suppress(msgspec.DecodeError):
            line = _decode_line(raw)
            told["stage"], told["share"] = line.stage, int(100 * line.share)


async def _keep(connection: Connection, job: Job, outcome: Outcome) -> None:
    """Keep what the child found, before anything moves."""
    await connection.execute(
        _FOUND,
        (
            outcome.orders, outcome.lines, outcome.pinned, len(outcome.moves),
            outcome.before_fen, outcome.after_fen, outcome.bound_fen, outcome.exact,
            bytes.fromhex(outcome.digest), bytes.fromhex(outcome.snapshot),
            _encode(outcome.loads), job.tenant, job.id,
        ),
    )  # fmt: skip
    async with connection.cursor() as cursor:
        await cursor.executemany(
            _MOVE,
            [
                (job.tenant, job.id, m.id, m.gain_fen, list(m.was), list(m.becomes))
                for m in outcome.moves
            ],
        )


async def _finish(hub: Hub, job: Job, holder: uuid.UUID, state: str) -> None:
    """End the job and say so, in one commit."""
    async with hub.connection() as connection, connection.transaction():
        done, failed = await jobs.count_items(connection, job)
        await jobs.step(connection, job, holder, None, done, failed)
        if not await jobs.end(connection, job, holder, state):
            return
        place = (state, job.tenant, job.id)
        row = await (await connection.execute(_ENDED, place, binary=True)).fetchone()
        assert row is not None
        orders, before, after, bound, digest, snapshot, cause = row
        said = ReplanFinished(
            after_fen=after,
            before_fen=before,
            bound_fen=bound,
            cause=cause,
            digest=bytes(digest).hex() if digest else "",
            gap_ppm=gap_ppm(after, bound),
            moved=done,
            orders=orders,
            outcome=state,
            refused=failed,
            run=str(job.id),
            snapshot=bytes(snapshot).hex() if snapshot else "",
        )
        await merchants.say(connection, job.tenant, job.actor, said)


def gap_ppm(after_fen: int, bound_fen: int) -> int:
    """Give how far a plan may be above the optimum, in millionths of the bound."""
    if bound_fen <= 0:
        return 0
    return max(0, (after_fen - bound_fen) * 1_000_000 // bound_fen)
