"""团: leaders open groups of a type, orders join them, and at the cut-off each forms or fails.

Decided once, in the commit that deletes its timer; every order of the group then hears its fate by
a timer of its own, so that a large group needs no large commit.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.order_types import spans
from danshu.hub import merchants
from danshu.hub.fields import Label, Word
from danshu.hub.order_type_facts import GroupClosed, GroupDecided, GroupOpened
from danshu.hub.presale_rows import TIMER_STAGE
from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import GROUP_SETTLE_MS, ORDER_GROUPS
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid

    from danshu.capabilities.order_types.model import OrderType
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
TIMER_GROUP: Final = 34
_COUNT: Final = "select count(*) from order_groups where tenant=%s and state='open'"
_OPEN: Final = """
insert into order_groups(tenant,id,type,code,leader,pickup,region,closes,minimum)
values (%s,%s,%s,%s,%s,%s,%s,%s,%s) on conflict do nothing
"""
_LIST: Final = """
select g.code, g.leader, g.pickup, g.region, g.closes, g.minimum, g.state,
  case when g.state='open' then (select count(*) from typed_orders t where t.tenant=g.tenant
   and t.code=g.type and t.grp=g.code and t.alive and t.paid) else g.joined end
from order_groups g where g.tenant=%s and g.type=%s order by g.opened desc limit %s
"""
_HAS: Final = "select 1 from order_groups where tenant=%s and type=%s and code=%s"
_CLOSE: Final = """
update order_groups g set closes=%s from order_groups o where g.tenant=%s and g.type=%s
and g.code=%s and g.state='open' and g.closes > %s and o.tenant=g.tenant and o.id=g.id
returning g.id, o.closes
"""
_LOCK: Final = """
select type, code, minimum, state, closes from order_groups where tenant=%s and id=%s for update
"""
_MEMBERS: Final = """
select count(*) from typed_orders where tenant=%s and code=%s and grp=%s and alive and paid
"""
_DECIDE: Final = """
update order_groups set state=%s, joined=%s, decided=%s where tenant=%s and id=%s
"""
_TELL: Final = """
insert into timers(tenant,due,id,kind) select tenant,%s,id,%s from typed_orders
where tenant=%s and code=%s and grp=%s and alive order by id on conflict do nothing
"""
_ADD_TIMER: Final = (
    "insert into timers(tenant,due,id,kind) values(%s,%s,%s,%s) on conflict do nothing"
)


class NewGroup(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group to open: its code, the leader as people know them, where goods are collected, the
    region of that place, and when it closes, "" = as its type says.
    """

    code: Word
    leader: Word
    pickup: Label
    region: Word
    closes: Word = ""


class GroupShown(Struct, frozen=True, kw_only=True):
    """A group: `joined` orders have paid so far, or had when it was decided. Times are RFC 3339."""

    code: str
    leader: str
    pickup: str
    region: str
    closes: str
    minimum: int
    state: str
    joined: int


async def list_groups(connection: Connection, tenant: int, code: str) -> list[GroupShown]:
    """List the groups of a type, the newest first."""
    rows = await (await connection.execute(_LIST, (tenant, code, ORDER_GROUPS))).fetchall()
    return [
        GroupShown(
            code=r[0], leader=r[1], pickup=r[2], region=r[3],
            closes=rfc3339(round(r[4].timestamp() * 1000)), minimum=r[5], state=r[6], joined=r[7],
        )
        for r in rows
    ]  # fmt: skip


def _find(world: World, code: str) -> OrderType:
    types = world.order_types
    kind = types.active.get(code) if types else None
    if kind is None:
        raise InputError("unknown_type", f"no order type {code!r} is in use")
    return kind


