"""Acts on an order that exists: one transaction reads the row, decides, and writes what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.capabilities.contract import decide as contract
from danshu.capabilities.contract import facts as contract_facts
from danshu.capabilities.contract import terms
from danshu.capabilities.contract.model import Event
from danshu.capabilities.orders import decide as orders
from danshu.capabilities.orders import intercepts, model
from danshu.capabilities.orders import tables as order_tables
from danshu.capabilities.routing.decide import Decision
from danshu.hub import (
    after_sales_follow,
    answers,
    canary,
    carrier_desks,
    cold_dispatch,
    cold_equipment,
    dispatch_rows,
    floor_rows,
    hold_rules,
    intercept_rows,
    merging_rows,
    moving,
    paid_holds,
    paid_review_rows,
    parcel_settings,
    part_shipments,
    policy_holds,
    presale,
    presale_ends,
    presale_rows,
    release_waits,
    remedies,
    rerouting,
    selling_returns,
    spare_snapshots,
)
from danshu.hub.changes import Change as Change
from danshu.hub.changes import Decide as Decide
from danshu.hub.changes import Held as Held
from danshu.hub.changes import allocate as allocate
from danshu.hub.hold_rules import TIMER_HOLD
from danshu.hub.policy_calls import TIMER_CALL
from danshu.hub.rows import TIMER_PROMISE
from danshu.hub.vote_holds import TIMER_ESCALATION
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Actor, epoch_ms, pack
from danshu.ledger import archived, write

if TYPE_CHECKING:
    import uuid

    from danshu.hub.requests import Answer
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
NO_ORDER = Refusal(
    code="no_order", reason="没有这张订单", reason_en="There is no such order", clause="orders.id"
)
PICKED: Final = "picked_already"
_decode_order = msgspec.json.Decoder(model.Order).decode
_encode = msgspec.json.Encoder().encode

_VERDICTS = (
    contract_facts.PromiseKept,
    contract_facts.PromiseBroken,
    contract_facts.PromiseLate,
    contract_facts.PromiseBorderline,
    contract_facts.PromiseCorrected,
    contract_facts.PromiseSuperseded,
    contract_facts.PromiseRuled,
)
# Where the order lay and who carried it are kept with the verdict: they are what it is grouped by.
_WRITE_VERDICT = """
insert into verdicts(tenant,id,code,state,due,at,gap_ms,wh,channel,carrier)
select v.*, coalesce(nullif(%(carrier)b::text,''), l.carrier, '')
from (select %(tenant)b::int4 as tenant, %(id)b::uuid, %(code)b::text, %(state)b::text,
  %(due)b::timestamptz, %(at)b::timestamptz, %(gap_ms)b::int8, %(wh)b::int4, %(channel)b::text) v
left join regions r on r.tenant=v.tenant and r.code=%(region)b::text
left join lanes l on l.tenant=v.tenant and l.wh=%(wh)b::int4 and l.region=r.no
on conflict (tenant,id,code) do update set state=excluded.state, due=excluded.due,
at=excluded.at, gap_ms=excluded.gap_ms, wh=excluded.wh, channel=excluded.channel,
carrier=excluded.carrier
"""
_ADD_TIMER = "insert into timers(tenant,due,id,kind) values(%b,%b,%b,%b) on conflict do nothing"


async def change(
    connection: Connection, world: World, id_: uuid.UUID, actor: Actor, now_ms: int, decide: Decide
) -> Answer | Refusal:
    """Lock the order, decide, write everything that follows in one commit, and describe the
    outcome.

    Raises GuardFailed when stock was taken meanwhile (nothing was written; the caller reads stock
    again).
    """
    await archived.recall(connection, world.tenant, [id_])  # asks nothing of a young order
    try:
        async with connection.transaction():
            held = await hold(connection, world, id_)
            if held is None:
                return NO_ORDER
            decided = decide(world, held, now_ms)
            if isinstance(decided, Refusal):
                return decided
            if world.equipment is not None:
                told = await cold_dispatch.inspect(
                    connection, world, id_, decided.order, decided.said, now_ms
                )
                if told is not None:
                    return told
            if held.order.type:
                decided = presale_ends.attend(world, held, decided)
            decided = await selling_returns.attend(connection, world, held, decided)
            decided = await remedies.attend(connection, world, held, decided, actor, now_ms)
            await part_shipments.tell(connection, world.tenant, id_, decided, now_ms)
            decided = await after_sales_follow.attend(
                connection, world, held, decided, actor, now_ms
            )
            if world.reviews is not None or held.order.review is not None:
                decided = paid_holds.attend(world, held, decided)
            if decided.said:
                await _write(connection, world, held, decided, actor, now_ms)
    except psycopg.errors.DivisionByZero as e:
        raise write.GuardFailed("stock was taken meanwhile") from e
    except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected) as e:
        raise write.GuardFailed(str(e)) from e
    return answers.answer(id_, decided.order, decided.promises, now_ms=now_ms, existing=True)


async def hold(
    connection: Connection, world: World, id_: uuid.UUID, *, locked: bool = True
) -> Held | None:
    """Lock and read an order's row, or read it only; None when the tenant has no such order."""
    sql = order_tables.LOCK if locked else order_tables.READ
    cursor = await connection.execute(sql, (world.tenant, id_), binary=True)
    row = await cursor.fetchone()
    if row is None:
        return None
    return Held(
        id=row[0],
        order=_decode_order(bytes(row[11])),
        promises=terms.load(bytes(row[12]), world.book),
        seq=row[9],
        head=bytes(row[10]),
        wh=row[4],
        due_ms=round(row[8].timestamp() * 1000) if row[8] else 0,
    )


