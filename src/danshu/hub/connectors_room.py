"""The room `connectors`: asks far sides what stands in the outbox, many at once, and records it.

A call is written as handed over before it is sent. A far side that hangs holds up its own calls
alone: each has so many places, and what is due elsewhere goes on. What ended is recorded many at a
time; whoever asked is told in the commit that records the answer.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec.structs import replace

from danshu.capabilities.weave import routes
from danshu.hub import connecting, connector_outbox, connector_sides, wires
from danshu.hub.compose import now_ms
from danshu.hub.connector_hearers import HEARERS as HEARERS
from danshu.hub.connector_outbox import End, Outcome, Taken, Window
from danshu.hub.connector_tending import Tender
from danshu.hub.connectors import ON, TRIAL
from danshu.hub.worlds import Worlds
from danshu.kernel.errors import DanshuError, InputError
from danshu.kernel.limits import (
    CALL_NO_ROUTE_S,
    CALL_QUIET_MS,
    CALL_RETRY_MS,
    CALL_TIMEOUT_MAX_S,
    CALLS_IN_FLIGHT,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import aiohttp

    from danshu.hub.connector_sides import Side

Connection = psycopg.AsyncConnection[Any]
_log = logging.getLogger("danshu.connectors")
# What a dead process had handed over is asked again after this long.
LEASE_MS: Final = 2 * (1_000 * CALL_TIMEOUT_MAX_S + CALL_QUIET_MS)
_GATHER_S: Final = 0.01  # answers of so long are recorded together
_TOGETHER: Final = 32  # answers that are acted on in one commit
_TEND_MS: Final = 1_000
_TEND_IDLE_MS: Final = 5_000


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room."""
    return Engine(url).step


