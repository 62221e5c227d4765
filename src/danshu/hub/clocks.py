"""The timers' room: a promise's clock rings, or a negotiation's; each firing is one commit."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import psycopg

from danshu.hub import (
    acts,
    escalating,
    group_buys,
    hold_rules,
    negotiating,
    negotiation_calls,
    paid_reviews,
    presale_clock,
    substitute_offers,
)
from danshu.hub.compose import now_ms
from danshu.hub.group_buys import TIMER_GROUP
from danshu.hub.hold_rules import TIMER_HOLD
from danshu.hub.paid_review_rows import TIMER_REVIEW
from danshu.hub.policy_calls import TIMER_CALL
from danshu.hub.presale_rows import TIMER_STAGE
from danshu.hub.vote_holds import TIMER_ESCALATION
from danshu.hub.worlds import Worlds
from danshu.kernel.fact import Actor
from danshu.ledger import timers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_log = logging.getLogger("danshu.clocks")
_RINGS = {
    TIMER_ESCALATION: escalating.release,
    TIMER_HOLD: hold_rules.ring,
    substitute_offers.TIMER_OFFER: substitute_offers.ring,
    TIMER_REVIEW: paid_reviews.ring,
}
CLOCK = Actor(sub="clock", role="system", grade="C")


def begin(url: str) -> Callable[[psycopg.AsyncConnection[Any]], Awaitable[int]]:
    """Give the step of the room: it fires due timers and tells how many."""
    worlds = Worlds(url)

    async def step(connection: psycopg.AsyncConnection[Any]) -> int:
        return await fire(connection, worlds, now_ms())

    return step


async def fire(connection: psycopg.AsyncConnection[Any], worlds: Worlds, at_ms: int) -> int:
    """Fire the timers that are due at `at_ms`, and tell how many did what they were for.

    A timer is deleted first in the commit that does it, so that two nodes cannot fire one timer.
    """
    fired = 0
    async with connection.transaction():
        due = await timers.claim(connection, at_ms * 1000)
        stuck = []
        # orders are locked in one order, so that two nodes cannot wait for one another
        for timer in sorted(due, key=lambda t: (t.tenant, t.id)):
            try:
                world = await worlds.ensure(timer.tenant)
                if timer.kind == negotiating.TIMER_NEGOTIATION:
                    await negotiating.ring(connection, world, timer.id, at_ms)
                elif timer.kind == TIMER_STAGE:
                    await presale_clock.ring(connection, world, timer.id, CLOCK, at_ms)
                elif timer.kind == TIMER_GROUP:
                    await group_buys.decide(connection, world, timer.id, CLOCK, at_ms)
                elif timer.kind == TIMER_CALL:
                    await negotiation_calls.open_ruled(connection, world, timer.id, at_ms)
                else:
                    ring = _RINGS.get(timer.kind, acts.tick)
                    await acts.change(connection, world, timer.id, CLOCK, at_ms, ring)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                raise
            except Exception:  # noqa: BLE001 - logged; one order must not stop the clocks
                _log.exception("the clock of order %s cannot ring", timer.id)
                stuck.append(timer)
            else:
                fired += 1
        if stuck:  # they stay due, and do not hold up the others
            put = timers.put(stuck)
            await connection.execute(put.sql, put.params, binary=True)
    return fired
