"""Jobs: long work that survives its process. A row says what is asked and how far it has come.

Whoever works on a job holds a lease; each step moves the job's place and renews the lease, in one
statement that fails when another holds it by then. What is done to an order is written in the
order's own commit (`job_items`), so that nothing is done twice whoever died where.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.hub import readdress_rows
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Actor
from danshu.kernel.limits import JOB_DAYS, JOB_LEASE_S, JOBS_OPEN

if TYPE_CHECKING:
    from collections.abc import Sequence

Connection = psycopg.AsyncConnection[Any]
NO_JOB: Final = InputError("no_job", "there is no such job")
WAITING: Final = "waiting"
RUNNING: Final = "running"
DONE: Final = "done"
CANCELLED: Final = "cancelled"
FAILED: Final = "failed"
_COLUMNS: Final = (
    "tenant,id,kind,state,question,asked_by,caller,actor,total,exact,done,failed,place,stop,result,"
    "trouble,parent,created,ended"
)
_INSERT: Final = (
    "insert into jobs(tenant,id,kind,state,question,asked_by,caller,actor,total,exact,parent)"
    " values(%s,%s,%s,'waiting',%s,%s,%s,%s,%s,%s,%s)"
)
_OPEN: Final = "select count(*) from jobs where tenant=%s and ended is null"
_READ: Final = f"select {_COLUMNS} from jobs where tenant=%s and id=%s"
_LIST: Final = (
    f"select {_COLUMNS} from jobs where tenant=%s and (%s::text is null or asked_by=%s) and id<%s"
    " order by id desc limit %s"
)
_CLAIM: Final = f"""
update jobs set holder=%(holder)s, state='running',
  lease=now() + make_interval(secs => {JOB_LEASE_S})
where (tenant,id) = (select tenant,id from jobs where ended is null
  and (lease is null or lease < now()) order by lease nulls first, id limit 1
  for update skip locked)
returning {_COLUMNS}
"""
_STEP: Final = f"""
update jobs set place=coalesce(%(place)s, place), done=%(done)s, failed=%(failed)s,
  total=greatest(total, %(done)s + %(failed)s), lease=now() + make_interval(secs => {JOB_LEASE_S})
where tenant=%(tenant)s and id=%(id)s and holder=%(holder)s and ended is null returning stop
"""
_END: Final = """
update jobs set state=%(state)s, ended=now(), lease=null, holder=null, result=%(result)s,
  trouble=%(trouble)s, total=case when %(state)s='done' then done+failed else total end, exact=true
where tenant=%(tenant)s and id=%(id)s and holder=%(holder)s and ended is null
"""
_STOP: Final = """
update jobs set stop=true, state=case when holder is null then 'cancelled' else state end,
  ended=case when holder is null then now() end
where tenant=%s and id=%s and ended is null
"""
_COUNT: Final = """
select count(*) filter (where code=''), count(*) filter (where code<>'') from job_items
where tenant=%s and job=%s
"""
_TAKE: Final = (
    "insert into job_items(tenant,job,id) values(%s,%s,%s) on conflict do nothing returning 1"
)
_NOTE: Final = (
    "update job_items set code=%s, reason=%s, reason_en=%s, was=%s"
    " where tenant=%s and job=%s and id=%s"
)
_FAILURES: Final = """
select i.id,i.code,i.reason,i.reason_en,o.doc from (
  select * from job_items where tenant=%s and job=%s and code<>'' and id<%s
  and (%s='' or code=%s) order by id desc limit %s) i
