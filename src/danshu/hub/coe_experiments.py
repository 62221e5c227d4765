"""Experiments 实验: a policy set as the canary of a share of the orders, counted in both arms, and
ended through the canary's own door when a guardrail breaks.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.coe import decide, trial
from danshu.capabilities.coe.trial import TrialOrder
from danshu.capabilities.routing.policy.model import ROUTING
from danshu.hub import asset_pieces, asset_store, assets, coe_rows, policy_sets, policy_work
from danshu.hub.asset_files import of_tenant
from danshu.hub.asset_views import reading
from danshu.hub.coe_rows import EXPERIMENTS
from danshu.hub.policy_sets import Canary
from danshu.kernel import ids
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import Actor
from danshu.kernel.limits import COE_TRIAL_ORDERS

if TYPE_CHECKING:
    from pathlib import Path

    from danshu.capabilities.coe.model import Experiment, TrialPlan
    from danshu.hub.compose import Hub

Connection = Any
ROBOT: Final = Actor(sub="coe", role="system", grade="C")
# What policy was asked about an order is asked when it was first decided, with its region then.
_ORDERS: Final = """
with first as (
  select stream, min(occurred) as at, arg_min(region, seq) as region,
    arg_min(parcels, seq) as parcels, arg_min(cost, seq) as cost
  from routes where act = 'decided' group by stream),
judged as (
  select stream, bool_and(state = 'kept') as kept from (
    select stream, code, arg_max(
      case when event in ('corrected', 'ruled') then verdict else event end, seq) as state
    from promises where event in
      ('kept', 'broken', 'late', 'borderline', 'corrected', 'ruled', 'superseded')
    group by stream, code)
  where state in ('kept', 'broken', 'late') group by stream),
back as (select distinct stream from refunds)
select f.stream::varchar, o.channel, f.region, j.kept, f.parcels, f.cost, b.stream is not null
from first as f join orders as o on o.stream = f.stream
left join judged as j on j.stream = f.stream left join back as b on b.stream = f.stream
where o.kind = 'order' and f.at >= ? order by f.at desc, f.stream limit ?
"""


async def start(hub: Hub, tenant: int, plan: TrialPlan, actor: Actor) -> Experiment | Refusal:
    """Start an experiment: its set becomes the canary in the same commit. Raises InputError
    `no_policy_set`, `too_many`.
    """
    now_ms = hub.clock()
    id_ = ids.uuid7(now_ms, os.urandom(10))
    async with hub.connection() as connection, connection.transaction():
        kind = (await policy_sets.read_row(connection, tenant, plan.digest)).kind
        head = await policy_sets.read_head(connection, tenant)
        said = decide.start_trial(plan, head.canary, now_ms)
        if isinstance(said, Refusal):
            return said
        if kind != ROUTING:
            raise policy_sets.NO_SET
        rule = Canary(percent=plan.percent, channels=plan.channels, regions=plan.regions)
        moved = await policy_sets.set_canary(connection, tenant, plan.digest, rule, actor)
        if isinstance(moved, Refusal):
            return moved
        made: Experiment = await coe_rows.add(
            connection, EXPERIMENTS, tenant, id_, said, actor, now_ms
        )
    await policy_work.spread(hub, tenant)
    return made


async def stop(
    hub: Hub, tenant: int, id_: uuid.UUID, note: str, actor: Actor
) -> Experiment | Refusal:
    """Stop an experiment, and its canary. Raises InputError `no_experiment`."""
    async with hub.connection() as connection:
        done = await _end(
            connection, tenant, id_, actor, hub.clock(), lambda e: decide.stop_trial(e, note)
        )
    await policy_work.spread(hub, tenant)
    return done


async def look(hub: Hub, tenant: int, id_: uuid.UUID) -> Experiment:
    """Look after an experiment now. Raises InputError `no_experiment`."""
    async with hub.connection() as connection:
        done = await look_after(connection, tenant, id_, hub.clock())
    if done.state == "stopped":
        await policy_work.spread(hub, tenant)
    return done


async def look_after(
    connection: Connection, tenant: int, id_: uuid.UUID, now_ms: int
) -> Experiment:
    """Count both arms, say so, and stop where there is a reason to; on a connection in autocommit.

    Raises InputError `no_experiment`.
    """
    one: Experiment = await coe_rows.read(connection, EXPERIMENTS, tenant, id_)
    if one.state != "running":
        return one
    await coe_rows.look_at(connection, tenant, id_, now_ms)
    await asset_pieces.follow(connection, tenant, of_tenant(assets.place(), tenant))
    orders = await reading(lambda: count(assets.place(), tenant, one))
    figures = trial.measure(one.plan, orders)
    await coe_rows.change(
        connection,
        EXPERIMENTS,
        tenant,
        id_,
        ROBOT,
        now_ms,
        lambda e: decide.measure_trial(e, figures),
    )
    canary = (await policy_sets.read_head(connection, tenant)).canary
    done = await _end(
        connection,
        tenant,
        id_,
        ROBOT,
        now_ms,
        lambda e: decide.end_trial(e, {"canary": canary}, now_ms),
    )
    assert not isinstance(done, Refusal)  # ending by itself is said or not said, never refused
    return done


async def _end(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    actor: Actor,
    now_ms: int,
    say: Any,
) -> Experiment | Refusal:
    """Say that it stopped, and end its canary, in one commit; a canary of somebody else stays."""
    async with connection.transaction():
        done: Experiment | Refusal = await coe_rows.change(
            connection, EXPERIMENTS, tenant, id_, actor, now_ms, say
        )
        if not isinstance(done, Refusal) and done.state == "stopped":
            head = await policy_sets.read_head(connection, tenant)
            if head.canary == done.plan.digest:
                note = done.breached or done.note or done.why
                await policy_sets.roll_back(connection, tenant, actor, note)
        return done


def count(folder: Path, tenant: int, one: Experiment) -> list[TrialOrder]:
    """Read the orders that were decided since it started, each in its arm; in a thread."""
    plan = one.plan
    rule = Canary(percent=plan.percent, channels=plan.channels, regions=plan.regions)
    with asset_store.open_store(folder, tenant) as store:
        store.sources(("routes", "promises", "orders", "refunds"))
        rows = store.backend.con.execute(_ORDERS, [one.made_ms, COE_TRIAL_ORDERS]).fetchall()
    return [
        TrialOrder(
            is_treated=rule.takes(plan.digest, uuid.UUID(stream), channel, region),
            kept=kept,
            is_split=parcels > 1,
            cost_fen=cost,
            is_refunded=bool(is_refunded),
        )
        for stream, channel, region, kept, parcels, cost, is_refunded in rows
    ]
