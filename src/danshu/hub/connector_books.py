"""Both sides' books 双方对账: the calls of a capability as we hold them, against the books of every
far side that may have a part of them, before, during and after a swap.

The calls that we keep are compared with all that the far sides list. A far side that lists nothing
is named, not compared: that is no proof of anything.
"""

from __future__ import annotations

import os
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.hub import connectors, jobs, merchants, outside, wires
from danshu.hub.connector_facts import ConnectorBooksCompared
from danshu.hub.jobs import NewJob, Who
from danshu.kernel import ids
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.fact import Actor, rfc3339
from danshu.kernel.limits import (
    BOOKS_DIFFERENCES,
    BOOKS_KEYS,
    BOOKS_TIMEOUT_S,
    CALL_ANSWER_BYTES,
)
from danshu.ledger import write
from danshu.ports.connector import Verdict

if TYPE_CHECKING:
    from danshu.hub.compose import Hub
    from danshu.hub.connectors import Desk
    from danshu.hub.jobs import Job
    from danshu.ports.connector import Held

Connection = psycopg.AsyncConnection[Any]
KIND: Final = "connector_books"
LOST, DOUBLED, STRANGE, DIFFERING, UNHEARD = "lost", "doubled", "strange", "differing", "unheard"
KINDS: Final = (LOST, DOUBLED, STRANGE, DIFFERING, UNHEARD)
_BEGIN: Final = """
insert into connector_runs(tenant,id,capability,began,since,until,state)
values(%s,%s,%s,%s,%s,%s,'waiting')
"""
_OURS: Final = """
select key, id, connector, state, operation, asked < %s from connector_calls
where tenant=%s and capability=%s and not trial
"""
_END: Final = "update connector_runs set state=%s, figures=%s where tenant=%s and id=%s"
_DIFFERENCE: Final = """
insert into connector_differences(tenant,run,no,kind,key,connector,call,detail)
values(%s,%s,%s,%s,%s,%s,%s,%s)
"""
_READ: Final = "select capability, since, until from connector_runs where tenant=%s and id=%s"