left join orders o on o.tenant=i.tenant and o.id=i.id order by i.id desc
"""
_GROUPS: Final = """
select code,reason,reason_en,count(*) from job_items where tenant=%s and job=%s and code<>''
group by 1,2,3 order by 4 desc, 1 limit 50
"""
_ITEMS: Final = """
select id,was from job_items where tenant=%s and job=%s and (code<>'') = %s and id<%s
order by id desc limit %s
"""
_OLD: Final = (
    "select tenant, id from jobs where ended < now() - make_interval(days => %s) limit 100"
)
_FORGET: Final = "delete from jobs where tenant=%s and id=%s"
_FORGET_ITEMS: Final = "delete from job_items where tenant=%s and job=%s"
_encode = msgspec.json.Encoder().encode
_decode_actor = msgspec.json.Decoder(Actor).decode


class Who(Struct, frozen=True, kw_only=True):
    """Who asked, as rights are asked again: kind Person or Key, and the id."""

    kind: str
    id: str

    @property
    def subject(self) -> str:
        """The name under which jobs, views and assignments are theirs."""
        return f"{self.kind.lower()}:{self.id}"


class Job(Struct, frozen=True, kw_only=True):
    """A job as its row says. `place` is the last order that was come to; newest orders go first.

    `total` is an estimate unless `exact`. `result` is JSON of the kind of job; `trouble` says why
    the whole of it failed. Instants in epoch ms, 0 = not yet.
    """

    tenant: int
    id: uuid.UUID
    kind: str
    state: str
    question: bytes
    asked_by: str
    caller: Who
    actor: Actor
    total: int
    exact: bool
    done: int
    failed: int
    place: uuid.UUID | None
    stop: bool
    result: bytes
    trouble: str
    parent: uuid.UUID | None
    created_ms: int
    ended_ms: int

    @property
    def cause(self) -> str:
        """What facts name as their cause when a job said them."""
        return f"job/{self.id}"


class Failure(Struct, frozen=True, kw_only=True):
    """An order that a job could not do, and why; `number` is "" where there is no such order."""

    order: uuid.UUID
    number: str
    code: str
    reason: str
    reason_en: str


class Reason(Struct, frozen=True, kw_only=True):
    """How many orders failed for one reason."""

    code: str
    reason: str
    reason_en: str
    count: int


class _Number(Struct, frozen=True):
    number: str


_decode_number = msgspec.json.Decoder(_Number).decode
_decode_who = msgspec.json.Decoder(Who).decode


class NewJob(Struct, frozen=True, kw_only=True):
    """What a job is begun with."""

    id: uuid.UUID
    kind: str
    question: bytes
    caller: Who
    actor: Actor
    total: int
    exact: bool
    parent: uuid.UUID | None = None


async def begin(connection: Connection, tenant: int, new: NewJob) -> None:
    """Keep a new job; a runner takes it up. Raises InputError `busy` when too many are open."""
    async with connection.transaction():
        row = await (await connection.execute(_OPEN, (tenant,))).fetchone()
        if row and row[0] >= JOBS_OPEN:
            raise InputError("busy", f"at most {JOBS_OPEN} jobs at a time")
        await connection.execute(
            _INSERT,
            (
                tenant,
                new.id,
                new.kind,
                new.question,
                new.caller.subject,
                _encode(new.caller),
                _encode(new.actor),
                new.total,
                new.exact,
                new.parent,
            ),
        )


def _job(row: tuple[Any, ...]) -> Job:
    return Job(
        tenant=row[0],
        id=row[1],
        kind=row[2],
        state=row[3],
        question=bytes(row[4]),
        asked_by=row[5],
        caller=_decode_who(bytes(row[6])),
        actor=_decode_actor(bytes(row[7])),
        total=row[8],
        exact=row[9],
        done=row[10],
        failed=row[11],
        place=row[12],
        stop=row[13],
        result=bytes(row[14]),
        trouble=row[15],
        parent=row[16],
        created_ms=int(row[17].timestamp() * 1000),
        ended_ms=int(row[18].timestamp() * 1000) if row[18] else 0,
    )


async def read(connection: Connection, tenant: int, id_: uuid.UUID) -> Job:
    """Read a job. Raises InputError `no_job`."""
    row = await (await connection.execute(_READ, (tenant, id_), binary=True)).fetchone()
    if row is None:
        raise NO_JOB
    return _job(row)


async def list_jobs(
    connection: Connection, tenant: int, asked_by: str | None, before: uuid.UUID, limit: int
) -> list[Job]:
    """List jobs, newest first: those of one who asked, or (None) everybody's."""
    asked = (tenant, asked_by, asked_by, before, limit)
    cursor = await connection.execute(_LIST, asked, binary=True)
    return [_job(row) for row in await cursor.fetchall()]


async def stop(connection: Connection, tenant: int, id_: uuid.UUID) -> bool:
    """Tell a job to stop after the orders that it is at; False when it had ended."""
    return bool((await connection.execute(_STOP, (tenant, id_))).rowcount)