class Engine:
    """What is under way in this process. A connection that breaks leaves it to the next engine."""

    def __init__(self, url: str) -> None:
        self._worlds = Worlds(url)
        self._wire: aiohttp.ClientSession | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._ended: list[Outcome] = []
        self._tended_ms = 0
        self.tender = Tender()

    async def step(self, connection: Connection) -> int:
        """Record what ended, take up what is due, and ask it; 0 when there is nothing to do."""
        at_ms = now_ms()
        recorded = await self._record(connection)
        is_due = await connector_outbox.is_due(connection, at_ms)
        is_busy = bool(self._running) or is_due or recorded
        if at_ms - self._tended_ms >= (_TEND_MS if is_busy else _TEND_IDLE_MS):
            self._tended_ms = at_ms
            await self.tender.tend(connection, self._open_wire, at_ms)
        taken = await self._take(connection, at_ms) if is_due else []
        for call in taken:
            self._begin(call, at_ms)
        if self._running:
            await asyncio.sleep(_GATHER_S)
        if self._running or self._ended:
            return 1
        if not taken and not recorded and not self.tender.is_probing:
            await self._close_wire()
        return recorded

    def _open_wire(self) -> aiohttp.ClientSession:
        if self._wire is None:
            self._wire = wires.open_wire()
        return self._wire

    async def _close_wire(self) -> None:
        if self._wire is not None:
            wire, self._wire = self._wire, None
            await wire.close()

    async def _take(self, connection: Connection, at_ms: int) -> list[Taken]:
        async with connection.transaction():
            await self._route(connection, at_ms)
            windows = self._windows(at_ms)
            if not windows:
                return []
            taken = await connector_outbox.take(connection, windows, at_ms, LEASE_MS)
        filled = [await self._fill(connection, call) for call in taken]
        return [call for call in filled if call is not None]

    async def _fill(self, connection: Connection, call: Taken) -> Taken | None:
        """Fill in what does not stand in the outbox; None leaves the call for later."""
        told = (call.tenant, call.purpose, call.subject, call.body)
        try:
            body = await connecting.fill(connection, *told)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - logged; one call must not stop the others
            _log.exception("call %s cannot be filled in", call.id)
            await self._later(connection, connector_sides.unfilled(call, now_ms()), str(error))
            return None
        return call if body is call.body else replace(call, body=body)

    async def _route(self, connection: Connection, at_ms: int) -> None:
        """Say where calls go that have no connector yet."""
        rows = await connector_outbox.read_unrouted(connection, at_ms)
        if not rows:
            return
        placed: list[connector_outbox.Placed] = []
        for tenant, id_, capability, subject, warehouse, channel in rows:
            head = self.tender.routes.get((tenant, capability))
            goes = routes.choose(head.route, subject, warehouse, channel) if head else None
            side = self.tender.by_name.get((tenant, goes or ""))
            is_there = side is not None and side.desk.state == ON
            to = side.desk.id if side and is_there else None
            placed.append((tenant, id_, to, head.version if head else 0))
        again_ms = at_ms + CALL_NO_ROUTE_S * 1_000
        await connector_outbox.place(connection, placed, again_ms, "no_route")

    def _windows(self, at_ms: int) -> list[Window]:
        left = CALLS_IN_FLIGHT - len(self._running)
        windows = []
        for side in self.tender.sides.values():
            free, probes = side.free(at_ms)
            free = min(free, left)
            if free <= 0:
                continue
            left -= free
            desk = side.desk
            windows.append(
                Window(
                    tenant=desk.tenant,
                    connector=desk.id,
                    free=free,
                    probes=probes,
                    trial_only=desk.state == TRIAL,
                )
            )
        return windows

    def _begin(self, call: Taken, at_ms: int) -> None:
        side = self.tender.sides[call.tenant, call.connector]
        side.begin(at_ms)
        task = asyncio.create_task(self._ask(self._open_wire(), side, call, at_ms))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _ask(self, wire: aiohttp.ClientSession, side: Side, call: Taken, at_ms: int) -> None:
        leaves = self.tender.leaves(call)
        outcome = await connector_sides.attempt(wire, side, call, leaves=leaves, at_ms=at_ms)
        # The side may have been read anew meanwhile.
        self.tender.sides.get((call.tenant, call.connector), side).end(outcome)
        self._ended.append(outcome)

    async def _record(self, connection: Connection) -> int:
        """Record what ended since; gives how many tries that were."""
        ended, self._ended = self._ended, []
        if not ended:
            return 0
        self.tender.count(ended)
        plain: list[Outcome] = []
        heard: list[Outcome] = []
        for outcome in ended:
            is_heard = outcome.is_final and not outcome.call.trial and outcome.call.purpose
            (heard if is_heard else plain).append(outcome)
        await connector_outbox.record(connection, plain)
        heard.sort(key=lambda each: (each.call.tenant, each.call.subject))
        for at in range(0, len(heard), _TOGETHER):
            async with connection.transaction():  # each has a savepoint of its own in it
                for outcome in heard[at : at + _TOGETHER]:
                    await self.hear(connection, outcome)
        return len(ended)

    async def hear(self, connection: Connection, outcome: Outcome) -> None:
        """Record an answer and tell whoever asked, in one commit, or ask again later."""
        try:
            await tell(connection, self._worlds, outcome)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except DanshuError as error:
            await self._later(connection, outcome, str(error))
        except Exception:  # noqa: BLE001 - logged; one answer must not stop the others
            _log.exception("the answer to %s cannot be acted on", outcome.call.id)
            await self._later(connection, outcome, "program")

    async def _later(self, connection: Connection, outcome: Outcome, trouble: str) -> None:
        """Leave a call as the far side has it; asked again under its key it answers the same."""
        wait_ms = min(CALL_RETRY_MS << min(outcome.call.tries, 16), LEASE_MS)
        end = outcome.end if outcome.end is End.WAITS else End.UNKNOWN
        later = replace(outcome, end=end, again_ms=outcome.at_ms + wait_ms, trouble=trouble[:500])
        await connector_outbox.record(connection, [later])


async def tell(connection: Connection, worlds: Worlds, outcome: Outcome) -> bool:
    """Record an answer and tell whoever asked, in one commit; False when it was known already.

    Raises what the hearer raises; then nothing was written.
    """
    async with connection.transaction():
        if not await connector_outbox.record(connection, [outcome]):
            return False
        hearer = connecting.hearer_of(outcome.call.purpose)
        if hearer is None:
            raise InputError("no_hearer", f"nobody hears {outcome.call.purpose!r} here")
        await hearer(connection, worlds, outcome.told)
    return True
