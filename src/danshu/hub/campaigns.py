"""Campaigns 关联动作: proposed by one, started by a person, looked after by its room."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from danshu.capabilities.associations import decide
from danshu.hub import campaign_looking, campaign_rows
from danshu.kernel import ids
from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    import uuid

    from danshu.capabilities.associations.model import Campaign, Plan
    from danshu.hub.compose import Hub
    from danshu.kernel.fact import Actor

Connection = Any


async def propose(hub: Hub, tenant: int, plan: Plan, actor: Actor) -> Campaign | Refusal:
    """Propose what is to be done about a rule. Raises InputError `too_many`."""
    now_ms = hub.clock()
    said = decide.propose(plan, now_ms)
    if isinstance(said, Refusal):
        return said
    id_ = ids.uuid7(now_ms, os.urandom(10))
    async with hub.connection() as connection:
        return await campaign_rows.add(connection, tenant, id_, said, actor, now_ms)


async def start(
    hub: Hub, tenant: int, id_: uuid.UUID, note: str, actor: Actor
) -> Campaign | Refusal:
    """Start a campaign: buyers are drawn and told from now on. Raises InputError `no_campaign`."""
    now_ms = hub.clock()
    async with hub.connection() as connection:
        return await campaign_rows.change(
            connection, tenant, id_, actor, now_ms, lambda c: decide.start(c, note, now_ms)
        )


async def stop(
    hub: Hub, tenant: int, id_: uuid.UUID, note: str, actor: Actor
) -> Campaign | Refusal:
    """Stop a campaign, or withdraw a proposal. Raises InputError `no_campaign`."""
    now_ms = hub.clock()
    async with hub.connection() as connection:
        return await campaign_rows.change(
            connection, tenant, id_, actor, now_ms, lambda c: decide.stop(c, "person", note)
        )


async def look(hub: Hub, tenant: int, id_: uuid.UUID) -> Campaign:
    """Look after a campaign now, as the room does every hour. Raises InputError `no_campaign`."""
    async with hub.connection() as connection:
        return await campaign_looking.look(connection, tenant, id_, hub.clock)
