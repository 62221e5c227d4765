"""How a re-decision 信号改派 passes over open orders: hands that take groups of one commit.

What becomes of an order is written in the commit that says it (`redecision_items`), so a walk goes
on where it stopped, whoever died where. Hands, and processes that share a walk, pass over orders
that others hold; the last walk of a run is alone and waits for them.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.capabilities.contract import clock, terms
from danshu.capabilities.orders import model
from danshu.hub import redeciding_alone, redeciding_group, redeciding_rows
from danshu.hub.redeciding_group import QUOTA, REFUSED, Row, Run, Verdict
from danshu.kernel.errors import DanshuError, ProgramError
from danshu.kernel.limits import REDECIDE_GROUP
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from danshu.hub.world import World
    from danshu.hub.worlds import Worlds

Connection = psycopg.AsyncConnection[Any]
OPEN: Final = [
    int(s)
    for s in (
        model.State.PLACED,
        model.State.CONFIRMED,
        model.State.PAID,
        model.State.HELD,
        model.State.ALLOCATED,
    )
]
_TRIES: Final = 5
_IN_EACH_OTHERS_WAY: Final = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
)
# The order's row names its first warehouse; what has a second fulfilment order is looked at too.
_FIRST: Final = uuid.UUID(int=0)
_SECOND: Final = b'"no":2,"warehouse"'
# One state at a time: the index of states gives the orders by id, however many have ended. Asked as
# a value, what is known is looked up by its key; `not exists` would be joined by reading all of it.
_TAKE: Final = """
select o.id, o.seq, o.head, o.doc, o.terms, %b and (select i.outcome from redecision_items i
  where i.tenant=%b and i.no=%b and i.id=o.id) = 'waiting'
from orders o where o.tenant=%b and o.state=%b and o.id > %b
and ((o.wh=any(%b::int4[]) or position(%b::bytea in o.doc) > 0) and o.region=any(%b::text[])
  or %b and (select i.outcome from redecision_items i
    where i.tenant=%b and i.no=%b and i.id=o.id) = 'waiting')
and (select 1 from redecision_items i
  where i.tenant=%b and i.no=%b and i.id=o.id and i.outcome <> 'waiting') is null
