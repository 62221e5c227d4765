"""Group commit: requests in flight are gathered, decided as one group, and written in one commit.

While a commit is under way the next group is gathered: a group costs much the same for one order
as for a hundred. Only a full one is decided at once, beside the commit. An answer leaves only
after its commit. When a prediction was wrong (a key was known, a stock row short) nothing was
written and the group is decided again: twice on fresh values, then with keys and rows locked, which
cannot fail for that reason. A group that fails for what one of its orders holds is settled one by
one: a bad order takes nobody with it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

import psycopg

from danshu.hub import answers, desk, histories, meters, presale_rows, retry, rows, tracing
from danshu.hub.histories import Histories
from danshu.hub.latency import Histogram, Latency
from danshu.hub.worlds import Worlds, now_ms
from danshu.kernel.errors import (
    Busy,
    DanshuError,
    InputError,
    NotAvailable,
    ProgramError,
)
from danshu.kernel.limits import GROUP_ORDERS, GROUP_WAIT_MS, QUEUE_ORDERS, RETRY_AFTER_S
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from danshu.hub.group import Group
    from danshu.hub.requests import Outcome, Request

_OPTIMISTIC_TRIES = 2
_LOCKED_TRIES = 3
_CLOSE_S = 20
_IN_ORDER = ("set enable_hashjoin = off", "set enable_mergejoin = off")  # see stock.tables.RESERVE
_log = logging.getLogger("danshu.batch")


class Batch:
    """Gathers requests into groups and settles them, one commit in flight at a time."""

    def __init__(self, url: str, worlds: Worlds, clock: Callable[[], int] = now_ms) -> None:
        self._url = url
        self._worlds = worlds
        self._histories = Histories(url)
        self._clock = clock
        self._waiting: list[tuple[Request, asyncio.Future[Outcome]]] = []
        self._alone: list[tuple[Request, asyncio.Future[Outcome]]] = []
        self._arrived = asyncio.Event()
        self._full = asyncio.Event()  # enough waits for a group, or no commit is under way
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._in_flight: asyncio.Task[None] | None = None
        self._loop_task: asyncio.Task[None] | None = None
        self._decided: Sequence[tuple[int, int, int, int]] = ()
        self.latency = Latency(time.time)
        # For the health board: what failed by no fault of its sender, how long commits took, and
        # which groups met a row that had changed (their time counts nothing).
        self.failed, self.commits, self.again = (Histogram(time.time) for _ in range(3))
        self.groups = 0
        self.slow_groups = 0
        self._closing = False

    def start(self) -> None:
        """Begin gathering."""
        self._loop_task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Settle what has been decided, fail what waits, and end."""
        self._closing = True
        self._arrived.set()
        if self._loop_task:
            # never cancelled while it waits for a commit: that would cancel the commit
            _, late = await asyncio.wait({self._loop_task}, timeout=_CLOSE_S)
            for task in late:
                task.cancel()
        if self._in_flight:
            await asyncio.gather(self._in_flight, return_exceptions=True)
        self._fail([*self._alone, *self._waiting], _closed())
        if self._connection:
            await self._connection.close()
        await self._histories.close()

    def submit(self, request: Request) -> asyncio.Future[Outcome]:
        """Queue one request; the future gives its outcome. Raises Busy when the queue is full."""
        if self._closing:
            raise _closed()
        if len(self._waiting) >= QUEUE_ORDERS:
            raise self._refuse(1)
        request.asked_s = time.perf_counter()
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, future))
        self._arrived.set()
        if len(self._waiting) >= GROUP_ORDERS:
            self._full.set()
        return future

    @property
    def waiting(self) -> int:
        """Tell how many orders wait for their group."""
        return len(self._waiting)

    def _refuse(self, orders: int) -> Busy:
        self.failed.note(0.0, orders)
        return Busy("too many orders are waiting", RETRY_AFTER_S)

    async def place(self, requests: Sequence[Request]) -> list[Outcome]:
        """Place many and give their outcomes in order."""
        if len(self._waiting) + len(requests) > QUEUE_ORDERS:
            raise self._refuse(len(requests))
        return list(await asyncio.gather(*(self.submit(r) for r in requests)))

    async def _run(self) -> None:
        while not self._closing:
            taken = await self._take()
            for tenant in {r.tenant for r, _ in taken}:
                try:
                    world = await self._worlds.ensure(tenant)
                    if histories.asks(world):
                        mine = [r for r, _ in taken if r.tenant == tenant]
                        await self._histories.attach(world, mine, self._clock())
                except Exception as e:  # noqa: BLE001 - whatever it is, these requests hear of it
                    self._fail([t for t in taken if t[0].tenant == tenant], e)
                    taken = [t for t in taken if t[0].tenant != tenant]
            group = self._decide(taken)
            self._decided = group.reserved if group else ()
            if self._in_flight:
                await self._in_flight
            self._decided = ()
            if group is not None:
                self._in_flight = asyncio.create_task(self._settle(group))
                self._full.clear()
                self._in_flight.add_done_callback(lambda _: self._full.set())

    async def _take(self) -> list[tuple[Request, asyncio.Future[Outcome]]]:
        """Gather the next group: one that must be alone, else all that came until it is time."""
        if not self._alone and not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        if self._alone:
            return [self._alone.pop(0)]
        if len(self._waiting) < GROUP_ORDERS:
            await asyncio.sleep(GROUP_WAIT_MS / 1000)
        if self._in_flight and len(self._waiting) < GROUP_ORDERS:
            await self._full.wait()
        taken, self._waiting = self._waiting[:GROUP_ORDERS], self._waiting[GROUP_ORDERS:]
        return [t for t in taken if not t[1].done()]

    def _decide(self, taken: list[tuple[Request, asyncio.Future[Outcome]]]) -> Group | None:
        if not taken:
            return None
        began_s = time.perf_counter()
        try:
            group = desk.decide_group(self._worlds, [r for r, _ in taken], self._clock())
        except Exception as e:  # noqa: BLE001 - one order's numbers must not stop the house
            self._part(taken, e)
            return None
        self.latency.decision.note((time.perf_counter() - began_s) / len(taken), len(taken))
        group.futures = [f for _, f in taken]
        return group

    def _part(self, asked: list[tuple[Request, asyncio.Future[Outcome]]], error: Exception) -> None:
        """Settle one by one what failed together; what fails alone hears why."""
        self._worlds.distrust({r.tenant for r, _ in asked})
        if len(asked) > 1:
            self._alone += asked
            self._arrived.set()
            return
        if isinstance(error, psycopg.errors.CheckViolation):
            error = presale_rows.over_cap(error) or error
        if isinstance(error, psycopg.DataError):
            error = InputError("unstorable", f"the order cannot be stored: {error}")
        elif not isinstance(error, DanshuError):
            _log.error("an order cannot be settled", exc_info=error)
            error = ProgramError(f"the order cannot be settled: {error}")
        self._fail(asked, error)

    def _fail(
        self, asked: Sequence[tuple[Request, asyncio.Future[Outcome]]], error: Exception
    ) -> None:
        known = error if isinstance(error, DanshuError) else NotAvailable(str(error), RETRY_AFTER_S)
        if not isinstance(known, InputError):
            self.failed.note(0.0, len(asked))
        for _, future in asked:
            if not future.done():
                future.set_result(known)

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await write.connect(self._url, write.PLACING)
            for setting in _IN_ORDER:
                await self._connection.execute(setting)
        return self._connection

    async def _settle(self, group: Group) -> None:
        """Write a group and answer its requests; whatever happens, each future gets an outcome."""
        self.groups += 1
        began_s = time.perf_counter()
        try:
            connection = await self._connect()
            group = await self._write(connection, group)
            self.commits.note(time.perf_counter() - began_s)
            self._worlds.remember(group.named)
            desk.conclude(self._worlds, group)
        except DanshuError as e:
            self._give_up(group, e)
            return
        except (psycopg.OperationalError, psycopg.InterfaceError) as e:
            self._give_up(group, NotAvailable(f"the database refused: {e}", RETRY_AFTER_S))
            return
        except Exception as e:  # noqa: BLE001 - one order's numbers must not stop the house
            self._part(list(zip(group.requests, group.futures, strict=True)), e)
            return
        try:
            await answers.answer_known(connection, self._worlds, group)
        except Exception as e:  # noqa: BLE001 - the new orders are there whatever this reading met
            _log.warning("known orders could not be read: %s", e)
            for tenant in group.tenants:
                self._worlds.forget(tenant)
        for future, outcome in zip(group.futures, answers.outcomes(group), strict=True):
            if not future.done():
                future.set_result(outcome)
        now_s = time.perf_counter()
        tracing.note("orders.commit", now_s - began_s, orders=len(group.requests))
        for request in group.requests:
            self.latency.answer.note(now_s - request.asked_s)

    async def _write(self, connection: psycopg.AsyncConnection[Any], group: Group) -> Group:
        if not group.placed:
            return group
        try:
            if group.short:  # before anyone hears no, look again: others may have freed stock
                again = await self._write_afresh(connection, group, short=True)
                again.futures = group.futures
                for p in again.placed:
                    if p.short:  # what was wanted and not there: never sold twice, and counted
                        meters.of(connection).note(p.request.tenant, "oversold")
                return again
            returned = await write.commit(connection, rows.statements(group))
        except write.GuardFailed:
            self.slow_groups += 1
            self.again.note(0.0)
            return await self._write_slowly(connection, group)
        self._worlds.learn(returned, self._decided)
        return group

    async def _write_slowly(self, connection: psycopg.AsyncConnection[Any], group: Group) -> Group:
        """Decide again on fresh values, at last on locked ones."""
        for attempt in range(_OPTIMISTIC_TRIES + _LOCKED_TRIES):
            try:
                if attempt < _OPTIMISTIC_TRIES:
                    again = await self._write_afresh(connection, group)
                else:
                    again = await retry.settle_locked(
                        connection, self._worlds, group, self._clock()
                    )
            except write.GuardFailed:
                continue
            again.futures = group.futures
            return again
        raise NotAvailable("the group could not be settled", RETRY_AFTER_S)

    async def _write_afresh(
        self, connection: psycopg.AsyncConnection[Any], group: Group, *, short: bool = False
    ) -> Group:
        known = await retry.refresh(connection, self._worlds, group, short=short)
        again = desk.decide_group(self._worlds, group.requests, self._clock(), known)
        if again.placed:
            try:
                returned = await write.commit(connection, rows.statements(again))
            except BaseException:
                desk.take_back(self._worlds, again)
                raise
            self._worlds.learn(returned, self._decided)
        return again

    def _give_up(self, group: Group, error: DanshuError) -> None:
        desk.take_back(self._worlds, group)
        self._worlds.distrust(group.tenants)
        if not isinstance(error, InputError):
            self.failed.note(0.0, len(group.requests))
        for future, result in zip(group.futures, group.results, strict=True):
            if not future.done():
                future.set_result(result if isinstance(result, InputError) else error)


def _closed() -> NotAvailable:
    return NotAvailable("the hub is closing", RETRY_AFTER_S)
