"""Merging 合单: fulfilment orders of several orders that leave one warehouse as one parcel.

Each order keeps its stream, its promises and its evidence; every act on the parcel is one commit
over all of its orders, whose rows are locked first, in the order of their ids.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract import terms
from danshu.capabilities.orders import parcel_rules, parcels
from danshu.capabilities.orders import tables as order_tables
from danshu.capabilities.orders.machines import FULFILMENT
from danshu.capabilities.orders.model import Order
from danshu.capabilities.orders.parcel_rules import Candidate, ParcelRules
from danshu.hub import acts, floor_rows, merging_rows, parcel_settings, receivers, search
from danshu.hub.parcels import hear
from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import MERGE_MEMBERS
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from danshu.capabilities.orders.commands import Command
    from danshu.hub.changes import Change, Decide, Held
    from danshu.hub.requests import Answer
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor, Said

    Check = Callable[[Order, str], None]
    """Asks the rules about an act in a warehouse; raises where they say no."""

T = TypeVar("T")
Connection = psycopg.AsyncConnection[Any]
Place = tuple[uuid.UUID, int]
"""An order and the number of one of its fulfilment orders."""
_decode_order: Final = msgspec.json.Decoder(Order).decode
NO_GROUP: Final = InputError("no_group", "there is no such merged parcel")
_PERSONS: Final = "select id, person from vault where tenant=%s and id = any(%s::uuid[])"
_OF_GROUP: Final = "select distinct id from parcel_members where tenant=%b and grp=%b order by id"
_NEEDS_REVIEW: Final = """
select 1 from floor_tasks t join parcel_members m on m.tenant=t.tenant and m.id=t.id
and m.fulfilment=t.fulfilment where m.tenant=%b and m.grp=%b and t.stage=3 and t.review=1 limit 1
"""
_AHEAD: Final = ("picked", "packed", "shipped", "delivered")
_REACHED: Final = {"pick": "picked", "pack": "packed", "ship": "shipped", "deliver": "delivered"}
_WORDS: Final = {
    "receiver": ("收件人不同", "Another receiver"),
    "unknown_receiver": ("收件信息是掩码,无法比对", "Its receiver is masked: it can't be compared"),
    "warehouse": ("不在同一仓", "Another warehouse"),
    "free": ("已拣货、已合单、挂起或未付款", "It is picked, merged, held, or not paid"),
    "size": ("超出合单的重量、件数或单数", "Too heavy, or too many"),
    "window": ("发货时间不重叠", "They do not leave at one time"),
    "storage": ("储存类别不能同箱", "Their storage classes may not share a parcel"),
    "carrier": ("承运商不同", "Another carrier"),
    "type": ("订单类型不同", "Another type of order"),
    "one": ("合单至少要两张订单", "A merge takes two orders at least"),
}
NOT_REVIEWED: Final = Refusal(
    code="not_reviewed",
    reason="包裹里有要复核的货,先做出库复核",
    reason_en="Something in the parcel is to be reviewed before it leaves",
    clause="parcel.review",
)


class Row(Struct, frozen=True, kw_only=True, eq=False):
    """An order as it stands, for merging."""

    id: uuid.UUID
    order: Order
    until_ms: int


class _Undo(Exception):
    """Rolls the whole parcel's act back, for a refusal of one of its orders."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def why_not(code: str) -> Refusal:
    """Say why fulfilment orders do not go together."""
    zh, en = _WORDS[code]
    return Refusal(code=f"merge_{code}", reason=zh, reason_en=en, clause=f"parcel.merge.{code}")


def rules_of(world: World) -> ParcelRules:
    """Give the merchant's rules, or those that hold without any."""
    return world.parcels.rules if world.parcels else ParcelRules()


async def lock(connection: Connection, world: World, of: Sequence[uuid.UUID]) -> list[Row]:
    """Lock orders in the order of their ids, and read them."""
    asked = (world.tenant, write.uuids(sorted(set(of))))
    cursor = await connection.execute(order_tables.LOCK_MANY, asked, binary=True)
    return [
        Row(
            id=r[0],
            order=_decode_order(bytes(r[11])),
            until_ms=floor_rows.due_of(terms.load(bytes(r[12]), world.book)),
        )
        for r in await cursor.fetchall()
    ]


