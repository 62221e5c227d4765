"""The rows of the order COE: goals, backlog, experiments, reviews; read, listed, and changed with
the facts that change them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.coe.evolve import Record, evolve
from danshu.capabilities.coe.model import BacklogItem, Experiment, Goal, WeeklyReview
from danshu.hub.saying import say_next
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import NO_HEAD, Actor
from danshu.kernel.limits import COE_GOALS, COE_ITEMS
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

Connection = Any
_LOCK_TENANT: Final = "select 1 from tenants where id=%s for no key update"


class Kind(Struct, frozen=True, kw_only=True, eq=False):
    """A kind of record: its table, its Struct, what is said of one that there is none of, and how
    many may be in the states that count (0 = any number).
    """

    table: str
    type: type[Any]
    missing: InputError
    most: int = 0
    counts: tuple[str, ...] = ()


GOALS: Final = Kind(
    table="goals",
    type=Goal,
    missing=InputError("no_goal", "there is no such goal"),
    most=COE_GOALS,
    counts=("active",),
)
BACKLOG: Final = Kind(
    table="backlog_items",
    type=BacklogItem,
    missing=InputError("no_backlog_item", "there is no such item"),
    most=COE_ITEMS,
    counts=("open", "doing"),
)
EXPERIMENTS: Final = Kind(
    table="experiments",
    type=Experiment,
    missing=InputError("no_experiment", "there is no such experiment"),
    most=1,
    counts=("running",),
)
REVIEWS: Final = Kind(
    table="weekly_reviews",
    type=WeeklyReview,
    missing=InputError("no_review", "there is no review of these days yet"),
)
KINDS: Final = (GOALS, BACKLOG, EXPERIMENTS, REVIEWS)


async def read(connection: Connection, kind: Kind, tenant: int, id_: uuid.UUID) -> Any:
    """Read a record. Raises the InputError of its kind."""
    sql = f"select body::text from {kind.table} where tenant=%s and id=%s"
    row = await (await connection.execute(sql, (tenant, id_))).fetchone()
    if row is None:
        raise kind.missing
    return msgspec.json.decode(row[0], type=kind.type)


async def find_week(connection: Connection, tenant: int, week: str) -> WeeklyReview | None:
    """Find the review of these days."""
    sql = "select body::text from weekly_reviews where tenant=%s and week=%s"
    row = await (await connection.execute(sql, (tenant, week))).fetchone()
    return msgspec.json.decode(row[0], type=WeeklyReview) if row else None


async def list_rows(
    connection: Connection,
    kind: Kind,
    tenant: int,
    before: uuid.UUID,
    limit: int,
    *,
    state: str = "",
    owners: tuple[str, ...] = (),
) -> list[Any]:
    """List records, the newest first, of a state and of owners where named."""
    sql = (
        f"select body::text from {kind.table} where tenant=%s and id < %s"
        " and (%s = '' or state=%s) and (cardinality(%s::text[]) = 0 or owner = any(%s))"
        " order by id desc limit %s"
    )
    told = (tenant, before, state, state, list(owners), list(owners), limit)
    rows = await (await connection.execute(sql, told)).fetchall()
    return [msgspec.json.decode(body, type=kind.type) for (body,) in rows]


async def add(
    connection: Connection,
    kind: Kind,
    tenant: int,
    id_: uuid.UUID,
    data: Struct,
    actor: Actor,
    now_ms: int,
) -> Any:
    """Keep a new record with its fact. Raises InputError `too_many`."""
    async with connection.transaction():
        await connection.execute(_LOCK_TENANT, (tenant,))
        if kind.most:
            sql = f"select count(*) from {kind.table} where tenant=%s and state = any(%s)"
            cursor = await connection.execute(sql, (tenant, list(kind.counts)))
            if (await cursor.fetchone())[0] >= kind.most:
                raise InputError("too_many", f"at most {kind.most} {kind.table} at a time")
        seq, head = await say_next(connection, tenant, id_, (0, NO_HEAD), actor, now_ms, data)
        record = evolve(None, id_, data, actor.sub, now_ms)
        sql = (
            f"insert into {kind.table}(tenant,id,state,owner,week,body,seq,head)"
            " values (%s,%s,%s,%s,%s,%s::jsonb,%s,%s)"
        )
        await connection.execute(sql, (tenant, id_, *_columns(record), seq, head))
        return record


async def change(
    connection: Connection,
    kind: Kind,
    tenant: int,
    id_: uuid.UUID,
    actor: Actor,
    now_ms: int,
    decide: Callable[[Any], Struct | Refusal | None],
) -> Any:
    """Do an act: the row locked, decided, written with its fact in one commit; gives the record or
    the Refusal. None changes nothing. Raises the InputError of its kind.
    """
    async with connection.transaction():
        sql = f"select body::text, seq, head from {kind.table} where tenant=%s and id=%s for update"
        row = await (await connection.execute(sql, (tenant, id_))).fetchone()
        if row is None:
            raise kind.missing
        record = msgspec.json.decode(row[0], type=kind.type)
        said = decide(record)
        if said is None or isinstance(said, Refusal):
            return said or record
        end = (int(row[1]), bytes(row[2]))
        seq, head = await say_next(connection, tenant, id_, end, actor, now_ms, said)
        after = evolve(record, id_, said, actor.sub, now_ms)
        sql = (
            f"update {kind.table} set state=%s, owner=%s, week=%s, body=%s::jsonb, seq=%s, head=%s"
            " where tenant=%s and id=%s"
        )
        await connection.execute(sql, (*_columns(after), seq, head, tenant, id_))
        return after


def _columns(record: Record) -> tuple[str, str, str, str]:
    body = msgspec.json.encode(record).decode()
    if isinstance(record, WeeklyReview):
        return "made", "", record.week, body
    return record.state, record.plan.owner, "", body


async def look_at(connection: Connection, tenant: int, id_: uuid.UUID, now_ms: int) -> None:
    """Write down that an experiment was looked at."""
    sql = "update experiments set looked=%s where tenant=%s and id=%s"
    await connection.execute(sql, (write.instant(now_ms * 1000), tenant, id_))
