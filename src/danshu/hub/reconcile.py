"""Reconciliation 对账: a run holds orders, payments, bills and waybills against one another.

A run is a job. It follows the log to its end, writes both sides to files of its own, joins them in
DuckDB, and writes in one commit what differs and what is explained: a run that is cancelled, or
that dies, has written nothing. The next one looks at what is new since then, and at all of it when
the rules have changed or somebody asks. The same data give the same differences, with their ids.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.capabilities.settlement import differences as states
from danshu.capabilities.settlement import tolerances
from danshu.hub import jobs, merchants, reconcile_join, reconcile_money, reconcile_store
from danshu.hub.bill_facts import DifferenceReopened, ReconcileFinished, ReconcileRulesSet
from danshu.hub.jobs import NewJob, Who
from danshu.hub.reconcile_keyless import Keyless
from danshu.hub.reconcile_store import Outcome, Scope
from danshu.hub.worlds import now_ms
from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Actor, Said, pack
from danshu.kernel.limits import RECONCILE_CAUSE_CHARS
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid

    from danshu.capabilities.settlement.tolerances import Rules
    from danshu.hub.compose import Hub
    from danshu.hub.jobs import Job

Connection = psycopg.AsyncConnection[Any]
KIND: Final = "reconcile"
HUB: Final = Who(kind="Hub", id="reconcile")
ACTOR: Final = Actor(sub="hub", role="reconcile")
STAGES: Final = ("waiting", "log", "read", "join", "write", "done")
_BEAT_S: Final = 2.0
_LOCK: Final = "select 1 from tenants where id=%s for no key update"
_WAITING: Final = (
    "select j.id from jobs j join reconcile_runs r on r.tenant=j.tenant and r.id=j.id"
    " where j.tenant=%s and j.kind='reconcile' and j.state='waiting' and j.ended is null"
    " and r.whole >= %s limit 1"
)
_BEGIN: Final = (
    "insert into reconcile_runs(tenant,id,cause,stage,whole) values(%s,%s,%s,'waiting',%s)"
)
_LAST: Final = (
    "select line_no, changed, rules from reconcile_runs where tenant=%s and stage='done'"
    " order by id desc limit 1"
)
_ASKED: Final = "select whole from reconcile_runs where tenant=%s and id=%s"
_STAGE: Final = "update reconcile_runs set stage=%s where tenant=%s and id=%s"
_DONE: Final = """
update reconcile_runs set stage='done', whole=%s, line_no=%s, changed=%s, rules=%s, orders=%s,
lines=%s, matched=%s, counts=%s, until=now(), seconds=%s where tenant=%s and id=%s
"""
_CAUSE: Final = (
    "select cause, whole, rules, orders, lines from reconcile_runs where tenant=%s and id=%s"
)
_RULES: Final = (
    "select version, body from reconcile_rules where tenant=%s order by version desc limit 1"
)
_SET: Final = "insert into reconcile_rules(tenant,version,digest,body,by) values(%s,%s,%s,%s,%s)"
_OPEN: Final = "select count(*) from differences where tenant=%s and state in ('open','proposed')"
_AGAIN: Final = """
update differences set state='open', owner=%s, reason='', note='', asked='', second='', expected=%s,
actual=%s, lines=%s, line=%s, rule=%s, at=%s, run=%s, seq=%s, head=%s, changed=now()
where tenant=%s and id=%s
"""
_ONE_RUN: Final = 0x44526563  # "DRec": one run of a merchant writes at a time
RULES_MOVED: Final = Refusal(
    code="rules_moved",
    reason="规则已被他人改过,先看新的",
    reason_en="Somebody else has changed the rules: look at them first",
    clause="reconcile.rules",
)
_encode = msgspec.json.encode


async def read_rules(connection: Connection, tenant: int) -> tuple[int, Rules]:
    """Read a merchant's rules and their version; 0 where none were set."""
    row = await (await connection.execute(_RULES, (tenant,))).fetchone()
    return (row[0], tolerances.decode(bytes(row[1]))) if row else (0, tolerances.SHIPPED)