async def keys(
    connection: Connection, tenant: int, rows: Sequence[Row]
) -> dict[uuid.UUID, int | None]:
    """Give the keyed hash of each order's receiver, from the vault as it is now."""
    salt = await search.read_salt(connection, tenant)
    cursor = await connection.execute(_PERSONS, (tenant, [r.id for r in rows]), binary=True)
    persons = {id_: person for id_, person in await cursor.fetchall() if person is not None}
    return {
        r.id: receivers.key_of(salt, r.order.channel, r.order.shop, bytes(persons[r.id]))
        if r.id in persons
        else None
        for r in rows
    }


def candidate(world: World, row: Row, no: int) -> Candidate:
    """Describe a fulfilment order for merging. Raises InputError `no_fulfilment`."""
    part = parcels.find(row.order, no)
    goods = parcel_settings.goods_of(world.skus, part)
    return parcel_rules.candidate(row.order, part, str(row.id), goods, row.until_ms)


def _check_all(
    world: World, rows: Mapping[uuid.UUID, Row], places: Sequence[Place], keyed: Mapping[Any, Any]
) -> Refusal | None:
    """Say why these do not go together, None where they do."""
    if len({id_ for id_, _ in places}) < 2:
        return why_not("one")
    first = parcels.find(rows[places[0][0]].order, places[0][1])
    members: list[Candidate] = []
    for id_, no in places:
        row = rows[id_]
        part = parcels.find(row.order, no)
        if keyed[id_] is None:
            return why_not("unknown_receiver")
        if keyed[id_] != keyed[places[0][0]]:
            return why_not("receiver")
        if part.warehouse != first.warehouse:
            return why_not("warehouse")
        if part not in merging_rows.mergeable(row.order):
            return why_not("free")
        one = candidate(world, row, no)
        refused = parcel_rules.fit(members, one, rules_of(world), MERGE_MEMBERS)
        if refused:
            return why_not(refused)
        members.append(one)
    return None


async def merge(
    connection: Connection,
    world: World,
    places: Sequence[Place],
    actor: Actor,
    now_ms: int,
    *,
    rule: str = "",
    check: Check = lambda _order, _warehouse: None,
) -> uuid.UUID | Refusal:
    """Merge fulfilment orders of several orders; gives the new group.

    Raises InputError `no_order` or `no_fulfilment` for what is not there, GuardFailed when another
    commit was in the way.
    """
    places = sorted(set(places))
    group = ids.uuid7(now_ms, os.urandom(10))
    members = [f"{id_}/{no}" for id_, no in places]

    async def act(connection: Connection) -> uuid.UUID | Refusal:
        rows = {r.id: r for r in await lock(connection, world, [id_ for id_, _ in places])}
        if any(id_ not in rows for id_, _ in places):
            raise InputError("no_order", "there is no such order", "/parcels")
        for id_, no in places:
            check(rows[id_].order, parcels.find(rows[id_].order, no).warehouse)
        keyed = await keys(connection, world.tenant, list(rows.values()))
        refusal = _check_all(world, rows, places, keyed)
        if refusal is not None:
            return refusal
        for id_ in sorted(rows):
            nos = [no for other, no in places if other == id_]
            await _say(connection, world, id_, actor, now_ms, _merging(nos, group, members, rule))
        return group

    return await _together(connection, act)


def _merging(nos: Sequence[int], group: uuid.UUID, members: Sequence[str], rule: str) -> Decide:
    def decide(world: World, held: Held, now_ms: int) -> Change | Refusal:
        done = parcels.merge(held.order, nos, str(group), members, rule)
        return done if isinstance(done, Refusal) else hear(held, done, "", now_ms)

    return decide


async def unmerge(
    connection: Connection,
    world: World,
    group: uuid.UUID,
    actor: Actor,
    now_ms: int,
    *,
    only: uuid.UUID | None = None,
    reason: str = "",
    check: Check = lambda _order, _warehouse: None,
) -> int | Refusal:
    """Take a merged parcel apart, or one order out of it; gives how many orders left it.

    Where one order alone would be left, it leaves too. Raises InputError `no_group`.
    """

    async def act(connection: Connection) -> int | Refusal:
        rows = await _members(connection, world, group, check)
        leaving = [r for r in rows if only in (None, r.id)]
        if not leaving:
            raise NO_GROUP
        if len(rows) - len(leaving) < 2:
            leaving = rows
        for row in leaving:
            await _say(connection, world, row.id, actor, now_ms, _unmerging(group, reason))
        return len(leaving)

    return await _together(connection, act)