def command(told: orders.Command) -> Decide:
    """Decide an act on the order by its machines."""

    def decide(world: World, held: Held, now_ms: int) -> Change | Refusal:
        typed = bool(held.order.type)
        closed = presale.door(world, held.order, told.event) if typed else None
        if closed is not None:
            return closed
        if told.event == "allocate":
            return allocate(world, held, now_ms)
        if told.event == "reroute":
            return rerouting.reroute(world, held, told, now_ms)
        if told.event == "align":
            if told.region and told.region not in world.regions:
                raise InputError("unknown_region", f"no region {told.region!r}", "/region")
            done = orders.align(held.order, told.region or held.order.region, world.skus)
        else:
            refusal = cold_equipment.refuse(world, held.order, told)
            if refusal is not None:
                return refusal
            done = _act(world, held, told, now_ms)
        if isinstance(done, Refusal):
            return done
        events = [
            Event(name=name, occurred_ms=at_ms, recorded_ms=now_ms, source=told.by)
            for name, at_ms in done.heard
        ]
        carried, made = part_shipments.join(world, done.order, held.promises, done.heard)
        promises, said = contract.hear(carried, events, now_ms)
        change = Change(order=done.order, said=[*done.said, *made, *said], promises=promises)
        if typed:
            change = presale.reserve(world, held, change, now_ms)
        change = hold_rules.follow(world, held, change, now_ms)
        if policy_holds.is_released(held.order, done.order):
            return rerouting.decide_anew(world, held, change, now_ms)
        return change

    return decide


def _act(world: World, held: Held, told: orders.Command, now_ms: int) -> orders.Done | Refusal:
    order = held.order
    if told.event == "release" and world.parcels is not None:
        released = parcel_settings.release(world, order, told, now_ms)
        wait_ms = release_waits.until_ms(world, held, told, now_ms)
        if isinstance(released, Refusal) or not wait_ms:
            return released
        return release_waits.defer(order, wait_ms)  # it could be released, and waits
    done = presale.act(world, order, told, now_ms) if order.type else None
    done = done or orders.act(order, told, now_ms)
    if isinstance(done, Refusal) and done.code == PICKED and told.event == "cancel":
        return intercepts.ask(order, told, now_ms)  # the floor is asked to stop
    return done


def tick(world: World, held: Held, now_ms: int) -> Change | Refusal:
    """Let time pass over the order's promises."""
    promises, said = contract.tick(held.promises, now_ms)
    return Change(order=held.order, said=said, promises=promises, is_due=True)


