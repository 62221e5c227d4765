"""The lists 黑名单 that intercept rules compare with: who buys, receives, where, as keyed hashes.

What was listed is not kept in the clear: a hint that people recognise, a reason, an end. A change
counts as a move of the rules, so that every server hears of it within a second.
"""

from __future__ import annotations

import datetime
import os
import uuid
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from danshu.hub import intercept_people as people
from danshu.hub import masking, merchants
from danshu.hub.intercept_facts import InterceptListed, InterceptUnlisted
from danshu.hub.intercept_people import BlockKind
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import INTERCEPT_BLOCKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.kernel.fact import Actor

Connection = Any
_LIST: Final = """
select id, kind, hint, reason, until, by, at from intercept_blocks
where tenant=%s and id < %s order by id desc limit %s
"""
_PUT: Final = """
insert into intercept_blocks(tenant,id,kind,who,hint,reason,until,by)
values(%s,%s,%s,%s,%s,%s,%s,%s)
on conflict (tenant,kind,who) do update set reason=excluded.reason, until=excluded.until,
by=excluded.by, at=now() returning id
"""
_COUNT: Final = "select count(*) from intercept_blocks where tenant=%s"
_DROP: Final = "delete from intercept_blocks where tenant=%s and id=%s returning kind"
_SALT: Final = "select salt from tenants where id=%s for update"
_TELL: Final = "update policy_heads set no=no+1 where tenant=%s and kind='intercept'"
NO_BLOCK: Final = InputError("no_block", "there is no such entry")


class Block(Struct, frozen=True, kw_only=True):
    """An entry: what people recognise of it, why, until when (RFC 3339, "" = for good), by whom."""

    id: str
    kind: BlockKind
    hint: str
    reason: str
    until: str
    by: str
    at: str


async def list_blocks(
    connection: Connection, tenant: int, before: uuid.UUID, limit: int
) -> list[Block]:
    """List the entries, the newest first."""
    cursor = await connection.execute(_LIST, (tenant, before, limit))
    return [
        Block(
            id=str(r[0]), kind=r[1], hint=r[2], reason=r[3],
            until=rfc3339(round(r[4].timestamp() * 1000)) if r[4] else "", by=r[5],
            at=rfc3339(round(r[6].timestamp() * 1000)),
        )
        for r in await cursor.fetchall()
    ]  # fmt: skip


async def put(
    connection: Connection,
    tenant: int,
    kind: BlockKind,
    channel: str,
    value: str,
    reason: str,
    until_ms: int,
    actor: Actor,
    now_ms: int,
) -> str:
    """List somebody; who is listed already gets the new reason and end. Gives the entry's id.

    Raises InputError `block_value` for what can't be compared, `too_many`.
    """
    who, hint = _name(kind, channel, value)
    async with connection.transaction():
        row = await (await connection.execute(_SALT, (tenant,))).fetchone()
        count = await (await connection.execute(_COUNT, (tenant,))).fetchone()
        if count[0] >= INTERCEPT_BLOCKS:
            raise InputError("too_many", f"at most {INTERCEPT_BLOCKS} entries")
        until = datetime.datetime.fromtimestamp(until_ms / 1000, datetime.UTC) if until_ms else None
        id_ = ids.uuid7(now_ms, os.urandom(10))
        hashed = people.hash_of(bytes(row[0]), kind, who)
        told = (tenant, id_, kind, hashed, hint, reason, until, actor.sub)
        (kept,) = await (await connection.execute(_PUT, told)).fetchone()
        await connection.execute(_TELL, (tenant,))
        fact = InterceptListed(
            entry=str(kept), kind=kind, reason=reason, until=rfc3339(until_ms) if until_ms else ""
        )
        await merchants.say(connection, tenant, actor, fact)
    return str(kept)


async def drop(connection: Connection, tenant: int, id_: str, actor: Actor) -> None:
    """Take somebody off the list. Raises InputError `no_block`."""
    try:
        key = uuid.UUID(id_)
    except ValueError:
        raise NO_BLOCK from None
    async with connection.transaction():
        row = await (await connection.execute(_DROP, (tenant, key))).fetchone()
        if row is None:
            raise NO_BLOCK
        await connection.execute(_TELL, (tenant,))
        await merchants.say(connection, tenant, actor, InterceptUnlisted(entry=id_, kind=row[0]))


def _name(kind: BlockKind, channel: str, value: str) -> tuple[str, str]:
    """Give who is meant as orders name them, and the hint that is kept."""
    plain = people.squeeze(value)
    if kind == "buyer":
        if not channel or not value.strip():
            raise InputError("block_value", "give the channel and its buyer's id", "/channel")
        return people.buyer(channel, value.strip()), f"{channel} {plain[:2]}…{plain[-2:]}"
    if people.is_masked(plain) or len(plain) < 5:
        raise InputError("block_value", "masked or too short to be compared", "/value")
    if kind == "receiver":
        if not plain.isdigit():
            raise InputError("block_value", "a receiver is listed by a phone number", "/value")
        return f"phone/{plain[-11:]}", masking.mask_phone(plain)
    return plain, plain[:6] + "…"


def named(row: Block, names: Mapping[str, str]) -> Block:
    """Give an entry with the number of who made it."""
    return replace(row, by=names[row.by])
