"""Group commit: requests in flight are gathered, decided as one group, and written in one commit.

The next group is decided while the last one syncs. An answer leaves only after its commit. When a prediction was
wrong (a key was known, a stock row short) nothing was written and the group is decided again: twice on fresh
values, then once with the rows locked, which cannot fail for that reason.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import psycopg

from danshu.hub import answers, desk, retry, rows
from danshu.kernel.errors import Busy, DanshuError, InputError, NotAvailable, UnknownOutcome
from danshu.kernel.limits import GROUP_ORDERS, GROUP_WAIT_MS, QUEUE_ORDERS, RETRY_AFTER_S
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.group import Group
    from danshu.hub.requests import Outcome, Request
    from danshu.hub.worlds import Worlds

_OPTIMISTIC_TRIES = 3


class Batch:
    """Gathers requests into groups and settles them, one commit in flight at a time."""

    def __init__(self, url: str, worlds: Worlds) -> None:
        self._url = url
        self._worlds = worlds
        self._waiting: list[tuple[Request, asyncio.Future[Outcome]]] = []
        self._arrived = asyncio.Event()
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._in_flight: asyncio.Task[None] | None = None
        self._loop_task: asyncio.Task[None] | None = None
        self._decided: Sequence[tuple[int, int, int, int]] = ()
        self.groups = 0
        self.slow_groups = 0
        self._closing = False

    def start(self) -> None:
        """Begin gathering."""
        self._loop_task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Settle what is in flight, fail what waits, and end."""
        self._closing = True
        if self._loop_task:
            self._loop_task.cancel()
            await asyncio.gather(self._loop_task, return_exceptions=True)
        if self._in_flight:
            await asyncio.gather(self._in_flight, return_exceptions=True)
        for _, future in self._waiting:
            if not future.done():
                future.set_result(NotAvailable("the hub is closing", RETRY_AFTER_S))
        if self._connection:
            await self._connection.close()

    def submit(self, request: Request) -> asyncio.Future[Outcome]:
        """Queue one request; the future gives its outcome. Raises Busy when the queue is full."""
        if self._closing:
            raise NotAvailable("the hub is closing", RETRY_AFTER_S)
        if len(self._waiting) >= QUEUE_ORDERS:
            raise Busy("too many orders are waiting", RETRY_AFTER_S)
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, future))
        self._arrived.set()
        return future

    async def place(self, requests: Sequence[Request]) -> list[Outcome]:
        """Place many and give their outcomes in order."""
        if len(self._waiting) + len(requests) > QUEUE_ORDERS:
            raise Busy("too many orders are waiting", RETRY_AFTER_S)
        return list(await asyncio.gather(*(self.submit(r) for r in requests)))

    async def _run(self) -> None:
        while True:
            if not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
            if len(self._waiting) < GROUP_ORDERS:
                await asyncio.sleep(GROUP_WAIT_MS / 1000)
            taken, self._waiting = self._waiting[:GROUP_ORDERS], self._waiting[GROUP_ORDERS:]
            taken = [t for t in taken if not t[1].done()]
            if not taken:
                continue
            for tenant in {r.tenant for r, _ in taken}:
                try:
                    await self._worlds.ensure(tenant)
                except (DanshuError, psycopg.Error) as e:
                    self._fail([t for t in taken if t[0].tenant == tenant], e)
                    taken = [t for t in taken if t[0].tenant != tenant]
            group = self._decide(taken)
            self._decided = group.reserved if group else ()
            if self._in_flight:
                await self._in_flight
            self._decided = ()
            if group is not None:
                self._in_flight = asyncio.create_task(self._settle(group))

    def _decide(self, taken: list[tuple[Request, asyncio.Future[Outcome]]]) -> Group | None:
        if not taken:
            return None
        try:
            group = desk.decide_group(self._worlds, [r for r, _ in taken], _now_ms())
        except Exception as e:
            self._worlds.distrust({r.tenant for r, _ in taken})
            self._fail(taken, e)
            return None
        group.futures = [f for _, f in taken]
        return group

    def _fail(self, taken: list[tuple[Request, asyncio.Future[Outcome]]], error: Exception) -> None:
        known = error if isinstance(error, DanshuError) else NotAvailable(str(error), RETRY_AFTER_S)
        for _, future in taken:
            if not future.done():
                future.set_result(known)

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await write.connect(self._url)
        return self._connection

    async def _settle(self, group: Group) -> None:
        """Write a group and answer its requests; whatever happens, each future gets an outcome."""
        self.groups += 1
        try:
            connection = await self._connect()
            try:
                returned = (
                    await write.commit(connection, rows.statements(group)) if group.placed else []
                )
                self._worlds.learn(returned, self._decided)
            except write.GuardFailed:
                self.slow_groups += 1
                group = await self._settle_slowly(connection, group)
            await answers.answer_known(connection, self._worlds, group)
        except DanshuError as e:
            self._give_up(group, e)
            return
        except Exception as e:
            self._give_up(group, NotAvailable(f"the database refused: {e}", RETRY_AFTER_S))
            return
        for future, outcome in zip(group.futures, answers.outcomes(group), strict=True):
            if not future.done():
                future.set_result(outcome)

    def _give_up(self, group: Group, error: DanshuError) -> None:
        self._worlds.distrust(group.tenants)
        for future, result in zip(group.futures, group.results, strict=True):
            if not future.done():
                future.set_result(result if isinstance(result, InputError) else error)

    async def _settle_slowly(self, connection: psycopg.AsyncConnection[Any], group: Group) -> Group:
        futures = group.futures
        for attempt in range(_OPTIMISTIC_TRIES):
            locked = attempt == _OPTIMISTIC_TRIES - 1
            try:
                if locked:
                    again = await retry.settle_locked(connection, self._worlds, group, _now_ms())
                    again.futures = futures
                    return again
                await retry.refresh(connection, self._worlds, group)
                again = desk.decide_group(self._worlds, group.requests, _now_ms(), group.known)
                again.futures = futures
                if again.placed:
                    self._worlds.learn(await write.commit(connection, rows.statements(again)))
                return again
            except write.GuardFailed:
                continue
        raise UnknownOutcome("the group could not be settled")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
