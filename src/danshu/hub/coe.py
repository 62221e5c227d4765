"""Goals 目标 and the policy backlog 策略待办: set, ended, added, changed by people."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from danshu.capabilities.coe import decide, facts
from danshu.hub import coe_rows, metric_book
from danshu.hub.coe_rows import BACKLOG, GOALS
from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal

if TYPE_CHECKING:
    import uuid

    from danshu.capabilities.coe.model import BacklogItem, Goal, GoalPlan, ItemPlan, ItemState
    from danshu.hub.compose import Hub
    from danshu.kernel.fact import Actor

Connection = Any


async def set_goal(hub: Hub, tenant: int, plan: GoalPlan, actor: Actor) -> Goal:
    """Set a new goal. Raises InputError `no_metric`, `no_dimension`, `too_many`."""
    now_ms = hub.clock()
    async with hub.connection() as connection:
        await _check(connection, tenant, plan, now_ms)
        id_ = ids.uuid7(now_ms, os.urandom(10))
        said = facts.GoalSet(plan=plan)
        goal: Goal = await coe_rows.add(connection, GOALS, tenant, id_, said, actor, now_ms)
        return goal


async def change_goal(
    hub: Hub, tenant: int, id_: uuid.UUID, plan: GoalPlan, actor: Actor
) -> Goal | Refusal:
    """Set a goal anew. Raises InputError `no_goal`, `no_metric`, `no_dimension`."""
    now_ms = hub.clock()
    async with hub.connection() as connection:
        await _check(connection, tenant, plan, now_ms)
        done: Goal | Refusal = await coe_rows.change(
            connection, GOALS, tenant, id_, actor, now_ms, lambda g: decide.set_goal(g, plan)
        )
        return done


async def _check(connection: Connection, tenant: int, plan: GoalPlan, now_ms: int) -> None:
    held = (await metric_book.read_at(connection, tenant, now_ms)).get(plan.metric)
    if held is None:
        raise metric_book.NO_METRIC
    known = {d.name for d in held.metric.dimensions}
    if plan.dimension and plan.dimension not in known:
        raise InputError("no_dimension", f"{plan.metric} is not told apart by {plan.dimension}")
    if bool(plan.dimension) != bool(plan.value):
        raise InputError("no_dimension", "a dimension comes with its value", "/value")


async def end_goal(
    hub: Hub, tenant: int, id_: uuid.UUID, note: str, actor: Actor
) -> Goal | Refusal:
    """End a goal. Raises InputError `no_goal`."""
    async with hub.connection() as connection:
        done: Goal | Refusal = await coe_rows.change(
            connection, GOALS, tenant, id_, actor, hub.clock(), lambda g: decide.end_goal(g, note)
        )
        return done


async def add_item(hub: Hub, tenant: int, plan: ItemPlan, actor: Actor) -> BacklogItem:
    """Add an item to the backlog. Raises InputError `too_many`."""
    now_ms = hub.clock()
    id_ = ids.uuid7(now_ms, os.urandom(10))
    async with hub.connection() as connection:
        said = facts.BacklogAdded(plan=plan)
        item: BacklogItem = await coe_rows.add(
            connection, BACKLOG, tenant, id_, said, actor, now_ms
        )
        return item


async def change_item(
    hub: Hub,
    tenant: int,
    id_: uuid.UUID,
    plan: ItemPlan,
    state: ItemState,
    note: str,
    actor: Actor,
) -> BacklogItem:
    """Change an item; where it comes from stays. Raises InputError `no_backlog_item`."""
    from msgspec.structs import replace

    async with hub.connection() as connection:
        done: BacklogItem = await coe_rows.change(
            connection,
            BACKLOG,
            tenant,
            id_,
            actor,
            hub.clock(),
            lambda item: decide.change_item(
                item, replace(plan, origin=item.plan.origin, ref=item.plan.ref), state, note
            ),
        )
        return done