def _unmerging(group: uuid.UUID, reason: str) -> Decide:
    def decide(world: World, held: Held, now_ms: int) -> Change | Refusal:
        done = parcels.unmerge(held.order, str(group), reason)
        return done if isinstance(done, Refusal) else hear(held, done, "", now_ms)

    return decide


async def act_together(
    connection: Connection,
    world: World,
    group: uuid.UUID,
    told: Command,
    actor: Actor,
    now_ms: int,
    *,
    also: Mapping[uuid.UUID, Sequence[Said]] | None = None,
    check: Check = lambda _order, _warehouse: None,
) -> dict[uuid.UUID, Answer] | Refusal:
    """Do one thing with a whole parcel: pick, pack, waybill, ship or recall, all orders or none.

    What an order of it has done already by itself is not done again. `also` is said beside it on
    an order's stream. Raises InputError `no_group`.
    """
    also = also or {}

    async def act(connection: Connection) -> dict[uuid.UUID, Answer] | Refusal:
        rows = await _members(connection, world, group, check)
        if told.event == "ship":
            asked = (world.tenant, group)
            cursor = await connection.execute(_NEEDS_REVIEW, asked, binary=True)
            if await cursor.fetchone() is not None:
                return NOT_REVIEWED
        answers = {}
        for row in rows:
            nos = [f.no for f in _behind(row.order, group, told.event)]
            if nos:
                decide = _acting(told, nos, also.get(row.id, ()))
                answers[row.id] = await _say(connection, world, row.id, actor, now_ms, decide)
        return answers or FULFILMENT.refusals["*", told.event]

    return await _together(connection, act)


async def leave(
    connection: Connection,
    world: World,
    group: str,
    id_: uuid.UUID,
    told: Command,
    actor: Actor,
    now_ms: int,
    said: Said,
) -> Answer | Refusal:
    """Hand a whole parcel over where one of its orders was scanned; gives that order's answer."""
    done = await act_together(
        connection, world, uuid.UUID(group), told, actor, now_ms, also={id_: [said]}
    )
    return done if isinstance(done, Refusal) else done[id_]


def _behind(order: Order, group: uuid.UUID, event: str) -> list[Any]:
    """Give the fulfilment orders of the group for which an event is still to come."""
    reached = _REACHED.get(event)
    parts = parcels.live_in(order, str(group))
    if reached is None:
        return parts
    done = _AHEAD[_AHEAD.index(reached) :]
    return [f for f in parts if f.state not in done]


def _acting(told: Command, nos: Sequence[int], also: Sequence[Said]) -> Decide:
    def decide(world: World, held: Held, now_ms: int) -> Change | Refusal:
        said, change = [], None
        for no in nos:
            one = msgspec.structs.replace(told, fulfilment=no, together=True)
            change = acts.command(one)(world, held, now_ms)
            if isinstance(change, Refusal):
                return change
            said += change.said
            held = msgspec.structs.replace(held, order=change.order, promises=change.promises)
        assert change is not None
        return msgspec.structs.replace(change, said=[*said, *also])

    return decide


async def _members(
    connection: Connection, world: World, group: uuid.UUID, check: Check
) -> list[Row]:
    """Lock the orders of a group, and give those that are still in it."""
    cursor = await connection.execute(_OF_GROUP, (world.tenant, group), binary=True)
    found = [r[0] for r in await cursor.fetchall()]
    rows = [
        r
        for r in (await lock(connection, world, found) if found else [])
        if parcels.live_in(r.order, str(group))
    ]
    if not rows:
        raise NO_GROUP
    for row in rows:
        for part in parcels.live_in(row.order, str(group)):
            check(row.order, part.warehouse)
    return rows


async def _say(
    connection: Connection, world: World, id_: uuid.UUID, actor: Actor, now_ms: int, decide: Decide
) -> Answer:
    told = await acts.change(connection, world, id_, actor, now_ms, decide)
    if isinstance(told, Refusal):
        raise _Undo(told)
    return told


async def _together(
    connection: Connection, act: Callable[[Connection], Awaitable[T | Refusal]]
) -> T | Refusal:
    """Do all of it in one commit, or none."""
    try:
        async with connection.transaction():
            return await act(connection)
    except _Undo as undo:
        return undo.refusal
    except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected) as e:
        raise write.GuardFailed(str(e)) from e
