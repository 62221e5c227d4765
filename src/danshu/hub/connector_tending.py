"""What the connectors' room looks after beside the calls: who is connected and how calls are
routed, how each far side is, canaries that are worse, drains that are over, what is old.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.weave import breaker, canary, routes
from danshu.capabilities.weave.canary import Margins, Sample, Worse
from danshu.hub import (
    connector_minutes,
    connector_routes,
    connector_sides,
    connectors,
    outside,
    wires,
)
from danshu.hub.connector_outbox import End, Outcome, Taken
from danshu.hub.connector_sides import Side
from danshu.hub.connectors import DRAINING, OFF, TRIAL
from danshu.kernel.errors import DanshuError, InputError, NotAvailable
from danshu.kernel.fact import Actor
from danshu.kernel.limits import (
    CALL_ANSWER_BYTES,
    CONNECTOR_PROBE_S,
    DRAIN_QUIET_S,
    PROBE_TIMEOUT_S,
    REASON_CHARS,
)
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import aiohttp

    from danshu.hub.connector_routes import Version

Connection = psycopg.AsyncConnection[Any]
ROOM: Final = Actor(sub="connectors", role="system", grade="C")
MARGINS: Final = Margins()
_log = logging.getLogger("danshu.connectors")
_SWEEP_MS: Final = 600_000
_WINDOW_MS: Final = 600_000  # a canary is judged by its last ten minutes
_BACKLOG_MS: Final = 10_000
_DESKS: Final = """
select tenant, id, revision, extract(epoch from now()-state_at)::int8, breaker from connectors
where state <> 'off' order by tenant, id
"""
_BREAKER: Final = "update connectors set breaker=%s where tenant=%s and id=%s"
_PROBED: Final = """
update connectors set probed=%s, probe_trouble=%s where tenant=%s and id=%s
"""
# A call that a room placed by a route of a moment ago, at a connector that is off by now.
_STRAY: Final = """
update connector_calls c set connector=null, route=0, next_try=%s from connectors d
where d.state='off' and c.tenant=d.tenant and c.connector=d.id and c.state='due'
  and not c.handed and c.route>0
