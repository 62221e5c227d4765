"""Acts on an order that exists: one transaction reads the row, decides, and writes what follows."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract import decide as contract
from danshu.capabilities.contract import facts as contract_facts
from danshu.capabilities.contract import terms
from danshu.capabilities.contract.model import Event, Promise
from danshu.capabilities.orders import decide as orders
from danshu.capabilities.orders import facts, model
from danshu.capabilities.orders import tables as order_tables
from danshu.capabilities.stock import tables as stock_tables
from danshu.hub import answers, floor_rows, routing
from danshu.hub.rows import TIMER_PROMISE
from danshu.hub.world import World
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Actor, Said, epoch_ms, pack
from danshu.ledger import write

if TYPE_CHECKING:
    from danshu.hub.requests import Answer

Connection = psycopg.AsyncConnection[Any]
NO_ORDER = Refusal(
    code="no_order", reason="没有这张订单", reason_en="There is no such order", clause="orders.id"
)
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
_WRITE_VERDICT = """
insert into verdicts(tenant,id,code,state,due,at,gap_ms) values(%b,%b,%b,%b,%b,%b,%b)
on conflict (tenant,id,code) do update set state=excluded.state, at=excluded.at,
gap_ms=excluded.gap_ms
"""
_ADD_TIMER = "insert into timers(tenant,due,id,kind) values(%b,%b,%b,%b) on conflict do nothing"


class Held(Struct, kw_only=True, eq=False):
    """An order whose row is locked by this transaction."""

    id: uuid.UUID
    order: model.Order
    promises: tuple[Promise, ...]
    seq: int
    head: bytes
    wh: int
    due_ms: int


class Change(Struct, kw_only=True, eq=False):
    """What an act decided: the new state, what to say, what the promises hear, what to reserve."""

    order: model.Order
    said: list[Said]
    promises: tuple[Promise, ...]
    reserved: list[tuple[int, int, int]] = []  # (warehouse, SKU, units)


Decide = Callable[[World, Held, int], Change | Refusal]


async def change(
    connection: Connection, world: World, id_: uuid.UUID, actor: Actor, now_ms: int, decide: Decide
) -> Answer | Refusal:
    """Lock the order, decide, write everything that follows in one commit, and describe the
    outcome.

    Raises GuardFailed when stock was taken meanwhile (nothing was written; the caller reads stock
    again).
    """
    try:
        async with connection.transaction():
            held = await hold(connection, world, id_)
            if held is None:
                return NO_ORDER
            decided = decide(world, held, now_ms)
            if isinstance(decided, Refusal):
                return decided
            if decided.said:
                await _write(connection, world, held, decided, actor, now_ms)
    except psycopg.errors.DivisionByZero as e:
        raise write.GuardFailed("stock was taken meanwhile") from e
    except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected) as e:
        raise write.GuardFailed(str(e)) from e
    return answers.answer(id_, decided.order, decided.promises, now_ms=now_ms, existing=True)


async def hold(connection: Connection, world: World, id_: uuid.UUID) -> Held | None:
    """Lock and read an order's row; None when the tenant has no such order."""
    cursor = await connection.execute(order_tables.LOCK, (world.tenant, id_), binary=True)
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
        if told.event == "allocate":
            return allocate(world, held, now_ms)
        if told.event == "align":
            if told.region and told.region not in world.regions:
                raise InputError("unknown_region", f"no region {told.region!r}", "/region")
            done = orders.align(held.order, told.region or held.order.region, world.skus)
        else:
            done = orders.act(held.order, told, now_ms)
        if isinstance(done, Refusal):
            return done
        events = [
            Event(name=name, occurred_ms=at_ms, recorded_ms=now_ms, source=told.by)
            for name, at_ms in done.heard
        ]
        promises, said = contract.hear(held.promises, events, now_ms)
        return Change(order=done.order, said=[*done.said, *said], promises=promises)

    return decide


def tick(world: World, held: Held, now_ms: int) -> Change | Refusal:
    """Let time pass over the order's promises."""
    promises, said = contract.tick(held.promises, now_ms)
    return Change(order=held.order, said=said, promises=promises)


def allocate(world: World, held: Held, now_ms: int) -> Change | Refusal:
    """Route what no warehouse has yet, after stock came in or a hold's cause was mended."""
    order = held.order
    if order.kind != "order" or order.cancelled or order.completed:
        return orders.ENDED
    if not any(orders.open_units(n) for n in order.lines):
        return orders.ALLOCATED
    missing = [n.sku for n in order.lines if n.sku not in world.skus]
    region = world.regions.get(order.region, -1)
    if missing or region < 0:
        return Refusal(
            code="not_aligned",
            reason=f"主数据里还没有: {'、'.join(missing) or '收货区域'}",
            reason_en="Master data does not hold the SKU or the region",
            clause="intake.alignment",
        )
    ask = routing.Ask(
        region=region,
        channel=order.channel,
        promise_ms=contract.delivery_due_ms(held.promises),
        value=order.total,
        lines=[
            (n.no, world.skus[n.sku][0], orders.open_units(n), world.skus[n.sku][1])
            for n in order.lines
            if orders.open_units(n)
        ],
    )
    (routed,) = routing.route(world, [ask], now_ms)
    done = orders.allocate(
        order, [(no, world.warehouses[w].code, q) for no, w, _, q in routed.plan]
    )
    if isinstance(done, Refusal):
        return done
    return Change(
        order=done.order,
        said=[routed.said, *done.said],
        promises=held.promises,
        reserved=_sum((w, sku, q) for _, w, sku, q in routed.plan),
    )