async def _write(
    connection: Connection, world: World, held: Held, decided: Change, actor: Actor, now_ms: int
) -> None:
    await moving.move_stock(connection, world, held.order.channel, decided)
    await canary.count_in(connection, world.tenant, decided.zones, now_ms)
    packed = pack(
        decided.said,
        stream=held.id,
        seq=held.seq,
        head=held.head,
        actor=actor,
        now_ms=now_ms,
        tenant=world.tenant,
    )
    due_ms = contract.next_ms(decided.promises)
    warehouse = model.first_warehouse(decided.order)
    async with connection.pipeline():
        await connection.execute(
            order_tables.UPDATE,
            (
                int(model.state(decided.order)),
                world.warehouse_no.get(warehouse, -1),
                decided.order.region,
                decided.order.total,
                write.instant(due_ms * 1000) if due_ms else None,
                held.seq + packed.count,
                packed.head,
                _encode(decided.order),
                terms.dump(decided.promises),
                world.tenant,
                held.id,
            ),
            binary=True,
        )
        await write.add_facts(connection, world.tenant, packed)
        await _set_timers(connection, world, held, decided, now_ms)
        if decided.order.type:
            await presale_rows.follow(connection, world, held, decided)
        await intercept_rows.follow(connection, world, held, decided, actor, now_ms)
        if world.connected:
            await dispatch_rows.follow(connection, world, held, decided, now_ms)
        if decided.order.review is not held.order.review:
            await paid_review_rows.follow(connection, world, held, decided, now_ms)
        for row in _verdicts(world, held.id, decided, now_ms):
            await connection.execute(_WRITE_VERDICT, row, binary=True)
        decided_on = {s.data.snapshot for s in decided.said if isinstance(s.data, Decision)}
        await spare_snapshots.name(connection, world.tenant, decided_on - {world.named})
        for sql, values in merging_rows.changes(
            world.tenant,
            held.id,
            merging_rows.project(world, held.order),
            merging_rows.project(world, decided.order),
        ):
            await connection.execute(sql, values, binary=True)
        for sql, values in release_waits.changes(world.tenant, held.id, held.order, decided.order):
            await connection.execute(sql, values, binary=True)
        for sql, values in carrier_desks.changes(
            world.tenant,
            held.id,
            carrier_desks.project(held.order),
            carrier_desks.project(decided.order),
        ):
            await connection.execute(sql, values, binary=True)
        for sql, values in floor_rows.changes(
            world.tenant,
            held.id,
            floor_rows.project(world, held.id, held.order, held.promises),
            floor_rows.project(world, held.id, decided.order, decided.promises),
        ):
            await connection.execute(sql, values, binary=True)


async def _set_timers(
    connection: Connection, world: World, held: Held, decided: Change, now_ms: int
) -> None:
    """Set the timers of what is to be looked at later."""
    due_ms = contract.next_ms(decided.promises)
    call_ms = decided.call_ms
    if held.order.holds and not decided.order.holds:
        call_ms = call_ms or now_ms  # what policy wanted to be negotiated waited for a person
    for at_ms, kind in (
        (0 if due_ms == held.due_ms else due_ms, TIMER_PROMISE),
        (decided.default_ms, TIMER_ESCALATION),
        (decided.hold_ms, TIMER_HOLD),
        (call_ms, TIMER_CALL),
    ):
        if at_ms:
            at = write.instant(at_ms * 1000)
            await connection.execute(_ADD_TIMER, (world.tenant, at, held.id, kind), binary=True)


def _verdicts(world: World, id_: uuid.UUID, decided: Change, now_ms: int) -> list[dict[str, Any]]:
    """Give the rows of promises whose verdict these facts changed."""
    judged: dict[str, int] = {}
    for s in decided.said:
        if isinstance(s.data, _VERDICTS):
            judged[s.data.code] = s.occurred_ms or now_ms
    if not judged:
        return []
    order = decided.order
    carriers = [f.carrier for f in order.fulfilments if f.state != "cancelled" and f.carrier]
    place = {
        "tenant": world.tenant,
        "id": id_,
        "wh": world.warehouse_no.get(model.first_warehouse(order), -1),
        "channel": order.channel,
        "region": order.region,
        "carrier": carriers[0] if carriers else "",
    }
    return [
        {
            **place,
            "code": p.code,
            "state": p.state.value,
            "due": write.instant(p.due_ms * 1000) if p.due_ms else None,
            "at": write.instant(judged[p.code] * 1000),
            "gap_ms": p.gap_ms,
        }
        for p in decided.promises
        if p.code in judged
    ]


def read_time(text: str, pointer: str) -> int:
    """Read an RFC 3339 instant of a request. Raises InputError."""
    try:
        return epoch_ms(text) if text else 0
    except ValueError as e:
        raise InputError("time", f"not an RFC 3339 instant: {text!r}", pointer) from e
