"""The room `merging`: indexes receivers once a merchant looks for merges, merges by rule, and takes
apart what is left alone; releases what waited for it.
"""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.capabilities.orders.commands import Command
from danshu.capabilities.orders.model import State
from danshu.capabilities.orders.parcel_rules import ParcelRules
from danshu.hub import acts, masters, merging, merging_rows, merging_views, release_waits, search
from danshu.hub.compose import now_ms
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Actor
from danshu.kernel.limits import MERGE_GROUPS, PAGE_ROWS
from danshu.ledger.write import GuardFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from danshu.capabilities.orders.parcel_rules import MergeRule
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
ROBOT: Final = Actor(sub="danshu", role="system", grade="C")
AUTO: Final = "auto"
ALONE: Final = "alone"
_OPEN: Final = [int(s) for s in (State.PAID, State.HELD, State.ALLOCATED, State.RELEASED)]
_RULES: Final = "select tenant, merges, indexed, body from parcel_rules order by tenant"
_WAITING: Final = """
select 1 from parcel_receivers where tenant=%b group by wh, rkey
having count(distinct id) > 1 and min(since) < now() - make_interval(mins => %b) limit 1
"""
_decode: Final = msgspec.json.Decoder(ParcelRules).decode
_ORDERS: Final = """
select uuid_send(id) from worklist where tenant=%b and id > %b and state = any(%b::int2[])
order by id limit %b
"""
_INDEXED: Final = "update parcel_rules set indexed=true where tenant=%b and merges"
_CLEAR: Final = "delete from parcel_receivers where tenant=%b"
# A parcel that lost its others before it was packed; what has left stays what it was.
_ALONE: Final = """
select grp from parcel_members where tenant=%b group by grp
having count(*) = 1 and bool_and(state in ('allocated','released','picked')) limit 100
"""
_log = logging.getLogger("danshu.merging")


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room; 1 when more is waiting."""
    del url
    worlds: dict[int, World] = {}

    async def step(connection: Connection) -> int:
        done = await release_due(connection, worlds)
        for tenant, merges, indexed, body in await _all(connection, _RULES, ()):
            if merges and not indexed:
                await build(connection, tenant)
                done = 1
            elif not merges:
                await connection.execute(_CLEAR, (tenant,), binary=True)
            done |= await tidy(connection, tenant, _decode(bytes(body)).merge, worlds)
        return done

    return step


async def build(connection: Connection, tenant: int) -> None:
    """Index all open orders of a merchant; what changes meanwhile the room `rows` indexes."""
    salt = await search.read_salt(connection, tenant)
    after = uuid.UUID(int=0)
    while True:
        asked = (tenant, after, _OPEN, PAGE_ROWS * 5)
        found = [bytes(r[0]) for r in await _all(connection, _ORDERS, asked)]
        if not found:
            break
        async with connection.transaction():
            await merging_rows.index(connection, tenant, salt, found)
        after = uuid.UUID(bytes=found[-1])
    await connection.execute(_INDEXED, (tenant,), binary=True)


async def tidy(
    connection: Connection, tenant: int, rule: MergeRule, worlds: dict[int, World]
) -> int:
    """Take apart what is alone, and merge what the merchant's rule merges; 1 when it did any.

    A world is loaded only where there is something to do, and kept while it holds.
    """
    alone = await _all(connection, _ALONE, (tenant,))
    waiting = await _all(connection, _WAITING, (tenant, rule.wait_min)) if rule.auto else []
    if not alone and not waiting:
        return 0
    world = await _world(connection, tenant, worlds)
    if world is None:
        return 0
    done = 0
    for (group,) in alone:
        done += await _try(merging.unmerge(connection, world, group, ROBOT, now_ms(), reason=ALONE))
    if waiting:
        done += await merge_all(connection, world, rule.wait_min)
    return int(done > 0)


async def release_due(connection: Connection, worlds: dict[int, World]) -> int:
    """Release what has waited long enough to be merged; gives how many orders or parcels went."""
    done, at_ms = 0, now_ms()
    for tenant in await release_waits.list_tenants(connection, at_ms):
        world = await _world(connection, tenant, worlds)
        if world is None:
            continue
        for id_ in await release_waits.list_due(connection, tenant, at_ms):
            went = await _try(_release(connection, world, id_, at_ms))
            if not went:
                await release_waits.leave(connection, tenant, id_, at_ms)
            done += went
    return int(done > 0)


async def _release(
    connection: Connection, world: World, id_: uuid.UUID, at_ms: int
) -> object | Refusal:
    """Release an order, with the whole parcel where it was merged into one."""
    held = await acts.hold(connection, world, id_, locked=False)
    if held is None:
        return acts.NO_ORDER
    told = Command(event="release", by=ROBOT.sub)
    groups = {f.group for f in held.order.fulfilments if f.group and f.state == "allocated"}
    answer: object = acts.NO_ORDER
    for group in sorted(groups):
        answer = await merging.act_together(connection, world, uuid.UUID(group), told, ROBOT, at_ms)
    if not groups:
        answer = await acts.change(connection, world, id_, ROBOT, at_ms, acts.command(told))
    return answer


async def _world(connection: Connection, tenant: int, worlds: dict[int, World]) -> World | None:
    """Give a merchant's world as it is now; None for one without a network."""
    world = worlds.get(tenant)
    if world is None or await masters.changed(connection, world):
        try:
            world = await masters.load(connection, tenant, 0.0, now_ms())
        except InputError:  # a merchant without a network has no parcels
            return None
        worlds[tenant] = world
    return world


async def merge_all(connection: Connection, world: World, wait_min: int) -> int:
    """Merge by rule what has waited long enough; gives how many parcels it made."""
    made, after = 0, merging_views.FIRST
    while True:
        found, following = await merging_views.candidates(
            connection, world, None, after, MERGE_GROUPS
        )
        for bundle in found:
            if merging_views.age_ms(bundle, now_ms()) >= wait_min * 60_000:
                places = [(m.order, m.fulfilment) for m in bundle.members]
                made += await _try(
                    merging.merge(connection, world, places, ROBOT, now_ms(), rule=AUTO)
                )
        if following is None:
            return made
        after = following


async def _try(act: Awaitable[Any]) -> int:
    """Do one; what another commit was faster with is seen again the next time."""
    try:
        told = await act
    except (GuardFailed, InputError) as error:
        _log.info("not merged now: %s", error)
        return 0
    return int(not isinstance(told, Refusal))


async def _all(connection: Connection, sql: str, asked: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    return await (await connection.execute(sql, asked, binary=True)).fetchall()