async def claim(connection: Connection, holder: uuid.UUID) -> Job | None:
    """Take a job that nobody works on, its counters told by its items; None when there is none."""
    async with connection.transaction():
        cursor = await connection.execute(_CLAIM, {"holder": holder}, binary=True)
        row = await cursor.fetchone()
        if row is None:
            return None
        job = _job(row)
        done, failed = await count_items(connection, job)
        return msgspec.structs.replace(job, done=done, failed=failed)


async def count_items(connection: Connection, job: Job) -> tuple[int, int]:
    """Count what a job did and could not do, whoever worked on it."""
    row = await (await connection.execute(_COUNT, (job.tenant, job.id), binary=True)).fetchone()
    return (row[0], row[1]) if row else (0, 0)


async def step(
    connection: Connection,
    job: Job,
    holder: uuid.UUID,
    place: uuid.UUID | None,
    done: int,
    failed: int,
) -> bool | None:
    """Write how far a job has come. True = go on, False = stop, None = another has it by now."""
    cursor = await connection.execute(
        _STEP,
        {
            "place": place,
            "done": done,
            "failed": failed,
            "tenant": job.tenant,
            "id": job.id,
            "holder": holder,
        },
    )
    row = await cursor.fetchone()
    return None if row is None else not row[0]


async def end(
    connection: Connection,
    job: Job,
    holder: uuid.UUID,
    state: str,
    result: bytes = b"",
    trouble: str = "",
) -> bool:
    """End a job; False when another had taken it over."""
    asked = {"state": state, "result": result, "trouble": trouble}
    place = {"tenant": job.tenant, "id": job.id, "holder": holder}
    return bool((await connection.execute(_END, asked | place)).rowcount)


async def forget_old(connection: Connection, now_ms: int) -> int:
    """Forget jobs that ended JOB_DAYS ago, with what they noted, a few at a time; and addresses
    that no order took.
    """
    await readdress_rows.forget_old(connection, now_ms)
    cursor = await connection.execute(_OLD, (JOB_DAYS,))
    old = await cursor.fetchall()
    for tenant, id_ in old:
        async with connection.transaction():
            await connection.execute(_FORGET_ITEMS, (tenant, id_))
            await connection.execute(_FORGET, (tenant, id_))
    return len(old)


async def take(connection: Connection, job: Job, id_: uuid.UUID) -> bool:
    """Take an order for a job in the transaction that acts on it; False when it was had before."""
    cursor = await connection.execute(_TAKE, (job.tenant, job.id, id_))
    return await cursor.fetchone() is not None


async def note(
    connection: Connection, job: Job, id_: uuid.UUID, refusal: Refusal | None, was: bytes = b""
) -> None:
    """Note in the same transaction why an order could not be done, or what it was before."""
    code, reason, reason_en = (
        (refusal.code, refusal.reason, refusal.reason_en) if refusal else ("", "", "")
    )
    await connection.execute(_NOTE, (code, reason, reason_en, was, job.tenant, job.id, id_))


async def failures(
    connection: Connection, tenant: int, id_: uuid.UUID, code: str, before: uuid.UUID, limit: int
) -> list[Failure]:
    """List the orders that a job could not do, newest first; with a code, for that reason only."""
    asked = (tenant, id_, before, code, code, limit)
    cursor = await connection.execute(_FAILURES, asked, binary=True)
    return [
        Failure(
            order=r[0],
            number=_decode_number(r[4]).number if r[4] else "",
            code=r[1],
            reason=r[2],
            reason_en=r[3],
        )
        for r in await cursor.fetchall()
    ]


async def reasons(connection: Connection, tenant: int, id_: uuid.UUID) -> list[Reason]:
    """Count the failures of a job by reason, the most frequent first."""
    cursor = await connection.execute(_GROUPS, (tenant, id_), binary=True)
    return [
        Reason(code=r[0], reason=r[1], reason_en=r[2], count=r[3]) for r in await cursor.fetchall()
    ]


async def items(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    before: uuid.UUID,
    limit: int,
    *,
    failed: bool,
) -> Sequence[tuple[uuid.UUID, bytes]]:
    """Give the orders that a job did, or could not, newest first, with what they were before."""
    cursor = await connection.execute(_ITEMS, (tenant, id_, failed, before, limit), binary=True)
    return [(r[0], bytes(r[1])) for r in await cursor.fetchall()]
