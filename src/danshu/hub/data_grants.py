"""Grants of assets 数据授权: who may do what with one asset, for which purpose, until when.

A grant adds to what a role allows and ends with its time, which is looked at when it is used and by
nobody in between. Nobody grants to themselves, nor to a role that they hold.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.people.model import ROLES
from danshu.capabilities.protection.facts import AssetGranted, GrantRevoked
from danshu.capabilities.protection.grants import EXPIRED, SELF
from danshu.capabilities.protection.model import Act, Condition, Grant
from danshu.hub import people
from danshu.hub.saying import say_next
from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import NO_HEAD, rfc3339
from danshu.kernel.limits import DATA_GRANT_DAYS, DATA_GRANTS
from danshu.ledger import write

if TYPE_CHECKING:
    from danshu.capabilities.people.policies import Principal
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
NO_GRANT: Final = InputError("no_data_grant", "there is no such grant")
TOO_MANY: Final = Refusal(
    code="too_many_data_grants",
    reason=f"最多同时有 {DATA_GRANTS} 项数据授权",
    reason_en=f"At most {DATA_GRANTS} grants hold at a time",
    clause="data_grant.limit",
)
_DAY_MS: Final = 86_400_000
_COLUMNS: Final = (
    "id, holder, asset, act, purpose, columns, condition, reason, given_by, begins, until, revoked"
)
_OF: Final = (
    f"select {_COLUMNS} from data_grants where tenant=%s and holder = any(%s) and asset=%s"
    " order by id desc limit 200"
)
_LIST: Final = (
    f"select {_COLUMNS} from data_grants where tenant=%s and (%s::text[] is null"
    " or holder = any(%s)) and (%s='' or asset=%s) and id<%s order by id desc limit %s"
)
_COUNT: Final = "select count(*) from data_grants where tenant=%s and revoked is null and until>%s"
_INSERT: Final = (
    "insert into data_grants(tenant,id,holder,asset,act,purpose,columns,condition,reason,given_by,"
    "begins,until,seq,head) values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)"
)
_LOCK: Final = (
    "select holder, until, revoked, seq, head from data_grants where tenant=%s and id=%s for update"
)
_REVOKE: Final = "update data_grants set revoked=%s, seq=%s, head=%s where tenant=%s and id=%s"


class NewGrant(Struct, frozen=True, kw_only=True):
    """What is granted, to whom, for what, until when, and why."""

    holder: str
    asset: str
    act: Act
    purpose: str
    until_ms: int
    reason: str
    columns: tuple[str, ...] = ()
    condition: Condition = ""


class Kept(Struct, frozen=True, kw_only=True):
    """A grant with what a list shows beside it."""

    grant: Grant
    reason: str
    begins_ms: int


def holders(who: Principal) -> list[str]:
    """Give the names under which somebody holds grants: themselves, and their roles."""
    if who.kind != "Person":
        return [f"key:{who.id}"]
    return [f"person:{who.id}", *(f"role:{role}" for role in who.roles)]


async def of(connection: Connection, tenant: int, who: Principal, asset: str) -> list[Grant]:
    """Give what somebody was granted on an asset, ended grants too, the newest 200."""
    cursor = await connection.execute(_OF, (tenant, holders(who), asset))
    return [_kept(row).grant for row in await cursor.fetchall()]


async def page(
    connection: Connection,
    tenant: int,
    held_by: list[str] | None,
    asset: str,
    before: uuid.UUID,
    limit: int,
) -> list[Kept]:
    """List grants, the newest first: of some holders, or (None) of all; `asset` "" of any."""
    values = (tenant, held_by, held_by, asset, asset, before, limit)
    return [_kept(row) for row in await (await connection.execute(_LIST, values)).fetchall()]


async def give(
    connection: Connection, tenant: int, giver: Principal, new: NewGrant, actor: Actor, now_ms: int
) -> uuid.UUID | Refusal:
    """Grant. Raises InputError `no_person`, `data_grant_until`, `data_grant_holder`."""
    if not now_ms < new.until_ms <= now_ms + DATA_GRANT_DAYS * _DAY_MS:
        raise InputError(
            "data_grant_until", f"a grant ends within {DATA_GRANT_DAYS} days", "/until"
        )
    await _check_holder(connection, tenant, new.holder)
    if new.holder in holders(giver):
        return SELF
    async with connection.transaction():
        cursor = await connection.execute(_COUNT, (tenant, write.instant(now_ms * 1000)))
        row = await cursor.fetchone()
        if row is not None and row[0] >= DATA_GRANTS:
            return TOO_MANY
        id_ = ids.uuid7(now_ms, os.urandom(10))
        said = AssetGranted(
            act=new.act,
            asset=new.asset,
            columns=new.columns,
            condition=new.condition,
            holder=new.holder,
            purpose=new.purpose,
            reason=new.reason,
            until=rfc3339(new.until_ms),
        )
        seq, head = await say_next(connection, tenant, id_, (0, NO_HEAD), actor, now_ms, said)
        what = (new.holder, new.asset, new.act, new.purpose, list(new.columns), new.condition)
        when = (write.instant(now_ms * 1000), write.instant(new.until_ms * 1000))
        values = (tenant, id_, *what, new.reason, actor.sub, *when, seq, head)
        await connection.execute(_INSERT, values)
    return id_


async def _check_holder(connection: Connection, tenant: int, holder: str) -> None:
    kind, _, name = holder.partition(":")
    if kind == "role" and name in ROLES:
        return
    if kind != "person":
        raise InputError("data_grant_holder", "a holder is person:<id> or role:<role>", "/holder")
    try:
        person = uuid.UUID(name)
    except ValueError as error:
        raise InputError("data_grant_holder", "no such person", "/holder") from error
    await people.find(connection, tenant, person)


async def revoke(
    connection: Connection, tenant: int, id_: uuid.UUID, reason: str, actor: Actor, now_ms: int
) -> Refusal | None:
    """Take a grant back. Raises InputError `no_data_grant`."""
    async with connection.transaction():
        row = await (await connection.execute(_LOCK, (tenant, id_), binary=True)).fetchone()
        if row is None:
            raise NO_GRANT
        if row[2] is not None or row[1].timestamp() * 1000 <= now_ms:
            return EXPIRED
        end = row[3], bytes(row[4])
        said = GrantRevoked(reason=reason)
        seq, head = await say_next(connection, tenant, id_, end, actor, now_ms, said)
        await connection.execute(_REVOKE, (write.instant(now_ms * 1000), seq, head, tenant, id_))
    return None


def _kept(row: tuple[Any, ...]) -> Kept:
    id_, holder, asset, act, purpose, columns, condition, reason, given_by, begins, until, gone = (
        row
    )
    grant = Grant(
        id=id_,
        holder=holder,
        asset=asset,
        act=act,
        purpose=purpose,
        until_ms=round(until.timestamp() * 1000),
        columns=tuple(columns),
        condition=condition,
        given_by=given_by,
        revoked_ms=round(gone.timestamp() * 1000) if gone else 0,
    )
    return Kept(grant=grant, reason=reason, begins_ms=round(begins.timestamp() * 1000))