def _sum(parts: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Add up units by (warehouse, SKU): two lines may take from one row."""
    units: dict[tuple[int, int], int] = {}
    for wh, sku, q in parts:
        units[wh, sku] = units.get((wh, sku), 0) + q
    return [(wh, sku, q) for (wh, sku), q in sorted(units.items())]


async def _write(
    connection: Connection, world: World, held: Held, decided: Change, actor: Actor, now_ms: int
) -> None:
    await _move_stock(connection, world, held.order, decided)
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
        await connection.execute(
            write.INSERT_FACTS,
            (
                write.int4s([world.tenant]),
                write.uuids([held.id]),
                write.int4s([packed.first]),
                write.int4s([packed.count]),
                write.byteas([packed.body]),
            ),
            binary=True,
        )
        if due_ms and due_ms != held.due_ms:
            await connection.execute(
                _ADD_TIMER,
                (world.tenant, write.instant(due_ms * 1000), held.id, TIMER_PROMISE),
                binary=True,
            )
        for row in _verdicts(world.tenant, held.id, decided.said, decided.promises, now_ms):
            await connection.execute(_WRITE_VERDICT, row, binary=True)
        for sql, values in floor_rows.changes(
            world.tenant,
            held.id,
            floor_rows.project(world, held.id, held.order, held.promises),
            floor_rows.project(world, held.id, decided.order, decided.promises),
        ):
            await connection.execute(sql, values, binary=True)


def _verdicts(
    tenant: int, id_: uuid.UUID, said: Sequence[Said], promises: Sequence[Promise], now_ms: int
) -> list[tuple[Any, ...]]:
    """Give the rows of promises whose verdict these facts changed."""
    judged: dict[str, int] = {}
    for s in said:
        if isinstance(s.data, _VERDICTS):
            judged[s.data.code] = s.occurred_ms or now_ms
    return [
        (
            tenant,
            id_,
            p.code,
            p.state.value,
            write.instant(p.due_ms * 1000) if p.due_ms else None,
            write.instant(judged[p.code] * 1000),
            p.gap_ms,
        )
        for p in promises
        if p.code in judged
    ]


async def _move_stock(
    connection: Connection, world: World, before: model.Order, decided: Change
) -> None:
    """Reserve what was planned, free what was cancelled, take out what was shipped."""
    if decided.reserved:
        rows = decided.reserved
        n = len(rows)
        cursor = await connection.execute(
            stock_tables.RESERVE,
            (
                write.int4s([world.tenant] * n),
                write.int4s([r[0] for r in rows]),
                write.int4s([r[1] for r in rows]),
                write.int8s([r[2] for r in rows]),
                n,
            ),
            binary=True,
        )
        for _, _, wh, sku, atp in await cursor.fetchall():
            world.atp[sku, wh] = atp
        capped = [r for r in rows if r[0] in world.quotas.get((r[1], before.channel), {})]
        if capped:
            parameters = (*_quota_columns(world.tenant, before.channel, capped), len(capped))
            await connection.execute(stock_tables.USE_QUOTA, parameters, binary=True)
    moves: dict[tuple[int, int], tuple[int, int]] = {}
    freed: list[tuple[int, int, int]] = []
    for s in decided.said:
        for wh, sku, on_hand, reserved in moved(world, s.data):
            a, b = moves.get((wh, sku), (0, 0))
            moves[wh, sku] = (a + on_hand, b + reserved)
            if not on_hand:
                freed.append((wh, sku, -reserved))
    if moves:
        keys = sorted(moves)
        cursor = await connection.execute(
            stock_tables.MOVE,
            (
                write.int4s([world.tenant] * len(keys)),
                write.int4s([k[0] for k in keys]),
                write.int4s([k[1] for k in keys]),
                write.int8s([moves[k][0] for k in keys]),
                write.int8s([moves[k][1] for k in keys]),
            ),
            binary=True,
        )
        for _, wh, sku, atp in await cursor.fetchall():
            world.atp[sku, wh] = max(0, atp)
    freed = [f for f in _sum(freed) if f[0] in world.quotas.get((f[1], before.channel), {})]
    if freed:
        columns = _quota_columns(world.tenant, before.channel, freed)
        await connection.execute(stock_tables.GIVE_BACK_QUOTA, columns, binary=True)


def _quota_columns(
    tenant: int, channel: str, units: Sequence[tuple[int, int, int]]
) -> tuple[write.Array, ...]:
    n = len(units)
    return (
        write.int4s([tenant] * n),
        write.int4s([u[0] for u in units]),
        write.int4s([u[1] for u in units]),
        write.texts([channel] * n),
        write.int8s([u[2] for u in units]),
    )


def moved(world: World, data: Struct) -> list[tuple[int, int, int, int]]:
    """Give what a fact does to stock: (warehouse, SKU, on hand, reserved) differences."""
    if isinstance(data, facts.OrderShipped):
        parts, on_hand = [(data.warehouse, data.shares)], -1
    elif isinstance(data, facts.OrderCancelled):
        parts, on_hand = [(p.warehouse, p.shares) for p in data.freed], 0
    else:
        return []
    return [
        (world.warehouse_no[w], world.skus[s.sku][0], on_hand * s.quantity, -s.quantity)
        for w, shares in parts
        for s in shares
    ]


def read_time(text: str, pointer: str) -> int:
    """Read an RFC 3339 instant of a request. Raises InputError."""
    try:
        return epoch_ms(text) if text else 0
    except ValueError as e:
        raise InputError("time", f"not an RFC 3339 instant: {text!r}", pointer) from e
