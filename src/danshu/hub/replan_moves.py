"""Moves of a replan: each order by the door of a person's re-route, in a commit of its own.

The order is decided again with every warehouse left out but those of the plan. What a warehouse has
begun meanwhile is refused there, and noted. An order whose new place is not free yet is tried
again after the others have moved.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.orders.decide import BACKORDER, Command
from danshu.hub import acts, jobs, rerouting
from danshu.hub.changes import caused
from danshu.kernel.errors import InputError, ProgramError, Refusal
from danshu.kernel.limits import REPLAN_MOVES_AT_ONCE
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid

    from danshu.hub.changes import Change, Held
    from danshu.hub.compose import Hub
    from danshu.hub.jobs import Job
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
REASON: Final = "replan"
_LATER: Final = (BACKORDER, rerouting.NOWHERE_ELSE)
_TRIES: Final = 5
_ROUNDS: Final = 3
_CHUNK: Final = 64
_WANTED: Final = """
select m.id, m.becomes from replan_moves m where m.tenant=%s and m.run=%s and not exists
(select 1 from job_items i where i.tenant=m.tenant and i.job=m.run and i.id=m.id)
order by m.gain_fen desc, m.id
"""
_TOO_FAST: Final = Refusal(
    code="not_available",
    reason="库存变化太快,稍后重试",
    reason_en="Its stock changes too fast; try again",
    clause="stock.guard",
)


class _Later(Exception):
    """Rolls a transaction back: its place may come free."""


async def move_all(hub: Hub, job: Job, holder: uuid.UUID) -> str | None:
    """Move what the plan wants moved; gives the state to end in, None when another has the job."""
    async with hub.connection() as connection:
        asked = (job.tenant, job.id)
        rows = await (await connection.execute(_WANTED, asked, binary=True)).fetchall()
        done, failed = await jobs.count_items(connection, job)
    hub.worlds.distrust({job.tenant})
    waiting = [(row[0], tuple(row[1])) for row in rows]
    for turn in range(_ROUNDS):
        later: list[tuple[uuid.UUID, tuple[str, ...]]] = []
        for begin in range(0, len(waiting), _CHUNK):
            chunk = waiting[begin : begin + _CHUNK]
            told = await _move_some(hub, job, chunk, is_last=turn == _ROUNDS - 1)
            done += told.count(True)
            failed += told.count(False)
            later += [move for move, what in zip(chunk, told, strict=True) if what is None]
            async with hub.connection() as connection:
                goes_on = await jobs.step(connection, job, holder, None, done, failed)
            if not goes_on:
                return jobs.CANCELLED if goes_on is False else None
        waiting = later
    return jobs.DONE


async def _move_some(
    hub: Hub, job: Job, chunk: list[tuple[uuid.UUID, tuple[str, ...]]], *, is_last: bool
) -> list[bool | None]:
    told: list[bool | None] = []
    for begin in range(0, len(chunk), REPLAN_MOVES_AT_ONCE):
        some = chunk[begin : begin + REPLAN_MOVES_AT_ONCE]
        told += await asyncio.gather(*[_move(hub, job, *move, is_last=is_last) for move in some])
    return told


async def _move(
    hub: Hub, job: Job, id_: uuid.UUID, becomes: tuple[str, ...], *, is_last: bool
) -> bool | None:
    """Move one order: moved, refused, or (None) to be tried later."""
    for turn in range(_TRIES):
        world = await hub.worlds.ensure(job.tenant)
        try:
            async with hub.connection() as connection, connection.transaction():
                if not await jobs.take(connection, job, id_):
                    return False
                told = await _act(connection, world, job, id_, becomes, hub.clock())
                if told in _LATER and not is_last:
                    raise _Later
                await jobs.note(connection, job, id_, told)
                return told is None
        except _Later:
            hub.worlds.distrust({job.tenant})
            return None
        except write.GuardFailed:
            hub.worlds.distrust({job.tenant})
        except ProgramError:  # the order may know more of the master data than this world
            if turn:
                raise
            hub.worlds.forget(job.tenant)
        except BaseException:
            hub.worlds.distrust({job.tenant})
            raise
    async with hub.connection() as connection, connection.transaction():
        if await jobs.take(connection, job, id_):
            await jobs.note(connection, job, id_, _TOO_FAST)
    return False


async def _act(
    connection: Connection,
    world: World,
    job: Job,
    id_: uuid.UUID,
    becomes: tuple[str, ...],
    now_ms: int,
) -> Refusal | None:
    told = command(world, becomes, job.actor.sub)

    def decide(world: World, held: Held, now_ms: int) -> Change | Refusal:
        return caused(rerouting.reroute(world, held, told, now_ms), job.cause)

    try:
        answer = await acts.change(connection, world, id_, job.actor, now_ms, decide)
    except InputError as error:  # of one order: what is asked cannot be asked of it
        return Refusal(code=error.code, reason=error.detail, reason_en=error.detail)
    # Somebody has put it where the plan wants it already.
    return answer if isinstance(answer, Refusal) and answer != rerouting.SAME_PLAN else None


def command(world: World, becomes: tuple[str, ...], by: str) -> Command:
    """Say the re-route: everywhere is left out but where the plan puts the order."""
    others = tuple(code for code in sorted(world.warehouse_no) if code not in becomes)
    return Command(event="reroute", reason=REASON, exclude=others, by=by)