and get_byte(uuid_send(o.id), 15) %% %b = %b
order by o.id limit %b for update of o
"""
_TAKE_FREE: Final = _TAKE.rstrip() + " skip locked"
# Stock rows are locked in key order (stock.tables), and each order is looked up by its key: without
# statistics the planner would rather read all orders of the merchant for each group, and keep them.
_IN_ORDER: Final = (
    "set enable_hashjoin = off",
    "set enable_mergejoin = off",
    "set enable_material = off",
)
_decode = msgspec.json.Decoder(model.Order).decode
_log = logging.getLogger("danshu.redeciding")


async def prepare(connection: Connection) -> None:
    """Set a connection of a hand up."""
    for setting in _IN_ORDER:
        await connection.execute(setting)


async def walk(
    connections: Sequence[Connection],
    worlds: Worlds,
    tenant: int,
    way: Walk,
    now_ms: Callable[[], int],
    until_s: float,
    *,
    until_full: bool = False,
) -> bool:
    """Let a hand on each connection walk on; True at the end.

    `until_full`: they stop after a full group, for more will follow.
    """
    hands = [_Hand(c, worlds, tenant, way, now_ms) for c in connections]
    # each comes to its own end: a connection is not closed under a hand that still uses it
    work = (h.work(until_s, until_full=until_full) for h in hands)
    done = await asyncio.gather(*work, return_exceptions=True)
    for each in done:
        if isinstance(each, BaseException):
            raise each
    return all(done)


class Walk:
    """One walk over the open orders that a run may touch; its hands share how far it has come.

    `share` (k, n): only the k-th of n parts of the orders, told apart by their ids' last byte.
    """

    def __init__(
        self, world: World, run: Run, *, is_last: bool, share: tuple[int, int] = (0, 1)
    ) -> None:
        network = world.snapshot.network
        places = [w for w in run.closures.warehouses() if w < len(network.codes)]
        regions = [network.regions[r] for r in run.closures.regions() if r < len(network.regions)]
        self.run = run
        self.share = share
        self.is_last = is_last
        self.sql = _TAKE if is_last else _TAKE_FREE
        self.places = write.int4s(places)
        self.regions = write.texts(regions)
        self.states = list(OPEN)
        self.after = _FIRST

    def ask(self, tenant: int, state: int, size: int) -> tuple[Any, ...]:
        """Give the parameters of the next question about a state."""
        run, has_cuts = (tenant, self.run.no), bool(self.run.cuts)
        return (
            *(has_cuts, *run, tenant, state, self.after, self.places, _SECOND, self.regions),
            *(has_cuts, *run, *run, self.share[1], self.share[0], size),
        )

    def step(self, state: int, after: uuid.UUID | None) -> None:
        """Go on after an order of a state, or to the next state."""
        if not self.states or state != self.states[0]:
            return  # the other hand has gone on already
        if after is None:
            self.states.pop(0)
            self.after = _FIRST
        else:
            self.after = max(self.after, after)

    def go_back(self, state: int, after: uuid.UUID) -> None:
        """Go on from where a group began that was not written; what is written is passed over."""
        if self.states and self.states[0] == state:
            self.after = min(self.after, after)
        else:
            self.states.insert(0, state)
            self.after = after


class _Hand:
    """One connection that takes groups of a run; another decides while its commit is written."""

    def __init__(
        self,
        connection: Connection,
        worlds: Worlds,
        tenant: int,
        walk: Walk,
        now_ms: Callable[[], int],
    ) -> None:
        self.connection = connection
        self.worlds = worlds
        self.tenant = tenant
        self.walk = walk
        self.run = walk.run
        self.now_ms = now_ms
        self.size = REDECIDE_GROUP
        self.failures = 0

    async def work(self, until_s: float, *, until_full: bool = False) -> bool:
        """Take groups until the walk is over (True), or the time is, or one was full (False)."""
        is_full = False
        while self.walk.states:
            if time.monotonic() >= until_s or (until_full and is_full):
                return False
            try:
                is_full = await self._take() >= REDECIDE_GROUP
            except (psycopg.OperationalError, psycopg.InterfaceError):
                self.worlds.distrust({self.tenant})
                raise
            except (DanshuError, psycopg.Error, ValueError, KeyError) as error:
                self._fail(error)
                continue
            self.failures = 0
            self.size = min(REDECIDE_GROUP, self.size * 4)
            await asyncio.sleep(0)  # others of this process have their turn
        return True

    def _fail(self, error: Exception) -> None:
        """Stock was taken meanwhile, or one order cannot be decided: smaller groups find it."""
        self.failures += 1
        self.worlds.distrust({self.tenant})
        if isinstance(error, ProgramError):
            self.worlds.forget(self.tenant)
        if self.failures > 1:
            self.size = max(1, self.size // 4)
        if not isinstance(error, write.GuardFailed):
            _log.warning("re-decision %d of merchant %d: %r", self.run.no, self.tenant, error)

    async def _take(self) -> int:
        """Decide and write one group; gives how many orders it had."""
        world = await self.worlds.ensure(self.tenant)
        if not self.walk.states:  # the other hand has taken the last meanwhile
            return 0
        state, before = self.walk.states[0], self.walk.after
        asked = self.walk.ask(self.tenant, state, self.size)
        try:
            async with self.connection.transaction():
                cursor = await self.connection.execute(self.walk.sql, asked, binary=True)
                found = await cursor.fetchall()
                # at once: the other hand need not read what this one holds
                self.walk.step(state, found[-1][0] if found else None)
                if found:
                    await self._settle(world, found)
        except Exception as error:
            self.walk.go_back(state, before)
            if isinstance(error, psycopg.errors.DivisionByZero):
                raise write.GuardFailed("stock was taken meanwhile") from error
            if isinstance(error, _IN_EACH_OTHERS_WAY):
                raise write.GuardFailed(str(error)) from error
            raise
        return len(found)

    async def _settle(self, world: World, found: Sequence[tuple[Any, ...]]) -> None:
        if self.size == 1 and self.failures > _TRIES:  # it cannot be decided; a person sees it
            ids = [row[0] for row in found]
            await redeciding_rows.note(self.connection, self.tenant, self.run.no, ids, REFUSED)
            return
        now_ms = self.now_ms()
        rows = [read(world, row) for row in found]
        verdicts = redeciding_group.decide(world, self.run, rows, now_ms)
        await redeciding_rows.put(self.connection, world, self.run, verdicts, now_ms)
        for verdict in verdicts:
            if verdict.outcome == QUOTA:
                await self._settle_alone(world, verdict, now_ms)

    async def _settle_alone(self, world: World, verdict: Verdict, now_ms: int) -> None:
        told = await redeciding_alone.decide(self.connection, world, self.run, verdict.row, now_ms)
        await redeciding_rows.note(
            self.connection, self.tenant, self.run.no, [verdict.row.id], told
        )


def read(world: World, row: tuple[Any, ...]) -> Row:
    """Read an order's locked row."""
    id_, seq, head, doc, promises, leaves = row
    return Row(
        id=id_,
        order=_decode(doc),
        due_ms=clock.delivery_due_ms(terms.load(bytes(promises), world.book)),
        seq=seq,
        head=bytes(head),
        leaves=bool(leaves),
    )