async def open_group(
    connection: Connection, world: World, code: str, new: NewGroup, actor: Actor, now_ms: int
) -> Refusal | None:
    """Open a group of a type in use. Raises InputError for what cannot be."""
    kind = _find(world, code)
    if kind.group is None:
        raise InputError("no_group", "this type has no groups", "/code")
    if not (new.code and new.leader and new.pickup):
        raise InputError("bad_field", "a group needs a code, a leader and a pickup point", "/code")
    if new.region not in world.regions:
        raise InputError("unknown_region", f"no region {new.region!r}", "/region")
    if kind.group.regions and not new.region.startswith(kind.group.regions):
        raise InputError("group_region", "the type has no pickup points there", "/region")
    closes_ms = spans.at_ms(new.closes or kind.group.closes, now_ms)
    if closes_ms <= now_ms:
        raise InputError("group_past", "it would close before it opens", "/closes")
    tenant, minimum = world.tenant, kind.group.minimum
    async with connection.transaction():
        row = await (await connection.execute(_COUNT, (tenant,))).fetchone()
        if row and row[0] >= ORDER_GROUPS:
            raise InputError("too_many", f"at most {ORDER_GROUPS} open groups")
        id_ = ids.uuid7(now_ms, os.urandom(10))
        closes = write.instant(closes_ms * 1000)
        given = (tenant, id_, code, new.code, new.leader, new.pickup, new.region, closes, minimum)
        if not (await connection.execute(_OPEN, given)).rowcount:
            return Refusal(
                code="group_taken",
                reason=f"已有团「{new.code}」",
                reason_en=f"There is a group {new.code} already",
                clause="order_type.group",
            )
        due = write.instant((closes_ms + GROUP_SETTLE_MS) * 1000)
        await connection.execute(_ADD_TIMER, (tenant, due, id_, TIMER_GROUP))
        said = GroupOpened(
            closes=rfc3339(closes_ms), code=new.code, leader=new.leader, minimum=minimum,
            pickup=new.pickup, region=new.region, type=code,
        )  # fmt: skip
        await merchants.touch(connection, tenant)
        await merchants.say(connection, tenant, actor, said)
    return None


async def _is_there(connection: Connection, tenant: int, code: str, group: str) -> None:
    row = await (await connection.execute(_HAS, (tenant, code, group))).fetchone()
    if row is None:
        raise InputError("unknown_group", f"no group {group!r}", "/group")


async def close_group(
    connection: Connection, tenant: int, code: str, group: str, actor: Actor, now_ms: int
) -> Refusal | None:
    """Let a group take no more orders from now on; it is decided right after.

    Raises InputError `unknown_group`.
    """
    now = write.instant(now_ms * 1000)
    async with connection.transaction():
        row = await (await connection.execute(_CLOSE, (now, tenant, code, group, now))).fetchone()
        if row is None:
            await _is_there(connection, tenant, code, group)
            return Refusal(
                code="group_not_open",
                reason=f"没有进行中的团「{group}」",
                reason_en=f"No open group {group}",
                clause="order_type.group",
            )
        due = write.instant((now_ms + GROUP_SETTLE_MS) * 1000)
        await connection.execute(_ADD_TIMER, (tenant, due, row[0], TIMER_GROUP))
        was = rfc3339(round(row[1].timestamp() * 1000))
        said = GroupClosed(closes=rfc3339(now_ms), code=group, type=code, was=was)
        await merchants.touch(connection, tenant)
        await merchants.say(connection, tenant, actor, said)
    return None


async def decide(
    connection: Connection, world: World, id_: uuid.UUID, actor: Actor, now_ms: int
) -> None:
    """Decide a group whose time is over, in the transaction that claimed its timer."""
    tenant = world.tenant
    row = await (await connection.execute(_LOCK, (tenant, id_))).fetchone()
    if row is None or row[3] != "open" or row[4].timestamp() * 1000 > now_ms:
        return
    code, group, minimum = row[:3]
    found = await (await connection.execute(_MEMBERS, (tenant, code, group))).fetchone()
    joined = int(found[0]) if found else 0
    formed = joined >= minimum
    now = write.instant(now_ms * 1000)
    given = ("formed" if formed else "failed", joined, now, tenant, id_)
    await connection.execute(_DECIDE, given)
    await connection.execute(_TELL, (now, TIMER_STAGE, tenant, code, group))
    said = GroupDecided(code=group, formed=formed, joined=joined, minimum=minimum, type=code)
    await merchants.touch(connection, tenant)
    await merchants.say(connection, tenant, actor, said)
