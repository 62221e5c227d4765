"""Resilience 业务韧性: marks of each day, and the job that simulates losses N-1 and N-2.

A simulation is a job: asked for once a day, or by a person; it decides open orders in memory and
moves nothing.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.routing.resilience import index, losses
from danshu.hub import jobs, masters, merchants, open_orders, pictures, spare_snapshots
from danshu.hub.jobs import NewJob, Who
from danshu.hub.twin_facts import ResilienceAlarmed, ResilienceAssessed
from danshu.hub.worlds import now_ms
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Actor
from danshu.kernel.limits import (
    REPLAN_CAUSE_CHARS,
    RESILIENCE_ORDERS,
    RESILIENCE_PAIRS,
    RESILIENCE_SURCHARGE_FEN,
    RESILIENCE_THRESHOLD,
)

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.capabilities.routing.resilience.index import Mark
    from danshu.hub.compose import Hub
    from danshu.hub.jobs import Job
    from danshu.hub.open_orders import OpenOrders
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
KIND: Final = "resilience"
HUB: Final = Who(kind="Hub", id="resilience")
ACTOR: Final = Actor(sub="hub", role="resilience")
_STEPS: Final = 8  # losses between two looks at whether the job was stopped
_OPEN_JOB: Final = (
    "select id from jobs where tenant=%s and kind='resilience' and ended is null limit 1"
)
_LOCK: Final = "select 1 from tenants where id=%s for no key update"
_BEGIN: Final = "insert into resilience_runs(tenant,id,cause) values(%s,%s,%s)"
_KEEP: Final = (
    "update resilience_runs set orders=%s, snapshot=%s, body=%s where tenant=%s and id=%s"
)
_SETTINGS: Final = "select threshold, surcharge_fen from resilience_settings where tenant=%s"
_SET: Final = """
insert into resilience_settings(tenant,threshold,surcharge_fen) values(%s,%s,%s)
on conflict (tenant) do update set threshold=excluded.threshold,
surcharge_fen=excluded.surcharge_fen
"""
_BEFORE: Final = """
select distinct on (wh) wh, score from resilience_marks where tenant=%s order by wh, day desc
"""
_MARK: Final = """
insert into resilience_marks(tenant,day,wh,score,body) values(%s,current_date,%s,%s,%s)
on conflict (tenant,day,wh) do update set score=excluded.score, body=excluded.body, at=now()
"""
_encode = msgspec.json.encode


class Settings(Struct, frozen=True, kw_only=True):
    """Under which index a warehouse gets no new volume, as long as an alternative costs at most
    `surcharge_fen` 分 more.
    """

    threshold: int = RESILIENCE_THRESHOLD
    surcharge_fen: int = RESILIENCE_SURCHARGE_FEN


class Loss(Struct, frozen=True, kw_only=True):
    """What losing warehouses costs over the simulated orders, against none lost: 分 in all, of it
    freight and handling, lateness, and what is left behind; lines left behind more.
    """

    warehouses: tuple[str, ...]
    total_fen: int
    cost_fen: int
    late_fen: int
    left_fen: int
    left: int


class Losses(Struct, frozen=True, kw_only=True):
    """A simulation: the orders' cost with all warehouses, and losses, the dearest first."""

    orders: int
    total_fen: int
    left: int
    singles: tuple[Loss, ...]
    pairs: tuple[Loss, ...]
    pairs_left_out: int


decode_losses: Final = msgspec.json.Decoder(Losses).decode


async def read_settings(connection: Connection, tenant: int) -> Settings:
    """Read a merchant's settings, or those that hold without any."""
    row = await (await connection.execute(_SETTINGS, (tenant,))).fetchone()
    return Settings() if row is None else Settings(threshold=row[0], surcharge_fen=row[1])


async def set_settings(connection: Connection, tenant: int, settings: Settings) -> None:
    """Set them; the next snapshot decides by them."""
    async with connection.transaction():
        await connection.execute(_SET, (tenant, settings.threshold, settings.surcharge_fen))
        await pictures.touch(connection, tenant)


async def ask(
    connection: Connection, tenant: int, cause: str, caller: Who = HUB, actor: Actor = ACTOR
) -> uuid.UUID:
    """Ask for a simulation; joins one that has not ended. Raises InputError `busy`."""
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        row = await (await connection.execute(_OPEN_JOB, (tenant,), binary=True)).fetchone()
        if row is not None:
            known: uuid.UUID = row[0]
            return known
        id_ = ids.uuid7(now_ms(), os.urandom(10))
        new = NewJob(
            id=id_, kind=KIND, question=b"", caller=caller, actor=actor, total=0, exact=False
        )
        await jobs.begin(connection, tenant, new)
        await connection.execute(_BEGIN, (tenant, id_, cause[:REPLAN_CAUSE_CHARS]))
    return id_


async def read_inputs(connection: Connection, tenant: int) -> tuple[World, OpenOrders]:
    """Read a world of one's own and the merchant's open orders, at most RESILIENCE_ORDERS."""
    at_ms = now_ms()
    world = await masters.load(connection, tenant, time.monotonic(), at_ms)
    opened = await open_orders.read(connection, world, at_ms, 0, RESILIENCE_ORDERS)
    return world, opened


