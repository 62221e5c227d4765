"""Re-decision 信号改派: open orders whose warehouse a new snapshot closes are decided again.

A run answers one snapshot: it passes over the open orders that may be touched, in groups of one
commit each. What becomes of an order is written in the commit that says it (`redecision_items`), so
a run goes on where it stopped, whoever died where. Servers decide on the snapshot before for a
moment longer: the last pass begins after that, waits for orders that others hold, and finds all.
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
from danshu.capabilities.routing.closures import find_closures, name_closures
from danshu.capabilities.routing.signals import Signals
from danshu.capabilities.routing.snapshot import Snapshot
from danshu.hub import (
    pictures,
    redeciding_alone,
    redeciding_group,
    redeciding_rows,
    spare_snapshots,
)
from danshu.hub.redeciding_group import QUOTA, REFUSED, Row, Run, Verdict
from danshu.kernel.errors import DanshuError, ProgramError
from danshu.kernel.limits import (
    REDECIDE_DAYS,
    REDECIDE_GROUP,
    REDECIDE_HANDS,
    REDECIDE_SETTLE_S,
)
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
# The order's row names its first warehouse; what has a second fulfilment order is looked at too.
_FIRST: Final = uuid.UUID(int=0)
_SECOND: Final = b'"no":2,"warehouse"'
_OPEN_RUN: Final = """
select no, before, after from redecisions where tenant=%b and ended is null order by no limit 1
"""
_HANDLED: Final = "select no, digest from redecided_heads where tenant=%b"
_HANDLE: Final = """
insert into redecided_heads as h (tenant,no,digest) values(%b,%b,%b)
on conflict (tenant) do update set no=excluded.no, digest=excluded.digest where h.no < excluded.no
"""
_BEGIN: Final = """
insert into redecisions(tenant,no,before,after,closed) values(%b,%b,%b,%b,%b) on conflict do nothing
"""
_IS_TIME: Final = (
    "select now() >= began + make_interval(secs => %b) from redecisions where tenant=%b and no=%b"
)
# One state at a time: the index of states gives the orders by id, however many have ended. Asked as
# a value, what is known is looked up by its key; `not exists` would be joined by reading all of it.
_TAKE: Final = """
select o.id,o.okey,o.channel,o.state,o.wh,o.region,o.total,o.currency,o.due,o.seq,o.head,o.doc,
o.terms from orders o where o.tenant=%b and o.state=%b and o.id > %b
and (o.wh=any(%b::int4[]) or position(%b::bytea in o.doc) > 0) and o.region=any(%b::text[])
and (select 1 from redecision_items i where i.tenant=%b and i.no=%b and i.id=o.id) is null
order by o.id limit %b for update of o
"""
_TAKE_FREE: Final = _TAKE.rstrip() + " skip locked"
_END: Final = "update redecisions set ended=now() where tenant=%b and no=%b and ended is null"
_SWEEP: Final = """
delete from redecision_items i using redecisions r where r.tenant=%b and i.tenant=r.tenant
and i.no=r.no and r.ended < now() - make_interval(days => %b)
"""
_decode = msgspec.json.Decoder(model.Order).decode
_encode = msgspec.json.encode
_log = logging.getLogger("danshu.redeciding")


def declared(snapshot: Snapshot) -> Snapshot:
    """Give the same network as it is where nothing is connected."""
    return Snapshot(snapshot.network, Signals(0, {}))


async def answer_head(connection: Connection, tenant: int, head: pictures.Head) -> bool:
    """Begin a run when the head's snapshot closes what the last answered one left open.

    Gives whether one was begun. The head counts as answered in the same commit.
    """
    row = await (await connection.execute(_HANDLED, (tenant,), binary=True)).fetchone()
    if row is not None and row[0] >= head.no:
        return False
    after = await pictures.read_snapshot(connection, tenant, head.digest)
    if after is None:
        return False
    before = await pictures.read_snapshot(connection, tenant, bytes(row[1]).hex()) if row else None
    closures = find_closures(before or declared(after), after)
    digest = bytes.fromhex(head.digest)
    async with connection.transaction():
        if not closures.is_empty:
            closed = _encode(name_closures(closures, after.network))
            was = bytes.fromhex(before.digest) if before else None
            await connection.execute(_BEGIN, (tenant, head.no, was, digest, closed), binary=True)
            told = [head.digest, *([before.digest] if before else [])]
            await spare_snapshots.name(connection, tenant, told)
        await connection.execute(_HANDLE, (tenant, head.no, digest), binary=True)
    return not closures.is_empty


async def open_run(connection: Connection, tenant: int) -> Run | None:
    """Read the oldest run that has not ended."""
    row = await (await connection.execute(_OPEN_RUN, (tenant,), binary=True)).fetchone()
    if row is None:
        return None
    no, before, after = row[0], row[1], bytes(row[2]).hex()
    made = await pictures.read_snapshot(connection, tenant, after)
    if made is None:
        raise ProgramError(f"the snapshot {after} of re-decision {no} is not kept")
    was = None
    if before is not None:
        was = await pictures.read_snapshot(connection, tenant, bytes(before).hex())
    closures = find_closures(was or declared(made), made)
    return Run(no=no, before=was.digest if was else "", after=after, closures=closures)


async def advance(
    connections: Sequence[Connection],
    worlds: Worlds,
    tenant: int,
    run: Run,
    now_ms: Callable[[], int],
    until_s: float,
) -> bool | None:
    """Take a run further until `until_s` of the monotonic clock.

    Gives True when it has ended, None when it only waits for the servers to settle, else False.
    """
    connection = connections[0]
    world = await worlds.ensure(tenant)
    if world.snapshot.digest != run.after:
        await worlds.look()
        world = await worlds.ensure(tenant)
    settle = (REDECIDE_SETTLE_S, tenant, run.no)
    row = await (await connection.execute(_IS_TIME, settle, binary=True)).fetchone()
    is_last = row is None or bool(row[0])
    walk = _Pass(world, run, is_last=is_last)
    used = connections[:1] if is_last else connections[:REDECIDE_HANDS]
    hands = [_Hand(c, worlds, tenant, walk, now_ms) for c in used]
    # each comes to its own end: a connection is not closed under a hand that still uses it
    done = await asyncio.gather(*(h.work(until_s) for h in hands), return_exceptions=True)
    for each in done:
        if isinstance(each, BaseException):
            raise each
    if not all(done):
        return False
    if not is_last:
        return None
    async with connection.transaction():
        await connection.execute(_END, (tenant, run.no), binary=True)
        await connection.execute(_SWEEP, (tenant, REDECIDE_DAYS), binary=True)
    return True


class _Pass:
    """One walk over the open orders that a run may touch; its hands share how far it has come."""

    def __init__(self, world: World, run: Run, *, is_last: bool) -> None:
        network = world.snapshot.network
        places = [w for w in run.closures.warehouses() if w < len(network.codes)]
        regions = [network.regions[r] for r in run.closures.regions() if r < len(network.regions)]
        self.run = run
        self.sql = _TAKE if is_last else _TAKE_FREE
        self.places = write.int4s(places)
        self.regions = write.texts(regions)
        self.states = list(OPEN)
        self.after = _FIRST

    def ask(self, tenant: int, state: int, size: int) -> tuple[Any, ...]:
        """Give the parameters of the next question about a state."""
        return (
            *(tenant, state, self.after, self.places, _SECOND, self.regions),
            *(tenant, self.run.no, size),
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


class _Hand:
    """One connection that takes groups of a run; another decides while its commit is written."""

    def __init__(
        self,
        connection: Connection,
        worlds: Worlds,
        tenant: int,
        walk: _Pass,
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

    async def work(self, until_s: float) -> bool:
        """Take groups until the walk is over (True), or the time is or a group failed (False)."""
        while self.walk.states:
            if time.monotonic() >= until_s:
                return False
            try:
                await self._take()
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

    async def _take(self) -> None:
        """Decide and write one group."""
        world = await self.worlds.ensure(self.tenant)
        if not self.walk.states:  # the other hand has taken the last meanwhile
            return
        state = self.walk.states[0]
        asked = self.walk.ask(self.tenant, state, self.size)
        last: uuid.UUID | None = None
        try:
            async with self.connection.transaction():
                cursor = await self.connection.execute(self.walk.sql, asked, binary=True)
                found = await cursor.fetchall()
                if found:
                    last = found[-1][0]
                    await self._settle(world, found)
        except psycopg.errors.DivisionByZero as error:
            raise write.GuardFailed("stock was taken meanwhile") from error
        except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected) as error:
            raise write.GuardFailed(str(error)) from error
        self.walk.step(state, last)

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
    return Row(
        id=row[0],
        order=_decode(bytes(row[11])),
        due_ms=clock.delivery_due_ms(terms.load(bytes(row[12]), world.book)),
        seq=row[9],
        head=bytes(row[10]),
    )
