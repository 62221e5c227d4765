"""Bulk acts: one act on many orders, named one by one or by a filter, as a job.

What is asked is fixed when it is asked: the filter at that instant, no order placed later. Each
order is decided by itself, under the rights of whoever asked as they are then, in one commit with
the note that it was done. An act with an inverse keeps what it needs to be undone.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.orders.decide import BACKORDER, Command
from danshu.hub import (
    acts,
    jobs,
    lists,
    marks,
    order_rights,
    readdress_rows,
    readdressing,
    rerouting,
)
from danshu.hub.changes import caused
from danshu.hub.marks import Wanted
from danshu.hub.rights import Forbidden
from danshu.hub.selections import Selection, find_ids
from danshu.kernel.errors import InputError, ProgramError, Refusal
from danshu.kernel.limits import JOB_ORDERS_AT_ONCE
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from danshu.capabilities.orders.model import Order
    from danshu.hub.compose import Hub
    from danshu.hub.jobs import Job
    from danshu.hub.rights import Seated
    from danshu.hub.world import World

    Seat = Callable[[], Awaitable[Seated]]
    """Seats whoever asked before the rules as they are now; raises InputError `forbidden`."""

Connection = psycopg.AsyncConnection[Any]
KIND: Final = "bulk"
Act = Literal["hold", "unhold", "cancel", "reroute", "tag", "untag", "assign", "readdress"]
ACTIONS: Final[dict[str, str]] = {
    "hold": "order.hold",
    "unhold": "order.unhold",
    "cancel": "order.cancel",
    "reroute": "order.reroute",
    "tag": "order.tag",
    "untag": "order.tag",
    "assign": "order.assign",
    readdressing.ACT: readdressing.RIGHT,
}
INVERSE: Final[dict[str, Act]] = {
    "hold": "unhold",
    "unhold": "hold",
    "tag": "untag",
    "untag": "tag",
    "assign": "assign",
}
MARKS: Final = frozenset({"tag", "untag", "assign"})
_TRIES: Final = 5
# Before anyone hears these, stock is read again: others free some, too.
_LOOK_AGAIN: Final = (BACKORDER, rerouting.NOWHERE_ELSE, rerouting.SAME_PLAN)
_TOO_FAST: Final = Refusal(
    code="not_available",
    reason="库存变化太快,稍后重试",
    reason_en="Its stock changes too fast; try again",
    clause="stock.guard",
)


class Question(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is done to which orders; those that another job did are undone. `batch` keeps the new
    addresses of a change of address, `alike` the hash of the receiver that its orders go to now.
    """

    act: Act
    which: Selection
    reason: str = ""
    tags: tuple[str, ...] = ()
    person: str = ""
    number: str = ""
    exclude: tuple[str, ...] = ()
    batch: uuid.UUID | None = None
    alike: int = 0

    @property
    def undoes(self) -> bool:
        """Whether it undoes another job."""
        return self.which.of is not None and not self.which.failed