async def set_rules(
    connection: Connection, tenant: int, rules: Rules, actor: Actor, base: int | None = None
) -> tuple[int, Rules] | Refusal:
    """Set a merchant's rules; the next run looks at everything by them. `base` is the version that
    they were written from, None whatever it is. Raises InputError.
    """
    body = tolerances.encode(tolerances.check(rules))
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        version, before = await read_rules(connection, tenant)
        if base is not None and base != version:
            return RULES_MOVED
        if version and tolerances.encode(before) == body:
            return version, before
        digest = hashlib.sha256(body).digest()
        await connection.execute(_SET, (tenant, version + 1, digest, body, actor.sub))
        said = ReconcileRulesSet(digest=digest.hex(), version=version + 1)
        await merchants.say(connection, tenant, actor, said)
    return version + 1, rules


async def ask(
    connection: Connection,
    tenant: int,
    cause: str,
    caller: Who = HUB,
    actor: Actor = ACTOR,
    *,
    whole: bool = False,
) -> uuid.UUID:
    """Ask for a run; joins one that still waits. Gives the run's id. Raises InputError `busy`."""
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        row = await (await connection.execute(_WAITING, (tenant, whole), binary=True)).fetchone()
        if row is not None:
            waiting: uuid.UUID = row[0]
            return waiting
        id_ = ids.uuid7(now_ms(), os.urandom(10))
        new = NewJob(
            id=id_, kind=KIND, question=b"", caller=caller, actor=actor, total=4, exact=True
        )
        await jobs.begin(connection, tenant, new)
        await connection.execute(_BEGIN, (tenant, id_, cause[:RECONCILE_CAUSE_CHARS], whole))
    return id_


async def work(hub: Hub, job: Job, holder: uuid.UUID) -> None:
    """Work on a run until it is done, cancelled, or taken over by another."""
    beat = Beat()
    if not job.stop:
        try:
            await _run(hub, job, holder, beat)
        except Cancelled:
            pass
        except InputError:
            async with hub.connection() as connection:
                await connection.execute(_STAGE, (jobs.FAILED, job.tenant, job.id))
            raise
    if beat.is_lost:
        return
    state = jobs.DONE if beat.outcome is not None else jobs.CANCELLED
    async with hub.connection() as connection, connection.transaction():
        if state == jobs.CANCELLED:
            await connection.execute(_STAGE, (state, job.tenant, job.id))
        if await jobs.end(connection, job, holder, state):
            await _say(connection, job, state, beat.outcome or Outcome())


class Cancelled(Exception):
    """Somebody stopped the run."""


class Beat:
    """What the thread of a run and its keeper tell one another."""

    def __init__(self) -> None:
        self.stage = 0
        self.stops = False
        self.is_lost = False
        self.outcome: Outcome | None = None

    def reach(self, stage: str) -> None:
        """Come to a stage. Raises Cancelled where somebody stopped the run."""
        self.stage = STAGES.index(stage)
        if self.stops:
            raise Cancelled


async def _run(hub: Hub, job: Job, holder: uuid.UUID, beat: Beat) -> None:
    async with hub.connection() as connection:
        beat.reach("log")
        await connection.execute(_STAGE, ("log", job.tenant, job.id))
        await reconcile_money.catch_up(connection, job.tenant)
    thread = asyncio.create_task(asyncio.to_thread(run, hub.url, job.tenant, job.id, beat))
    try:
        while not thread.done():
            await asyncio.wait([thread], timeout=_BEAT_S)
            async with hub.connection() as connection:
                await connection.execute(
                    _STAGE + " and stage not in ('done','failed')",
                    (STAGES[min(beat.stage, 4)], job.tenant, job.id),
                )
                goes_on = await jobs.step(connection, job, holder, None, min(beat.stage, 4), 0)
            beat.stops = beat.stops or not goes_on
            beat.is_lost = beat.is_lost or goes_on is None
    finally:
        beat.stops = True
        await asyncio.gather(thread, return_exceptions=True)
    thread.result()