class BooksFigures(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a run found. `unlisted` are titles of far sides that list no books."""

    ours: int = 0
    theirs: int = 0
    agreed: int = 0
    lost: int = 0
    doubled: int = 0
    strange: int = 0
    differing: int = 0
    unheard: int = 0
    unlisted: tuple[str, ...] = ()


class Ours(Struct, frozen=True, kw_only=True):
    """A call as we hold it."""

    id: uuid.UUID
    connector: uuid.UUID | None
    state: str
    operation: str


class Theirs(Struct, frozen=True, kw_only=True):
    """A call as a far side holds it."""

    connector: uuid.UUID
    title: str
    reference: str
    verdict: Verdict


class Difference(Struct, frozen=True, kw_only=True):
    """Where the books differ. Lost: answered here, and no far side has it. Doubled: two have it, or
    one has it twice. Strange: theirs alone. Differing: both, with other outcomes. Unheard: done
    there, still open here.
    """

    kind: str
    key: str
    connector: uuid.UUID | None
    call: uuid.UUID | None
    detail: str


def compare(
    ours: dict[str, Ours], theirs: dict[str, list[Theirs]], listed: frozenset[uuid.UUID]
) -> tuple[BooksFigures, list[Difference]]:
    """Compare both sides, by key. `listed` are the far sides whose books were read."""
    found: list[Difference] = []
    agreed = 0
    for key in sorted(ours.keys() | theirs.keys()):
        call, held = ours.get(key), theirs.get(key, [])
        told = _judge(key, call, held, listed)
        if told is not None:
            found.append(told)
        elif call is not None and held:
            agreed += 1
    count = Counter(one.kind for one in found)
    figures = BooksFigures(
        ours=len(ours),
        theirs=sum(len(each) for each in theirs.values()),
        agreed=agreed,
        lost=count[LOST],
        doubled=count[DOUBLED],
        strange=count[STRANGE],
        differing=count[DIFFERING],
        unheard=count[UNHEARD],
    )
    return figures, found


def _judge(
    key: str, call: Ours | None, held: list[Theirs], listed: frozenset[uuid.UUID]
) -> Difference | None:
    where = held[0].connector if held else call.connector if call else None
    names = ", ".join(f"{one.title} {one.reference}" for one in held)
    id_ = call.id if call else None
    if len(held) > 1:
        return Difference(kind=DOUBLED, key=key, connector=where, call=id_, detail=names)
    if call is None:
        return Difference(kind=STRANGE, key=key, connector=where, call=None, detail=names)
    if not held:
        is_answered = call.state == "done" and call.connector in listed
        return (
            Difference(kind=LOST, key=key, connector=where, call=id_, detail=call.state)
            if is_answered
            else None
        )
    there = held[0].verdict
    detail = f"{call.state} / {there.value}: {names}"
    if call.state in ("due", "held") and there is Verdict.DONE:
        return Difference(kind=UNHEARD, key=key, connector=where, call=id_, detail=detail)
    is_other = (call.state == "done") != (there is Verdict.DONE)
    if call.connector != held[0].connector or (call.state in ("done", "refused") and is_other):
        return Difference(kind=DIFFERING, key=key, connector=where, call=id_, detail=detail)
    return None


async def check(connection: Connection, tenant: int, capability: str) -> None:
    """Raise InputError `no_connector` where nobody is connected for a capability."""
    desks = await connectors.read_all(connection, tenant)
    if not any(desk.capability == capability for desk in desks):
        raise connectors.NO_CONNECTOR


async def ask(
    connection: Connection, tenant: int, capability: str, caller: Who, actor: Actor, now_ms: int
) -> uuid.UUID:
    """Ask for a comparison, a job. Raises InputError `no_connector` where nobody is connected."""
    await check(connection, tenant, capability)
    id_ = ids.uuid7(now_ms, os.urandom(10))
    at = write.instant(now_ms * 1000)
    async with connection.transaction():
        new = NewJob(
            id=id_, kind=KIND, question=b"", caller=caller, actor=actor, total=0, exact=False
        )
        await jobs.begin(connection, tenant, new)
        await connection.execute(_BEGIN, (tenant, id_, capability, at, write.instant(0), at))
    return id_


async def work(hub: Hub, job: Job, holder: uuid.UUID) -> None:
    """Read all books and write what differs, in one commit with the fact."""
    async with hub.connection() as connection:
        row = await (await connection.execute(_READ, (job.tenant, job.id))).fetchone()
        if row is None:
            raise InputError("no_run", "there is no such run")
        capability, since, until = row
        desks = [
            desk
            for desk in await connectors.read_all(connection, job.tenant)
            if desk.capability == capability
        ]
        try:
            theirs, unlisted = await read_theirs(connection, desks, hub.clock())
        except NotAvailable as error:  # half a comparison is none, and nobody waits for hours
            raise InputError("far_side_away", error.detail) from error
        ours = await read_ours(connection, job.tenant, capability, until, _operations(theirs))
    if not await _step(hub, job, holder, sum(len(each) for each in theirs.values())):
        return
    held: dict[str, list[Theirs]] = {}
    for desk, books in theirs.items():
        for one in books:
            title = next(each.title for each in desks if each.id == desk)
            told = Theirs(connector=desk, title=title, reference=one.reference, verdict=one.verdict)
            held.setdefault(one.key, []).append(told)
    figures, found = compare(ours, held, frozenset(theirs))
    figures = msgspec.structs.replace(figures, unlisted=tuple(unlisted))
    async with hub.connection() as connection, connection.transaction():
        if not await jobs.end(connection, job, holder, jobs.DONE, msgspec.json.encode(figures)):
            return
        await _keep(connection, job, figures, found)
        said = ConnectorBooksCompared(
            agreed=figures.agreed,
            capability=capability,
            differing=figures.differing + figures.unheard,
            doubled=figures.doubled,
            lost=figures.lost,
            ours=figures.ours,
            run=str(job.id),
            since=rfc3339(round(since.timestamp() * 1000)),
            strange=figures.strange,
            theirs=figures.theirs,
            until=rfc3339(round(until.timestamp() * 1000)),
        )
        await merchants.say(connection, job.tenant, job.actor, said)


async def read_theirs(
    connection: Connection, desks: list[Desk], at_ms: int
) -> tuple[dict[uuid.UUID, list[Held]], list[str]]:
    """Read the books of far sides, and the titles of those that list nothing.

    Raises NotAvailable where one does not answer: half a comparison is none.
    """
    books: dict[uuid.UUID, list[Held]] = {}
    unlisted = []
    reach = outside.Reach(BOOKS_TIMEOUT_S, CALL_ANSWER_BYTES, 1)
    async with wires.open_wire() as wire:
        for desk in desks:
            adapter = await connectors.load(connection, desk.tenant, desk.adapter)
            account = await connectors.open_account(connection, desk)
            send = wires.sender(wire, desk.title, reach)
            held: list[Held] = []
            cursor = ""
            while True:
                page, cursor = await adapter.read_books(account, send, cursor, at_ms)
                held += page
                if len(held) > BOOKS_KEYS:
                    raise InputError("too_many", f"{desk.title} lists over {BOOKS_KEYS} calls")
                if not cursor:
                    break
            if held:
                books[desk.id] = held
            else:
                unlisted.append(desk.title)
    return books, unlisted


async def read_ours(
    connection: Connection, tenant: int, capability: str, until: Any, operations: frozenset[str]
) -> dict[str, Ours]:
    """Read our calls of those operations, asked before `until`, by key."""
    ours: dict[str, Ours] = {}
    async with connection.transaction(), connection.cursor("books") as cursor:
        await cursor.execute(_OURS, (until, tenant, capability))
        async for key, id_, connector, state, operation, is_before in cursor:
            if is_before and operation in operations:
                ours[key] = Ours(id=id_, connector=connector, state=state, operation=operation)
                if len(ours) > BOOKS_KEYS:
                    raise InputError("too_many", f"over {BOOKS_KEYS} calls")
    return ours


def gather(desks: list[Desk], books: dict[uuid.UUID, list[Held]]) -> dict[str, list[Theirs]]:
    """Put the books of far sides together, by key."""
    titles = {desk.id: desk.title for desk in desks}
    held: dict[str, list[Theirs]] = {}
    for id_, listed in books.items():
        for one in listed:
            told = Theirs(
                connector=id_, title=titles[id_], reference=one.reference, verdict=one.verdict
            )
            held.setdefault(one.key, []).append(told)
    return held


def _operations(theirs: dict[uuid.UUID, list[Held]]) -> frozenset[str]:
    """Give what the far sides list: questions that change nothing stand in no book."""
    return frozenset(held.operation for books in theirs.values() for held in books)


async def _step(hub: Hub, job: Job, holder: uuid.UUID, done: int) -> bool:
    async with hub.connection() as connection:
        goes_on = await jobs.step(connection, job, holder, None, done, 0)
        if goes_on is False:
            await jobs.end(connection, job, holder, jobs.CANCELLED)
            await connection.execute(_END, ("cancelled", b"{}", job.tenant, job.id))
    return bool(goes_on)


async def _keep(
    connection: Connection, job: Job, figures: BooksFigures, found: list[Difference]
) -> None:
    await connection.execute(_END, ("done", msgspec.json.encode(figures), job.tenant, job.id))
    async with connection.cursor() as cursor:
        await cursor.executemany(
            _DIFFERENCE,
            [
                (job.tenant, job.id, no, one.kind, one.key, one.connector, one.call, one.detail)
                for no, one in enumerate(found[:BOOKS_DIFFERENCES])
            ],
        )