"""
Place = tuple[int, uuid.UUID]


class Tender:
    """The sides and routes as this process knows them, a second old at most while it works."""

    def __init__(self) -> None:
        self.sides: dict[Place, Side] = {}
        self.by_name: dict[tuple[int, str], Side] = {}
        self.routes: dict[tuple[int, str], Version] = {}
        self._minutes = connector_minutes.Minutes()
        self._probes: set[asyncio.Task[None]] = set()
        self._probed: dict[Place, tuple[int, str]] = {}
        self._asked: dict[Place, int] = {}
        self._stored: dict[Place, bytes] = {}
        self._begun: dict[tuple[int, str], int] = {}
        self._quiet_s: dict[Place, int] = {}
        self._swept_ms = self._backlog_ms = 0

    @property
    def is_probing(self) -> bool:
        """Whether a far side is being asked whether it is there."""
        return bool(self._probes)

    def leaves(self, call: Taken) -> bool:
        """Tell whether a call has a connector that its route does not go to any more."""
        head = self.routes.get((call.tenant, call.capability))
        is_routed = call.route > 0 and not call.trial and head is not None
        return (
            is_routed and str(call.connector) not in routes.targets(head.route) if head else False
        )

    def count(self, outcomes: Sequence[Outcome]) -> None:
        """Count tries for health and canaries; trials are apart from it."""
        for outcome in outcomes:
            if outcome.end is not End.WAITS and not outcome.call.trial:
                call = outcome.call
                self._minutes.add(
                    (call.tenant, call.connector),
                    outcome.at_ms,
                    call.route,
                    connector_sides.sample(outcome),
                )

    async def tend(
        self, connection: Connection, wire: Callable[[], aiohttp.ClientSession], at_ms: int
    ) -> None:
        """Look after everything once."""
        await self._load(connection)
        if not self.sides:
            return
        if at_ms - self._backlog_ms >= _BACKLOG_MS:
            self._backlog_ms = at_ms
            await connector_minutes.write_backlog(connection, at_ms)
        await self._minutes.flush(connection)
        await self._keep_breakers(connection)
        for head in list(self.routes.values()):
            if head.route.canary is not None:
                await self._judge(connection, head, at_ms)
        for place, side in list(self.sides.items()):
            if side.desk.state == DRAINING and self._quiet_s[place] >= DRAIN_QUIET_S:
                await connectors.end_drain(connection, ROOM, side.desk)
        await self._probe(connection, wire, at_ms)
        if at_ms - self._swept_ms >= _SWEEP_MS:
            self._swept_ms = at_ms
            await connection.execute(_STRAY, (write.instant(at_ms * 1000),))
            await connector_minutes.sweep(connection)

    async def _load(self, connection: Connection) -> None:
        """Read anew what changed."""
        rows = await (await connection.execute(_DESKS)).fetchall()
        if not rows and not self.sides:
            return
        before, self.sides = self.sides, {}
        for tenant, id_, revision, quiet_s, state in rows:
            place = (tenant, id_)
            side = before.get(place)
            if side is None or side.desk.revision != revision:
                side = await self._open(connection, place, side, bytes(state))
            if side is not None:
                self.sides[place] = side
                self._quiet_s[place] = quiet_s
        self.by_name = {(tenant, str(id_)): s for (tenant, id_), s in self.sides.items()}
        heads = await connector_routes.read_heads(connection, None)
        self.routes = {(head.tenant, head.capability): head for head in heads}

    async def _open(
        self, connection: Connection, place: Place, before: Side | None, state: bytes
    ) -> Side | None:
        try:
            desk = await connectors.read(connection, *place)
            if desk.state == OFF:
                return None
            adapter = await connectors.load(connection, desk.tenant, desk.adapter)
            account = await connectors.open_account(connection, desk)
            trial = account
            if desk.trial_url:
                trial = await connectors.open_account(connection, desk, trial=True)
        except DanshuError as error:
            _log.warning("connector %s cannot be used: %s", place[1], error)
            return before
        side = Side(desk, adapter, account, trial)
        if before is not None:
            side.follow(before)
        else:
            side.breaker = connector_sides.decode_breaker(state)
        return side

    async def _keep_breakers(self, connection: Connection) -> None:
        """Write the breakers that changed: people see them, and the next process goes on."""
        for place, side in self.sides.items():
            raw = connector_sides.encode_breaker(side.breaker)
            if self._stored.get(place) != raw:
                self._stored[place] = raw
                await connection.execute(_BREAKER, (raw, *place))

    async def _judge(self, connection: Connection, head: Version, at_ms: int) -> None:
        """Roll a canary back that is worse than what it is to replace."""
        assert head.route.canary is not None
        told = head.route.canary
        candidate = self.by_name.get((head.tenant, told.candidate))
        if self._begun.get((head.tenant, head.capability)) != told.began and candidate:
            # A new canary: somebody says that it works, whatever opened its breaker before.
            self._begun[head.tenant, head.capability] = told.began
            candidate.breaker = breaker.CLOSED
        counts = await connector_minutes.read_since(
            connection, head.tenant, (told.candidate, told.replaces), told.began, at_ms - _WINDOW_MS
        )
        has, other = counts[told.candidate], counts[told.replaces]
        worse = canary.judge(has, other, MARGINS)
        if worse is None and candidate and candidate.breaker.phase is breaker.Phase.OPEN:
            worse = _broken(has, other)
        if worse is None:
            return
        reason = f"worse by {worse.by}: {worse.candidate} against {worse.replaced}"
        try:
            await connector_routes.roll_back(
                connection,
                head.tenant,
                head.capability,
                ROOM,
                reason,
                at_ms,
                worse,
                expected=head.version,
            )
        except InputError as error:
            _log.warning("canary of %s: %s", head.capability, error)

    async def _probe(
        self, connection: Connection, wire: Callable[[], aiohttp.ClientSession], at_ms: int
    ) -> None:
        """Ask far sides that were not asked anything lately whether they are there."""
        for place, (probed_ms, trouble) in list(self._probed.items()):
            at = write.instant(probed_ms * 1000)
            await connection.execute(_PROBED, (at, trouble, *place))
        self._probed.clear()
        for place, side in self.sides.items():
            last_ms = max(side.called_ms, self._asked.get(place, 0))
            if side.desk.state != TRIAL and at_ms - last_ms >= CONNECTOR_PROBE_S * 1_000:
                self._asked[place] = at_ms
                task = asyncio.create_task(self._ask_probe(wire(), place, side, at_ms))
                self._probes.add(task)
                task.add_done_callback(self._probes.discard)

    async def _ask_probe(
        self, wire: aiohttp.ClientSession, place: Place, side: Side, at_ms: int
    ) -> None:
        reach = outside.Reach(PROBE_TIMEOUT_S, CALL_ANSWER_BYTES, 0)
        send = wires.sender(wire, side.desk.title, reach)
        trouble = ""
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                await side.adapter.probe(side.account, send, at_ms)
        except (NotAvailable, InputError) as error:
            trouble = error.detail
        except Exception as error:  # noqa: BLE001 - an adapter is somebody else's code
            trouble = type(error).__name__
        self._probed[place] = (at_ms, trouble[:REASON_CHARS])


def _broken(has: Sample, other: Sample) -> Worse:
    return Worse(
        by=connector_routes.BREAKER,
        candidate=round(10_000 * has.failed / max(has.tries, 1)),
        replaced=round(10_000 * other.failed / max(other.tries, 1)),
        tries=has.tries,
    )
