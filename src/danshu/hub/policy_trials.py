"""Trials 试算: a policy set on the orders of a past day, beside the one that rules.

A trial is a row that the room `policies` works off in batches; figures and place are kept with each
batch in one commit, so that a killed worker goes on where it stopped, and nobody waits for it.
"""

from __future__ import annotations

import datetime
import os
import uuid
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.routing.policy.model import ROUTING
from danshu.hub import intercept_figures, policy_replays
from danshu.hub.intercept_figures import StopFigures
from danshu.hub.policy_replays import TrialFigures
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import POLICY_TRIALS

if TYPE_CHECKING:
    from danshu.capabilities.routing.policy.model import PolicySet
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
TrialState = Literal["queued", "running", "done", "cancelled", "failed"]
CO2_G_TKM: Final = 120
UTC8: Final = datetime.timezone(datetime.timedelta(hours=8))
_COLUMNS: Final = (
    "id, draft, digest, against, day, orders_max, co2_g_tkm, state, total, done, result, by, at, "
    "days, kind"
)
_READ: Final = f"select {_COLUMNS} from policy_trials where tenant=%s and id=%s"
_OPEN: Final = """
select count(*) from policy_trials where tenant=%s and state in ('queued','running')
"""
_INSERT: Final = """
insert into policy_trials(tenant,id,draft,digest,body,against,day,orders_max,co2_g_tkm,by,days,
kind) values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)
"""
_CANCEL: Final = """
update policy_trials set state='cancelled' where tenant=%s and id=%s
and state in ('queued','running')
"""
_CHANGED: Final = """
select id, number, was, becomes, was_fen, becomes_fen, was_late, becomes_late, rules, held
from policy_trial_orders where tenant=%s and trial=%s and id > %s order by id limit %s
"""
NO_TRIAL: Final = InputError("no_trial", "there is no such trial")
NONE: Final = uuid.UUID(int=0)


class Trial(Struct, frozen=True, kw_only=True):
    """A trial and how far it is: `done` of `total` orders."""

    id: str
    draft: str
    digest: str
    against: str
    day: str
    orders_max: int
    co2_g_tkm: int
    state: TrialState
    total: int
    done: int
    figures: TrialFigures
    by: str
    at: str
    days: int = 1
    stops: StopFigures | None = None  # of an intercept set, instead of `figures`


class ChangedOrder(Struct, frozen=True, kw_only=True):
    """An order that the tried set would send elsewhere, hold or let go. Warehouses by line, "" =
    unfulfilled; money in 分, chance to be late in permille.
    """

    order: str
    number: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    before_fen: int
    after_fen: int
    before_late_permille: int
    after_late_permille: int
    rules: tuple[str, ...]
    held: str


async def begin(
    connection: Connection,
    tenant: int,
    draft: str,
    policy: PolicySet,
    against: str,
    day: datetime.date,
    orders_max: int,
    co2_g_tkm: int,
    actor: Actor,
    now_ms: int,
    days: int = 1,
) -> Trial:
    """Queue a trial of a draft as it is, on `days` days up to `day`. Raises InputError for a day
    to come, `too_many`.
    """
    if day > datetime.datetime.fromtimestamp(now_ms / 1000, UTC8).date():
        raise InputError("day", "that day is still to come", "/day")
    async with connection.transaction():
        await connection.execute("select 1 from tenants where id=%s for update", (tenant,))
        row = await (await connection.execute(_OPEN, (tenant,))).fetchone()
        if row and row[0] >= POLICY_TRIALS:
            raise InputError("too_many", f"at most {POLICY_TRIALS} trials at a time")
        id_ = ids.uuid7(now_ms, os.urandom(10))
        told = (
            tenant,
            id_,
            uuid.UUID(draft),
            bytes.fromhex(policy.digest),
            policy.content,
            bytes.fromhex(against),
            day,
            orders_max,
            co2_g_tkm,
            actor.sub,
            days,
            policy.kind,
        )
        await connection.execute(_INSERT, told)
        return await read(connection, tenant, str(id_))


async def read(connection: Connection, tenant: int, id_: str) -> Trial:
    """Read a trial. Raises InputError `no_trial`."""
    try:
        key = uuid.UUID(id_)
    except ValueError:
        raise NO_TRIAL from None
    row = await (await connection.execute(_READ, (tenant, key))).fetchone()
    if row is None:
        raise NO_TRIAL
    result = bytes(row[10])
    return Trial(
        id=str(row[0]),
        draft=str(row[1]),
        digest=bytes(row[2]).hex(),
        against=bytes(row[3]).hex(),
        day=row[4].isoformat(),
        orders_max=row[5],
        co2_g_tkm=row[6],
        state=row[7],
        total=row[8],
        done=row[9],
        figures=read_figures(result if row[14] == ROUTING else b""),
        days=row[13],
        stops=None if row[14] == ROUTING else intercept_figures.read(result),
        by=row[11],
        at=rfc3339(round(row[12].timestamp() * 1000)),
    )


def read_figures(raw: bytes) -> TrialFigures:
    """Read stored figures; none yet are zeros."""
    return msgspec.json.decode(raw, type=TrialFigures) if raw else policy_replays.no_figures()


async def list_changed(
    connection: Connection, tenant: int, id_: str, after: uuid.UUID, limit: int
) -> list[ChangedOrder]:
    """List the orders that would change, by their ids."""
    cursor = await connection.execute(_CHANGED, (tenant, uuid.UUID(id_), after, limit))
    return [
        ChangedOrder(
            order=str(row[0]), number=row[1], before=tuple(row[2]), after=tuple(row[3]),
            before_fen=row[4], after_fen=row[5], before_late_permille=row[6],
            after_late_permille=row[7], rules=tuple(row[8]), held=row[9],
        )
        for row in await cursor.fetchall()
    ]  # fmt: skip


def read_place(text: str) -> uuid.UUID:
    """Read where a page ended. Raises InputError `bad_filter`."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise InputError("bad_filter", "the cursor is not of this list", "/cursor") from None


async def cancel(connection: Connection, tenant: int, id_: str) -> bool:
    """Stop a trial; tells whether it was still open. Raises InputError `no_trial`."""
    await read(connection, tenant, id_)
    cursor = await connection.execute(_CANCEL, (tenant, uuid.UUID(id_)))
    return cursor.rowcount == 1