class Was(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an order was before the act, as far as undoing it needs to know."""

    holds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    person: str = ""


decode_question = msgspec.json.Decoder(Question).decode
decode_was = msgspec.json.Decoder(Was).decode
encode = msgspec.json.Encoder().encode


class _LookAgain(Exception):
    """Rolls a transaction back: the refusal may rest on stale stock."""


async def work(hub: Hub, job: Job, holder: uuid.UUID, seat: Seat) -> None:
    """Work on a job until it is done, told to stop, or taken over by another.

    Raises InputError `forbidden` when whoever asked may act no more.
    """
    question = decode_question(job.question)
    done, failed = job.done, job.failed
    state = jobs.CANCELLED if job.stop else jobs.DONE
    orders = find_ids(hub, job.tenant, question.which, job.place or lists.LAST)
    async for chunk, place in orders:
        if state == jobs.CANCELLED:
            break
        deed = _Deed(hub, job, question, await seat())
        told = await deed.do_all(chunk)
        done += told.count(True)
        failed += told.count(False)
        async with hub.connection() as connection:
            goes_on = await jobs.step(connection, job, holder, place, done, failed)
        if goes_on is None:
            return
        if not goes_on:
            state = jobs.CANCELLED
    async with hub.connection() as connection:
        # another may have worked on it beside this node, taken for dead
        done, failed = await jobs.count_items(connection, job)
        await jobs.step(connection, job, holder, None, done, failed)
        await jobs.end(connection, job, holder, state)


class _Deed:
    """What a job does to one order, under the rights of whoever asked."""

    def __init__(self, hub: Hub, job: Job, question: Question, seated: Seated) -> None:
        self._hub, self._job, self._question, self._seated = hub, job, question, seated
        self._action = ACTIONS[question.act]

    async def do_all(self, chunk: Sequence[tuple[uuid.UUID, bytes]]) -> list[bool | None]:
        """Act on orders, a few at a time: done, not done, or (None) had before."""
        told: list[bool | None] = []
        for start in range(0, len(chunk), JOB_ORDERS_AT_ONCE):
            some = chunk[start : start + JOB_ORDERS_AT_ONCE]
            deeds = [self._do(id_, decode_was(was) if was else Was()) for id_, was in some]
            told += await asyncio.gather(*deeds)
        return told

    async def _do(self, id_: uuid.UUID, was: Was) -> bool | None:
        """Act on one order in one commit with its item."""
        hub, tenant = self._hub, self._job.tenant
        looked_again = False
        for turn in range(_TRIES):
            world = await hub.worlds.ensure(tenant)
            try:
                async with hub.connection() as connection, connection.transaction():
                    if not await jobs.take(connection, self._job, id_):
                        return None
                    told = await self._act(connection, world, id_, was)
                    if told in _LOOK_AGAIN and not looked_again:
                        raise _LookAgain
                    refusal = told if isinstance(told, Refusal) else None
                    before = b"" if isinstance(told, Refusal) else encode(told)
                    await jobs.note(connection, self._job, id_, refusal, before)
                    return refusal is None
            except _LookAgain:
                looked_again = True
                hub.worlds.distrust({tenant})
            except write.GuardFailed:
                hub.worlds.distrust({tenant})
            except ProgramError:  # the order may know more of the master data than this world
                if turn:
                    raise
                hub.worlds.forget(tenant)
            except BaseException:
                hub.worlds.distrust({tenant})
                raise
        async with hub.connection() as connection, connection.transaction():
            if await jobs.take(connection, self._job, id_):
                await jobs.note(connection, self._job, id_, _TOO_FAST)
        return False

    async def _act(
        self, connection: Connection, world: World, id_: uuid.UUID, was: Was
    ) -> Was | Refusal:
        """Do what is asked with one order; give what it was before."""
        try:
            if self._question.act in MARKS:
                return await self._mark(connection, world, id_, was)
            if self._question.act == readdressing.ACT:
                return await self._readdress(connection, world, id_)
            return await self._command(connection, world, id_, was)
        except InputError as error:  # of one order: what is asked cannot be asked of it
            return Refusal(code=error.code, reason=error.detail, reason_en=error.detail)

    async def _readdress(
        self, connection: Connection, world: World, id_: uuid.UUID
    ) -> Was | Refusal:
        job, question = self._job, self._question
        batch = question.batch or id_
        to = await readdress_rows.read(connection, world.tenant, batch, id_)
        if to is None:
            return readdressing.LET_GO
        wanted = readdressing.Move(
            to=to, by=job.actor.sub, reason=question.reason, alike=question.alike
        )
        told = await readdressing.move(
            connection,
            world,
            id_,
            wanted,
            job.actor,
            self._seated,
            job.cause,
            self._hub.clock(),
        )
        if isinstance(told, Refusal):
            return told
        await readdress_rows.drop(connection, world.tenant, batch, id_)
        return Was()

    async def _mark(
        self, connection: Connection, world: World, id_: uuid.UUID, was: Was
    ) -> Was | Refusal:
        job, told = self._job, Command(event=self._question.act)
        made = await marks.mark(
            connection,
            world,
            id_,
            job.actor,
            self._hub.clock(),
            wanted_of(self._question, was),
            job.cause,
            lambda order: ask_rules(self._seated, order, told, self._action),
        )
        if isinstance(made, Refusal):
            return made
        if isinstance(made.said, marks.OrderAssigned):
            return Was(person=made.before.person)
        return Was(tags=made.said.tags)

    async def _command(
        self, connection: Connection, world: World, id_: uuid.UUID, was: Was
    ) -> Was | Refusal:
        job, told = self._job, commands_of(self._question, was, self._job.actor.sub)
        before: list[tuple[str, ...]] = []

        def decide(world: World, held: acts.Held, now_ms: int) -> acts.Change | Refusal:
            before.append(held.order.holds)
            ask_rules(self._seated, held.order, told[0], self._action)
            return caused(decide_all(told, world, held, now_ms), job.cause)

        answer = await acts.change(connection, world, id_, job.actor, self._hub.clock(), decide)
        if isinstance(answer, Refusal):
            return answer
        return Was(holds=tuple(h for h in before[-1] if h not in answer.holds))


def decide_all(
    told: Sequence[Command], world: World, held: acts.Held, now_ms: int
) -> acts.Change | Refusal:
    """Decide commands one after the other; the first refusal is everybody's."""
    change = acts.command(told[0])(world, held, now_ms)
    for command in told[1:]:
        if isinstance(change, Refusal):
            return change
        held = replace(held, order=change.order, promises=change.promises)
        more = acts.command(command)(world, held, now_ms)
        if isinstance(more, Refusal):
            return more
        change = replace(more, said=[*change.said, *more.said])
    return change


def wanted_of(question: Question, was: Was) -> Wanted:
    """Say what is to be marked; to undo, what was is put back."""
    if question.act == "assign":
        if question.undoes:
            return Wanted(person=was.person, number="")
        return Wanted(person=question.person, number=question.number)
    tags = was.tags if question.undoes else question.tags
    return Wanted(tags=tags, off=question.act == "untag")


def commands_of(question: Question, was: Was, by: str) -> list[Command]:
    """Say which commands are given; to put a hold back, one for each of its reasons."""
    reasons = was.holds if question.undoes and was.holds else (question.reason,)
    return [Command(event=question.act, reason=r, exclude=question.exclude, by=by) for r in reasons]


def ask_rules(seated: Seated, order: Order, told: Command, action: str) -> None:
    """Let an act pass, or raise Forbidden: the rules look at each warehouse."""
    for known in order_rights.contexts(order, told):
        for right in (action, *order_rights.lifting(order, told)):
            if not seated.ask(right, known).allowed:
                raise Forbidden("forbidden", f"you may not {right} on this order", right)