async def mark(connection: Connection, tenant: int) -> tuple[Mark, tuple[Mark, ...]]:
    """Mark a merchant's warehouses now, keep the marks as today's, say what crossed the threshold.

    Raises InputError `no_network`.
    """
    world, opened = await read_inputs(connection, tenant)
    orders = opened.problem.orders
    whole, marks = await asyncio.to_thread(
        index.mark_all,
        world.snapshot,
        world.atp,
        world.capacity,
        orders.sku,
        orders.qty,
        orders.was,
    )
    async with connection.transaction():
        settings = await read_settings(connection, tenant)
        before = dict(await (await connection.execute(_BEFORE, (tenant,))).fetchall())
        async with connection.cursor() as cursor:
            rows = [(tenant, m.warehouse, m.score, _encode(m)) for m in (whole, *marks)]
            await cursor.executemany(_MARK, rows)
        crossed = [m for m in marks if _crosses(m, before, settings.threshold)]
        for each in crossed:
            said = ResilienceAlarmed(
                is_under=each.score < settings.threshold,
                part=weakest_part(each),
                score=each.score,
                threshold=settings.threshold,
                warehouse=each.warehouse,
            )
            await merchants.say(connection, tenant, ACTOR, said)
        if crossed:
            await pictures.touch(connection, tenant)
    return whole, marks


def _crosses(each: Mark, before: dict[str, int], threshold: int) -> bool:
    was_under = before.get(each.warehouse, 100) < threshold
    return was_under != (each.score < threshold)


def weakest_part(each: Mark) -> str:
    """Name the part that is least."""
    return min(index.WEIGHTS, key=lambda name: getattr(each, name))


async def work(hub: Hub, job: Job, holder: uuid.UUID) -> None:
    """Simulate losses until done, cancelled, or taken over by another."""
    async with hub.connection() as connection:
        world, opened = await read_inputs(connection, job.tenant)
    told, state = await _simulate(hub, job, holder, world, opened)
    if state is None:
        return
    async with hub.connection() as connection, connection.transaction():
        row = (told.orders, bytes.fromhex(world.snapshot.digest), _encode(told))
        await connection.execute(_KEEP, (*row, job.tenant, job.id))
        await spare_snapshots.name(connection, job.tenant, [world.snapshot.digest])
        if not await jobs.end(connection, job, holder, state):
            return
        worst = told.singles[0] if told.singles else None
        said = ResilienceAssessed(
            digest=opened.digest(world.snapshot.digest),
            orders=told.orders,
            outcome=state,
            pairs=len(told.pairs),
            run=str(job.id),
            singles=len(told.singles),
            snapshot=world.snapshot.digest,
            weakest=worst.warehouses[0] if worst else "",
            weakest_fen=worst.total_fen if worst else 0,
        )
        await merchants.say(connection, job.tenant, job.actor, said)


async def _simulate(
    hub: Hub, job: Job, holder: uuid.UUID, world: World, opened: OpenOrders
) -> tuple[Losses, str | None]:
    """Decide without each warehouse and each pair; state None: another has the job by now."""
    codes = world.snapshot.network.codes
    skus = [""] * len(world.atp)
    for code, (row, _) in world.skus.items():
        skus[row] = code
    measured = losses.lay_out(world.snapshot, opened.problem, skus)
    base = await asyncio.to_thread(losses.decide_without, measured, ())
    asked: list[tuple[int, ...]] = [(w,) for w in losses.find_singles(base)]
    found: list[losses.Outcome] = []
    pairs: list[tuple[int, int]] = []
    left_out = 0
    state: str | None = jobs.CANCELLED if job.stop else jobs.DONE
    while state == jobs.DONE and len(found) < len(asked):
        group = asked[len(found) : len(found) + _STEPS]
        found += await asyncio.to_thread(_decide, measured, group)
        if len(found) == len(asked) and not pairs:
            every = losses.find_pairs(base, found)
            pairs = every[:RESILIENCE_PAIRS]
            left_out = len(every) - len(pairs)
            asked += pairs
        async with hub.connection() as connection:
            goes_on = await jobs.step(connection, job, holder, None, len(found), 0)
        state = jobs.DONE if goes_on else jobs.CANCELLED if goes_on is False else None
    made = sorted((_loss(base, one, codes) for one in found), key=lambda x: -x.total_fen)
    told = Losses(
        orders=len(opened.ids),
        total_fen=base.total_fen,
        left=base.left,
        singles=tuple(one for one in made if len(one.warehouses) == 1),
        pairs=tuple(one for one in made if len(one.warehouses) == 2),
        pairs_left_out=left_out,
    )
    return told, state


def _decide(measured: losses.World, group: Sequence[tuple[int, ...]]) -> list[losses.Outcome]:
    return [losses.decide_without(measured, lost) for lost in group]


def _loss(base: losses.Outcome, one: losses.Outcome, codes: tuple[str, ...]) -> Loss:
    return Loss(
        warehouses=tuple(codes[w] for w in one.lost),
        total_fen=one.total_fen - base.total_fen,
        cost_fen=one.cost_fen - base.cost_fen,
        late_fen=one.late_fen - base.late_fen,
        left_fen=one.left_fen - base.left_fen,
        left=one.left - base.left,
    )


NO_RUN: Final = InputError("no_run", "there is no such simulation")