def run(url: str, tenant: int, id_: uuid.UUID, beat: Beat) -> None:
    """Do the work of a run in this thread, on a connection of its own; one commit at the end."""
    began_s = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="danshu-reconcile-"))
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            _run_in(connection, tenant, id_, beat, folder, began_s)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run_in(
    connection: psycopg.Connection[Any],
    tenant: int,
    id_: uuid.UUID,
    beat: Beat,
    folder: Path,
    began_s: float,
) -> None:
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s, %s)", (_ONE_RUN, tenant))
        beat.reach("read")
        scope, version, rules = _scope(connection, tenant, id_)
        files = reconcile_store.export(connection, scope, rules, folder)
        beat.reach("join")
        with reconcile_join.open_memory(folder) as memory:
            for name, file in files.items():
                reconcile_join.load(memory, name, file)
                file.unlink()
            reconcile_join.join(memory, rules)
            Keyless(memory, rules).match()
            beat.reach("write")
            at_ms = now_ms()

            def reopen(on: psycopg.Connection[Any], row: tuple[Any, ...]) -> None:
                _reopen(on, scope, row, at_ms)

            outcome = reconcile_store.write_found(connection, memory, scope, at_ms, reopen)
            outcome.matched = reconcile_store.write_matched(connection, memory, scope, folder)
            counts = dict(memory.execute("select class, count(*) from found group by 1").fetchall())
            sides = memory.execute(
                "select (select count(*) from orders), (select count(*) from lines)"
            ).fetchone()
        beat.reach("write")
        orders, lines = sides or (0, 0)
        seconds = time.monotonic() - began_s
        named = {states.CLASSES[no - 1]: n for no, n in sorted(counts.items())}
        connection.execute(
            _DONE,
            (
                *(scope.whole, scope.line_no, scope.changed, version, orders, lines),
                *(outcome.matched, _encode(named), seconds, tenant, id_),
            ),
        )
    beat.outcome = outcome
    beat.stage = STAGES.index("done")


def _scope(
    connection: psycopg.Connection[Any], tenant: int, id_: uuid.UUID
) -> tuple[Scope, int, Rules]:
    row = connection.execute(_RULES, (tenant,)).fetchone()
    version, rules = (row[0], tolerances.decode(bytes(row[1]))) if row else (0, tolerances.SHIPPED)
    last = connection.execute(_LAST, (tenant,)).fetchone()
    asked = connection.execute(_ASKED, (tenant, id_)).fetchone()
    whole = last is None or last[2] != version or bool(asked and asked[0])
    line_no, changed = reconcile_store.read_end(connection, tenant)
    scope = Scope(
        tenant=tenant,
        run=id_,
        whole=whole,
        since_no=0 if whole or last is None else last[0],
        since=0 if whole or last is None else last[1],
        line_no=line_no,
        changed=changed,
    )
    return scope, version, rules


def _reopen(
    connection: psycopg.Connection[Any], scope: Scope, row: tuple[Any, ...], at_ms: int
) -> None:
    """Open a closed difference again: other amounts came to light."""
    id_, class_, book, key, seq, head, expected, actual, lines, line, rule, at, owner = row
    said = DifferenceReopened(
        actual=actual,
        expected=expected,
        subject=f"{states.CLASSES[class_ - 1]}/{book}/{key}",
    )
    packed = pack(
        [Said(data=said, cause=f"job/{scope.run}")],
        stream=id_,
        seq=seq,
        head=bytes(head),
        actor=ACTOR,
        now_ms=at_ms,
        tenant=scope.tenant,
    )
    statement = write.facts([scope.tenant], [packed])
    connection.execute(statement.sql, statement.params, binary=True)
    connection.execute(
        _AGAIN,
        (
            *(owner, expected, actual, lines, line, rule, at, scope.run),
            *(seq + 1, packed.head, scope.tenant, id_),
        ),
    )


async def _say(connection: Connection, job: Job, state: str, outcome: Outcome) -> None:
    row = await (await connection.execute(_CAUSE, (job.tenant, job.id))).fetchone()
    still = await (await connection.execute(_OPEN, (job.tenant,))).fetchone()
    cause, whole, rules, orders, lines = row or ("", False, 0, 0, 0)
    said = ReconcileFinished(
        cause=cause,
        lines=lines,
        matched=outcome.matched,
        open=still[0] if still else 0,
        opened=outcome.opened,
        orders=orders,
        outcome=state,
        reopened=outcome.reopened,
        rules=rules,
        run=str(job.id),
        settled=outcome.settled,
        whole=whole,
    )
    await merchants.say(connection, job.tenant, job.actor, said)
