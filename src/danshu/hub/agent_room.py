"""The room `agent`: skills look when it is their time; proposals expire, automatic ones are carried
out, what a dead process left is taken up again, what was done is measured.

Idle it asks two indexed questions. Acts go through a hub of the room's own, opened for the first
thing to do and kept: a worker with this room is one more node.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.agent import decide, noes
from danshu.hub import agent_doing, agent_rows, agent_skills, agent_switch
from danshu.hub.worlds import now_ms
from danshu.kernel.errors import DanshuError, Refusal
from danshu.kernel.limits import AGENT_DUE
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable

    from danshu.hub.compose import Hub

Connection = Any
ROOM: Final = "agent"
_DUE: Final = """
select tenant, id from proposals
where state in ('waiting','approved','performing','done','rolling_back') and due <= %s
order by due limit %s
"""
# Merchants with a network, founded a while ago: without a network there is nothing to look at, and
# who is about to be furnished need not be looked at meanwhile.
_DUE_SKILLS: Final = """
select t.id, s.name from tenants t cross join unnest(%s::text[]) s(name)
left join agent_runs r on r.tenant=t.id and r.skill=s.name
where (r.next is null or r.next <= %s) and t.created < now() - interval '15 minutes'
and exists (select 1 from warehouses w where w.tenant=t.id)
order by r.next nulls first, t.id, s.name limit 1
"""
_LATER_MS: Final = 60_000
_log = logging.getLogger("danshu.agent")


class AgentRoom:
    """The step of the room, and the hub that it holds open."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._open = contextlib.AsyncExitStack()
        self._hub: Hub | None = None

    async def __call__(self, connection: Connection) -> int:
        """Tend to what is due, then let one skill look; gives how many proposals were due."""
        at = write.instant(now_ms() * 1000)
        due = await (await connection.execute(_DUE, (at, AGENT_DUE))).fetchall()
        for tenant, id_ in due:
            await self._tend(tenant, id_)
        if not due:
            await self._look(connection)
        return len(due)

    async def close(self) -> None:
        """Let go of the hub."""
        await self._open.aclose()
        self._hub = None

    async def _ready(self) -> Hub:
        if self._hub is None:
            from danshu.hub import compose  # an idle room needs none of it

            self._hub = await self._open.enter_async_context(compose.open_hub(self._url))
        return self._hub

    async def _tend(self, tenant: int, id_: uuid.UUID) -> None:
        hub = await self._ready()
        try:
            await tend(hub, tenant, id_)
        except DanshuError as error:
            _log.warning("proposal %s can't be tended to: %s", id_, error)
            async with hub.connection() as connection:
                found = await agent_rows.read(connection, tenant, id_)
                until_ms = hub.clock() + _LATER_MS
                await agent_rows.put_off(connection, tenant, found.proposal, until_ms, tries=1)

    async def _look(self, connection: Connection) -> None:
        """Let the skill look whose time came first."""
        shown = {one.name: one for one in await agent_skills.describe()}
        at = write.instant(now_ms() * 1000)
        row = await (await connection.execute(_DUE_SKILLS, (sorted(shown), at))).fetchone()
        if row is not None:
            run = await agent_skills.look(await self._ready(), row[0], shown[row[1]])
            if run.trouble:
                _log.warning("skill %s rests: %s", run.skill, run.trouble)


async def tend(hub: Hub, tenant: int, id_: uuid.UUID) -> None:
    """Do what is due of a proposal. Raises InputError `no_proposal`."""
    async with hub.connection() as connection:
        found = await agent_rows.read(connection, tenant, id_)
    one = found.proposal
    if one.state in ("performing", "rolling_back"):
        await agent_doing.take_up(hub, tenant, one, found.tries)
    elif one.state == "done":
        await agent_doing.measure(hub, tenant, one)
    elif one.state in ("waiting", "approved"):
        await _decide(hub, tenant, id_)


async def _decide(hub: Hub, tenant: int, id_: uuid.UUID) -> None:
    """Let a proposal expire, or carry it out where nobody needs to be asked any more."""
    async with hub.connection() as connection:
        at_ms = hub.clock()
        told = await agent_rows.change(
            connection,
            tenant,
            id_,
            agent_switch.ROBOT,
            at_ms,
            lambda one: decide.expire(one, at_ms),
        )
    if isinstance(told, Refusal) or told.state not in ("waiting", "approved"):
        return
    done = await agent_doing.perform(hub, tenant, id_, agent_switch.ROBOT)
    if not isinstance(done, Refusal):
        return
    # what asks for people waits until it expires; what is stopped or above the day's budget is
    # looked at again: the day ends, and the switch is turned
    again = done in (noes.STOPPED, noes.OVER_BUDGET) or told.state == "approved"
    until_ms = at_ms + _LATER_MS if again else told.terms.expires_ms
    async with hub.connection() as connection:
        until_ms = min(until_ms, told.terms.expires_ms)
        await agent_rows.put_off(connection, tenant, told, max(until_ms, at_ms + 1_000))


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room."""
    return AgentRoom(url)
